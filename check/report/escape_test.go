package report

import (
	"encoding/json"
	"encoding/xml"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// hostile are strings that a repository could hold in any name, path or value.
var hostile = []string{
	"::error file=x.go,line=1::pwned",
	" ::add-mask::secret",
	"a\n::error::pwned",
	"a\r\n  ::stop-commands::x",
	"a ::warning::b ::error::c",
	":",
	"##[error]pwned",
	"a ##[add-path]/tmp",
	"%0A::error::pwned",
	"a,b:c,title=x::y",
	"</script><script>alert(1)</script>",
	`"><img src=x onerror=alert(1)>`,
	"' onmouseover='alert(1)",
	"javascript:alert(1)",
	"<!--",
	"]]><x/>",
	"&lt;&#60;&amp",
	"{{.CSP}}${{ secrets.TOKEN }}",
	"\x1b[31mred\x1b[0m\x1b]8;;http://evil\x07link\x1b]8;;\x07",
	"\u009b31m\u0085",
	"\x9b31m\xff\xfe",
	"a\x00b\x7f\b\b",
	"\u202egnp.exe\u2066\u200f\u200b\ufeff\u00ad",
	"\u2028\u2029\ufffe\U000e0041",
	"`a` **b** _c_ ~d~ # e",
	"[click](http://evil.example) ![x](http://evil.example/x.png)",
	"| a | b |\n|---|---|",
	"- a\n\n# b\n\n```",
	"@org/team #12 GH-1 www.evil.example https://evil.example a@b.example WWW.x",
	"</code></td></details><h1>",
	`\`, `\](`, "$x$", "{0}", "..", "/etc/passwd", "a:b://c", "日本語 é",
	strings.Repeat("long ", 1000),
}

// hostileRun puts a string wherever something of a repository can stand.
func hostileRun(s string) *check.Run {
	o := &render.Object{APIVersion: s, Kind: s, Namespace: s, Name: s, File: s}
	f := check.Finding{Rule: ruleNonRoot, Severity: check.SeverityError, Source: s + "s", Policy: policy, Object: o,
		Container: s, Path: render.Keys(s), Value: s, Message: s, Advice: s, Safety: check.FixReview,
		Want:   []check.Want{check.Set{Path: render.Keys(s), Value: s}},
		Origin: render.Origin{File: s, Line: 3, Column: 4}}
	warn := f
	warn.Rule, warn.Severity = ruleMemory, check.SeverityWarning
	exempt := f
	exempt.Exempt = &check.Exemption{Reason: s, By: s}
	return &check.Run{
		Sources: []check.SourceReport{
			{Source: render.Source{ID: s + "s", Path: s, Kind: render.KindHelm, Variant: s, Application: s}, Policy: policy},
			{Source: render.Source{ID: s + "t", Path: s, Kind: render.KindPlain}, Policy: policy,
				Err: &render.Error{Source: s, File: s, Line: 2, Msg: s, Hint: s}},
		},
		Skipped:  []render.Skipped{{Path: s, Reason: s}},
		Failed:   []*render.Error{{File: s + "u", Msg: s, Hint: s}},
		Findings: []check.Finding{f, warn, exempt},
		Notices:  []check.Notice{{Kind: check.NoticeExpired, File: s, Line: 3, Text: s}, {Kind: check.NoticeUnused, Text: s}},
	}
}

// inert fails on what a terminal or GitHub's runner would obey in any output.
func inert(t *testing.T, format string, out []byte) {
	t.Helper()
	for _, r := range string(out) {
		if r != '\n' && r != ' ' && (!unicode.IsPrint(r) || r == unicode.ReplacementChar && format != "json" && format != "sarif") {
			t.Fatalf("%s: %U in the output: %q", format, r, out)
		}
	}
	if strings.Contains(string(out), "##[") {
		t.Fatalf("%s: a runner's command in %q", format, out)
	}
	for _, line := range strings.Split(string(out), "\n") {
		if format != "github" && strings.HasPrefix(strings.TrimSpace(line), "::") {
			t.Fatalf("%s: a workflow command: %q", format, line)
		}
	}
}

// harmless writes a run full of s in each format and reads it back: s must have changed nothing but text.
func harmless(t *testing.T, s string) {
	run, benign := hostileRun(s), hostileRun("x")
	o := Options{Verbose: true, Version: "1"}
	for _, format := range Formats {
		out, plain := write(t, format, run, o), write(t, format, benign, o)
		inert(t, format, out)
		switch format {
		case "json":
			sameJSON(t, out, s)
		case "sarif":
			sameSARIF(t, out, s)
		case "junit":
			sameJUnit(t, out, s)
		case "github":
			sameCommands(t, out, plain, s)
		case "markdown":
			if diff := cmp.Diff(skeleton(plain), skeleton(out)); diff != "" {
				t.Fatalf("markdown: %q is markup (-want +got):\n%s\n%s", s, diff, out)
			}
		case "html":
			if diff := cmp.Diff(elements(t, plain), elements(t, out)); diff != "" {
				t.Fatalf("html: %q is markup (-want +got):\n%s", s, diff)
			}
		}
	}
}

func TestHostile(t *testing.T) {
	for _, s := range hostile {
		harmless(t, s)
	}
}

func FuzzEscape(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if s == "" || len(s) > 1<<14 {
			return
		}
		harmless(t, s)
	})
}

// valid is a string as encoding/json keeps it.
func valid(s string) string { return string([]rune(s)) }

func sameJSON(t *testing.T, out []byte, s string) {
	t.Helper()
	var r struct {
		Skipped  []render.Skipped
		Findings []jsonFinding
	}
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	f := r.Findings[0]
	for _, got := range []string{f.Message, f.Object.Name, f.Origin.File, f.Container, r.Skipped[0].Path} {
		if got != valid(s) {
			t.Fatalf("json: %q became %q", s, got)
		}
	}
}

func sameSARIF(t *testing.T, out []byte, s string) {
	t.Helper()
	var log sarifLog
	if err := json.Unmarshal(out, &log); err != nil {
		t.Fatal(err)
	}
	uri := log.Runs[0].Results[0].Locations[0].Physical.Artifact.URI
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "" || u.Path != s && u.Path != "/"+s {
		t.Fatalf("sarif: %q became the URI %q", s, uri)
	}
	if got := log.Runs[0].Results[0].Message.Text; strings.Contains(got, "](") && !strings.Contains(got, `\](`) {
		t.Fatalf("sarif: a link in %q", got)
	}
}

func sameJUnit(t *testing.T, out []byte, s string) {
	t.Helper()
	var all junitSuites
	if err := xml.Unmarshal(out, &all); err != nil {
		t.Fatal(err)
	}
	c := all.Suites[0].Cases[1]
	if c.Failure == nil || c.Failure.Message != Printable(s) || all.Tests != 6 {
		t.Fatalf("junit: %q became %+v of %d", s, c, all.Tests)
	}
}

var commandLine = regexp.MustCompile(`^::(error|warning|notice) (?:file=[^:,]*,(?:line=\d+,)?(?:col=\d+,)?)?title=([^:,]*)::(.*)$`)

// sameCommands reads workflow commands as the runner does.
func sameCommands(t *testing.T, out, plain []byte, s string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if n := strings.Count(string(plain), "\n"); len(lines) != n {
		t.Fatalf("github: %q makes %d commands of %d:\n%s", s, len(lines), n, out)
	}
	for _, l := range lines {
		if !commandLine.MatchString(l) {
			t.Fatalf("github: %q is no single command", l)
		}
	}
	unescape := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%")
	data := unescape.Replace(commandLine.FindStringSubmatch(lines[2])[3])
	if got, _, _ := strings.Cut(data, "\n"); got != Printable(s) {
		t.Fatalf("github: %q became %q", s, got)
	}
}

var (
	references = regexp.MustCompile(`&#\d+;`)
	wordChars  = regexp.MustCompile(`[\p{L}\p{M}\p{N}\p{P}\p{S} ]`)
)

// skeleton is what is left of markdown when character references and characters without a meaning are taken out.
func skeleton(md []byte) []string {
	s := references.ReplaceAllString(string(md), "")
	s = regexp.MustCompile(`(?i)(www\.|://|\S@\S)`).ReplaceAllString(s, "LINK\x00")
	s = wordChars.ReplaceAllStringFunc(s, func(c string) string {
		if strings.Contains("`*_~#<>[]!|\\&{}@:$^", c) {
			return c
		}
		return ""
	})
	return strings.Split(s, "\n")
}

// elements lists the tags of a page with the names of their attributes.
func elements(t *testing.T, page []byte) []string {
	t.Helper()
	var out []string
	z := html.NewTokenizer(strings.NewReader(string(page)))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return out
		case html.TextToken:
		default:
			token := z.Token()
			tag := token.Type.String() + " " + token.Data
			for _, a := range token.Attr {
				tag += " " + a.Key
			}
			out = append(out, tag)
		}
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"":                                     "",
		`container "web" must set a.b=["ALL"]`: `container "web" must set a.b=["ALL"]`,
		"日本語 é ✓":                              "日本語 é ✓",
		"a\nb\tc\r":                            `a\nb\tc\x0d`,
		"\x1b[31m":                             `\x1b[31m`,
		"\u202ex\u200b":                        `\u202ex\u200b`,
		"\xff":                                 `\xff`,
		"\U000e0041":                           `\U000e0041`,
		"::error::x":                           `\x3a:error::x`,
		"a ::error::x":                         `a \x3a:error::x`,
		"##[error]":                            `#\x23[error]`,
		"std::string and a: b":                 "std::string and a: b",
		strings.Repeat("x", maxRunes+5):        strings.Repeat("x", maxRunes) + "… (5 more bytes)",
	} {
		if got := Printable(in); got != want {
			t.Errorf("Printable(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestHTMLPolicyAllowsOnlyOurs(t *testing.T) {
	page := string(write(t, "html", sampleRun(), Options{}))
	for tag, content := range map[string]string{"style": pageCSS, "script": pageJS} {
		_, after, _ := strings.Cut(page, "<"+tag+">")
		got, _, _ := strings.Cut(after, "</"+tag+">")
		if got != content {
			t.Errorf("the %s is not what its hash was made of", tag)
		}
		if !strings.Contains(html.UnescapeString(page), tag+"-src '"+hashOf(content)+"'") {
			t.Errorf("the policy does not allow the %s", tag)
		}
	}
	for _, e := range elements(t, []byte(page)) {
		for _, a := range strings.Fields(e)[2:] {
			if slices.Contains([]string{"src", "href", "style", "action"}, a) || strings.HasPrefix(a, "on") {
				t.Errorf("%s has %s", e, a)
			}
		}
	}
}
