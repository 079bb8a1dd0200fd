package report

import (
	"strings"
	"testing"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

func TestText(t *testing.T) {
	for name, o := range map[string]Options{
		"text":         {},
		"text-80":      {Width: 80},
		"text-color":   {Color: true},
		"text-verbose": {Verbose: true, Width: 120},
		"text-quiet":   {Quiet: true},
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, write(t, "text", sampleRun(), o)) })
	}
	golden(t, "text-clean", write(t, "text", cleanRun(), Options{}))
	golden(t, "text-empty", write(t, "text", &check.Run{}, Options{}))
}

func TestTextFitsWidth(t *testing.T) {
	for _, w := range []int{80, 100, 120, 200} {
		for _, line := range strings.Split(string(write(t, "text", sampleRun(), Options{Width: w})), "\n") {
			if n := width(line); n > w {
				t.Errorf("%d columns, %d allowed: %s", n, w, line)
			}
		}
	}
}

func TestTextIsCompact(t *testing.T) {
	run := &check.Run{Sources: cleanRun().Sources}
	for i := range 30 {
		o := object("Deployment", "", "web", "app.yaml")
		run.Findings = append(run.Findings,
			missing(ruleMemory, "app.yaml", o, "web", 10+i, "resources.limits.memory", "256Mi"))
	}
	out := string(write(t, "text", run, Options{}))
	if n := strings.Count(out, "must set"); n != compactAfter {
		t.Errorf("%d findings shown, want %d:\n%s", n, compactAfter, out)
	}
	if !strings.Contains(out, "and 22 more of workload/memoryLimit") || !strings.Contains(out, "30 warnings") {
		t.Errorf("what is left out is not counted:\n%s", out)
	}
	out = string(write(t, "text", run, Options{Verbose: true}))
	if n := strings.Count(out, "must set"); n != 30 {
		t.Errorf("%d findings shown with Verbose, want 30", n)
	}
}

func TestExitCode(t *testing.T) {
	warn := &check.Run{Sources: cleanRun().Sources, Findings: sampleRun().Findings[2:3]}
	broken := &check.Run{Sources: cleanRun().Sources, Failed: []*render.Error{{Msg: "x"}}}
	for _, tt := range []struct {
		name string
		run  *check.Run
		o    Options
		want int
	}{
		{"clean", cleanRun(), Options{}, 0},
		{"warnings pass", warn, Options{}, 0},
		{"warnings fail when told", warn, Options{FailOn: check.SeverityWarning}, 1},
		{"never", &check.Run{Sources: cleanRun().Sources, Findings: sampleRun().Findings}, Options{FailOn: FailNever}, 0},
		{"errors", &check.Run{Sources: cleanRun().Sources, Findings: sampleRun().Findings}, Options{}, 1},
		{"failed path", broken, Options{FailOn: FailNever}, 2},
		{"nothing", &check.Run{}, Options{}, 2},
		{"nothing, allowed", &check.Run{}, Options{AllowEmpty: true}, 0},
	} {
		if got := ExitCode(tt.run, tt.o); got != tt.want {
			t.Errorf("%s: exit code %d, want %d", tt.name, got, tt.want)
		}
	}
}
