//go:build fixrate

package fix

import (
	"context"
	"fmt"
	"os"
	"path"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// TestFixrateHelm fixes the charts below each directory of SYNCGATE_CORPUS (separated by ":"), in memory, and prints
// how many findings went and how.
func TestFixrateHelm(t *testing.T) {
	dirs := os.Getenv("SYNCGATE_CORPUS")
	if dirs == "" {
		t.Fatal("say where charts are: SYNCGATE_CORPUS=DIR[:DIR...]")
	}
	total := &rate{}
	for _, dir := range strings.Split(dirs, ":") {
		r := fixrate(t, dir)
		total.add(r)
		t.Logf("%s\n%s", dir, r)
	}
	t.Logf("total\n%s", total)
}

// rate counts the findings of charts that a fix was possible for.
type rate struct {
	rules         map[string]*ruleRate
	reasons       map[string]int
	left          []string
	first, second time.Duration
	check         time.Duration
	again         int // files that a second run would change
	fresh         int // findings that were not there before
	toggled       int // renders with other values
	unwanted      []string
}

type ruleRate struct{ before, values, templates, left, manual int }

func (r *rate) rule(id string) *ruleRate {
	if r.rules == nil {
		r.rules, r.reasons = map[string]*ruleRate{}, map[string]int{}
	}
	if r.rules[id] == nil {
		r.rules[id] = &ruleRate{}
	}
	return r.rules[id]
}

func (r *rate) add(o *rate) {
	for id, x := range o.rules {
		y := r.rule(id)
		y.before, y.values, y.templates = y.before+x.before, y.values+x.values, y.templates+x.templates
		y.left, y.manual = y.left+x.left, y.manual+x.manual
	}
	r.first, r.second, r.check = r.first+o.first, r.second+o.second, r.check+o.check
	r.toggled, r.unwanted = r.toggled+o.toggled, append(r.unwanted, o.unwanted...)
	r.again, r.fresh = r.again+o.again, r.fresh+o.fresh
}

func (r *rate) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-34s %7s %7s %9s %6s %7s %6s\n", "rule", "fixable", "values", "templates", "left", "manual", "gone")
	var all ruleRate
	line := func(id string, x *ruleRate) {
		gone := 100.0
		if x.before > 0 {
			gone = 100 * float64(x.values+x.templates) / float64(x.before)
		}
		fmt.Fprintf(&b, "%-34s %7d %7d %9d %6d %7d %5.1f%%\n", id, x.before, x.values, x.templates, x.left, x.manual, gone)
	}
	for _, id := range sortedNames(r.rules) {
		x := r.rules[id]
		line(id, x)
		all.before, all.values, all.templates = all.before+x.before, all.values+x.values, all.templates+x.templates
		all.left, all.manual = all.left+x.left, all.manual+x.manual
	}
	line("all", &all)
	fmt.Fprintf(&b, "check %v, fix %v, second fix %v with %d files to change; %d new findings\n", r.check.Round(time.Millisecond),
		r.first.Round(time.Millisecond), r.second.Round(time.Millisecond), r.again, r.fresh)
	fmt.Fprintf(&b, "%d renders with other values, %d unwanted differences\n", r.toggled, len(r.unwanted))
	for _, u := range r.unwanted[:min(len(r.unwanted), 40)] {
		fmt.Fprintf(&b, "  unwanted: %.300s\n", u)
	}
	why := map[string][]string{}
	for _, l := range r.left {
		where, reason, _ := strings.Cut(l, ": ")
		why[reason] = append(why[reason], where)
	}
	for _, reason := range sortedNames(why) {
		fmt.Fprintf(&b, "  %4d left: %s\n", len(why[reason]), reason)
		sort.Strings(why[reason])
		for _, w := range why[reason][:min(len(why[reason]), 4)] {
			b.WriteString("             " + w + "\n")
		}
	}
	return b.String()
}

func fixrate(t *testing.T, dir string) *rate {
	t.Helper()
	ctx := context.Background()
	tree, err := render.OpenTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	policy, err := check.NewPolicy("restricted", "latest", render.DefaultKubeVersion)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Check: check.Options{Policy: policy}}
	r := &rate{}
	start := time.Now()
	if _, err := check.Check(ctx, tree, o.Check); err != nil {
		t.Fatal(err)
	}
	r.check = time.Since(start)
	start = time.Now()
	v, err := Fix(ctx, tree, o)
	if err != nil {
		t.Fatal(err)
	}
	r.first = time.Since(start)
	r.count(v)
	if os.Getenv("SYNCGATE_DIFF") != "" {
		for _, f := range v.Files() {
			if tree.Exists(path.Join(path.Dir(f.Name), "Chart.yaml")) || strings.Contains(f.Name, "templates/") {
				diff, _ := f.Diff(&check.Values{})
				fmt.Print(diff)
			}
		}
	}
	overlay := map[string][]byte{}
	for _, f := range v.Files() {
		overlay[f.Name] = f.After
	}
	start = time.Now()
	again, err := Fix(ctx, tree.With(overlay), o)
	if err != nil {
		t.Fatal(err)
	}
	r.second = time.Since(start)
	r.again = len(again.Files())
	for _, f := range again.Files() {
		diff, _ := f.Diff(&check.Values{})
		t.Logf("second run: %s", diff)
	}
	r.toggles(t, tree, v)
	known := map[findingKey]bool{}
	for i := range v.before.Findings {
		known[keyOf(&v.before.Findings[i])] = true
	}
	for i := range again.before.Findings {
		if !known[keyOf(&again.before.Findings[i])] {
			r.fresh++
		}
	}
	return r
}

// count sorts the findings of charts by what became of them.
func (r *rate) count(v *Verified) {
	charts := map[string]bool{}
	for _, s := range v.before.Sources {
		charts[s.Source.ID] = s.Source.Kind == render.KindHelm
	}
	for i := range v.before.Findings {
		f := &v.before.Findings[i]
		switch {
		case !charts[f.Source]:
		case f.Safety == check.FixManual:
			r.rule(f.Rule.ID).manual++
		default:
			r.rule(f.Rule.ID).before++
		}
	}
	for _, x := range v.patches {
		for i := range x.Resolves {
			f := &x.Resolves[i]
			switch {
			case !charts[f.Source]:
			case strings.HasPrefix(x.How, "value "):
				r.rule(f.Rule.ID).values++
			default:
				r.rule(f.Rule.ID).templates++
			}
		}
	}
	for _, l := range v.left {
		f := &l.Finding
		if charts[f.Source] && f.Safety != check.FixManual {
			r.rule(f.Rule.ID).left++
			r.left = append(r.left, fmt.Sprintf("%s %s %s %s: %s", f.Source, f.Object.ID(), f.Container, f.Rule.ID, l.Reason))
		}
	}
}
