package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// hostileFiles is a repository whose names and values try to get into the page as markup and script.
var hostileFiles = map[string]string{
	"a<img src=x onerror=hacked=1>/pod.yaml": `apiVersion: v1
kind: Pod
metadata: {name: "x</script><script>hacked=1</script>"}
spec:
  containers: [{name: "\"><svg onload=hacked=1>", image: "{{hacked}}"}]
`,
	"web.yaml": `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web}]
`,
}

// TestPage opens the HTML report in headless Chromium: it loads nothing and runs nothing but its own script, filters
// what it shows, and follows the reader's light or dark scheme.
func TestPage(t *testing.T) {
	b := openBrowser(t)
	b.run(chromedp.Navigate("file://" + writePage(t)))

	all := b.number(`document.querySelectorAll("li.entry[data-rule]").length`)
	shown := `[...document.querySelectorAll("li.entry[data-rule]")].filter(e => e.checkVisibility()).length`
	if all < 8 || b.number(shown) != all {
		t.Fatalf("%v of %v findings are shown", b.number(shown), all)
	}
	for _, c := range []struct{ field, value, selector string }{
		{"severity", "warning", `[data-severity="warning"]`},
		{"severity", "error", `[data-severity="error"]`},
		{"rule", "pss/runAsNonRoot", `[data-rule="pss/runAsNonRoot"]`},
		{"fix", "safe", `[data-fix="safe"]`},
	} {
		b.set(c.field, c.value)
		want := b.number(`document.querySelectorAll('li.entry[data-rule]` + c.selector + `').length`)
		if got := b.number(shown); got != want || got == 0 || got == all {
			t.Errorf("%s=%s shows %v findings of %v, want %v", c.field, c.value, got, all, want)
		}
		b.run(chromedp.Evaluate(`document.getElementById("filters").reset()`, nil))
		b.run(chromedp.Poll(shown+` === `+b.text(`""+document.querySelectorAll("li.entry[data-rule]").length`), nil))
	}
	b.set("q", "deployment web")
	if got := b.number(shown); got == 0 || got == all {
		t.Errorf("a search shows %v of %v findings", got, all)
	}
	b.set("q", "no such thing")
	if got := b.number(shown); got != 0 {
		t.Errorf("a search for nothing shows %v findings", got)
	}
	if got := b.text(`document.getElementById("shown").textContent`); !strings.HasPrefix(got, "Showing 0 of ") {
		t.Errorf("the page says %q", got)
	}

	light, dark := b.scheme("light"), b.scheme("dark")
	if light == dark {
		t.Errorf("the background is %s in light and in dark", light)
	}
	if got := b.text(`typeof hacked + document.querySelectorAll("img, svg, iframe, link").length + document.scripts.length`); got != "undefined01" {
		t.Errorf("something of the repository became part of the page: %s", got)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.said) > 0 {
		t.Errorf("the browser says: %s", strings.Join(b.said, "\n"))
	}
	if len(b.asked) != 1 {
		t.Errorf("the page asked for %q", b.asked)
	}
}

// writePage returns the path of the report on hostileFiles.
func writePage(t *testing.T) string {
	t.Helper()
	repo := t.TempDir()
	for name, text := range hostileFiles {
		file := filepath.Join(repo, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	page := filepath.Join(t.TempDir(), "report.html")
	cmd := exec.Command(commands.syncgate, "check", "--root", repo, "--fail-on", "never", "--report", "html="+page)
	cmd.Dir = repo
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return page
}

// browser is one page of headless Chromium.
type browser struct {
	*testing.T
	ctx context.Context

	mu    sync.Mutex
	said  []string // errors and warnings of the console, exceptions
	asked []string // URLs
}

func openBrowser(t *testing.T) *browser {
	t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(stop)
	b := &browser{T: t, ctx: ctx}
	chromedp.ListenTarget(ctx, b.listen)
	if err := chromedp.Run(ctx, network.Enable(), log.Enable()); err != nil {
		t.Fatalf("starting Chromium (Debian's package chromium has it): %v", err)
	}
	return b
}

func (b *browser) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.asked = append(b.asked, e.Request.URL)
	case *log.EventEntryAdded:
		b.said = append(b.said, e.Entry.Text)
	case *runtime.EventExceptionThrown:
		b.said = append(b.said, e.ExceptionDetails.Error())
	}
}

func (b *browser) run(actions ...chromedp.Action) {
	b.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.Fatal(err)
	}
}

func (b *browser) number(js string) (n float64) {
	b.Helper()
	b.run(chromedp.Evaluate(js, &n))
	return n
}

func (b *browser) text(js string) (s string) {
	b.Helper()
	b.run(chromedp.Evaluate(js, &s))
	return s
}

// set fills in a field of the filters as a reader would.
func (b *browser) set(field, value string) {
	b.Helper()
	b.run(chromedp.Evaluate(`(() => { const f = document.getElementById("filters")[`+"`"+field+"`"+`];
		f.value = `+"`"+value+"`"+`; f.dispatchEvent(new Event("input", {bubbles: true})); })()`, nil))
}

// scheme is the page's background for a reader who prefers a colour scheme.
func (b *browser) scheme(name string) string {
	b.Helper()
	b.run(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}))
	return b.text(`getComputedStyle(document.body).backgroundColor`)
}
