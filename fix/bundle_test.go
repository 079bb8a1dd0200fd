package fix

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/fix/yamledit"
	"github.com/syncgate/syncgate/render"
)

func sampleVerified() *Verified {
	f := check.Finding{Rule: check.RuleByID("pss/runAsNonRoot"), Severity: check.SeverityError, Source: "a.yaml", Container: "web",
		Path: render.Keys("spec", "securityContext"), Message: "must", Safety: check.FixReview, Advice: "test", Evidence: "seen",
		Object: &render.Object{APIVersion: "v1", Kind: "Pod", Name: "a", JSON: []byte(`{"kept": "canary"}`)}}
	p := &Patch{Place: render.Place{File: "a.yaml"}, Resolves: []check.Finding{f},
		Wants: []check.Want{check.Set{Path: render.Keys("spec", "x"), Value: true}}}
	left := f
	left.Safety = check.FixManual
	return &Verified{patches: []*Patch{p}, left: []Left{{left, "by hand"}}, files: []FileChange{
		{Name: "a.yaml", Before: []byte("a: canary\n"), After: []byte("a: canary\nb: 1\n"), Edits: []yamledit.Edit{{Start: 10, End: 10, New: "b: 1\n"}}},
		{Name: "new.yaml", After: []byte("n: 1\n")},
	}}
}

var sampleBase = Base{Commit: strings.Repeat("a", 40), Scope: []string{"s"}, Reads: []string{"a.yaml"}, Listed: []string{""}}

func same(name string) (string, error) { return name, nil }

func TestBundleRoundTrip(t *testing.T) {
	v := sampleVerified()
	data, digest, err := v.Bundle(sampleBase, same)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "canary") {
		t.Errorf("the bundle holds what the patches leave alone:\n%s", data)
	}
	b, err := ReadBundle(data)
	if err != nil || b.Digest != digest {
		t.Fatalf("digest %s, want %s: %v", b.Digest, digest, err)
	}
	got, err := b.Verified(func(string) ([]byte, error) { return []byte("a: canary\n"), nil })
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Files()) != 2 || string(got.Files()[0].After) != "a: canary\nb: 1\n" || got.Files()[1].Before != nil ||
		string(got.Files()[1].After) != "n: 1\n" {
		t.Errorf("files: %+v", got.Files())
	}
	p, want := got.Patches()[0], v.Patches()[0]
	if p.Title() != want.Title() || p.Safety() != want.Safety() || p.Advice()[0] != "test" || p.Evidence()[0] != "seen" || p.Reaches()[0] != "a.yaml" || len(got.Left()) != 1 {
		t.Errorf("patch: %+v, left: %+v", p, got.Left())
	}
	if _, err := b.Verified(func(string) ([]byte, error) { return []byte("a\n"), nil }); err == nil || !strings.Contains(err.Error(), "do not fit a.yaml") {
		t.Errorf("error: %v", err)
	}
}

func TestBundleRefused(t *testing.T) {
	data, _, err := sampleVerified().Bundle(sampleBase, same)
	if err != nil {
		t.Fatal(err)
	}
	var outer bundle
	if err := json.Unmarshal(data, &outer); err != nil {
		t.Fatal(err)
	}
	// again signs a content, as whoever can write a bundle can.
	again := func(old, new string) string {
		o := outer
		o.Content = []byte(strings.Replace(string(outer.Content), old, new, 1))
		if string(o.Content) == string(outer.Content) && old != "" {
			t.Fatalf("the bundle does not hold %s:\n%s", old, o.Content)
		}
		o.Digest = digestOf(o.Content)
		out, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	if _, err := ReadBundle([]byte(again("", ""))); err != nil {
		t.Fatal(err)
	}
	edited := `"files": [
      {
        "path": "a.yaml"`
	for name, c := range map[string]struct{ data, want string }{
		"no JSON":          {"x", "is no bundle"},
		"another file":     {`{"schema": "syncgate.io/report/v1", "digest": "", "content": {}}`, "its schema is"},
		"more at the end":  {again("", "") + "{}", "follows its end"},
		"changed":          {strings.Replace(string(data), "b: 1", "b: 2", 1), "was changed after it was made"},
		"a new field":      {again(`"base"`, `"extra": 1, "base"`), "unknown field"},
		"no commit":        {again(sampleBase.Commit, "main"), "names no commit"},
		"a way out":        {again(edited, strings.Replace(edited, "a.yaml", "../a.yaml", 1)), "no file of a repository"},
		"absolute":         {again(edited, strings.Replace(edited, "a.yaml", "/a.yaml", 1)), "no file of a repository"},
		"git's own":        {again(edited, strings.Replace(edited, "a.yaml", "x/.GIT/config", 1)), "no file of a repository"},
		"a workflow":       {again(edited, strings.Replace(edited, "a.yaml", ".GitHub/workflows/w.yml", 1)), "never fixed"},
		"twice":            {again(edited, strings.Replace(edited, "a.yaml", "new.yaml", 1)), "twice"},
		"edits of nothing": {again(`"patches": [`, `"patches": [], "left": [], "x": [`), "unknown field"},
		"reads outside":    {again(`"reads": [`, `"reads": ["../x", `), "outside of the repository"},
	} {
		if _, err := ReadBundle([]byte(c.data)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	for name, c := range map[string]struct{ data, want string }{
		"a rule of tomorrow": {again(`"rule": "pss/runAsNonRoot"`, `"rule": "pss/tomorrow"`), "does not know"},
		"a path":             {again(`"path": "spec.securityContext"`, `"path": "a[b"`), "holds the path"},
		"overlapping edits":  {again(`"start": 10`, `"start": 11`), "do not fit"},
	} {
		b, err := ReadBundle([]byte(c.data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := b.Verified(func(string) ([]byte, error) { return []byte("a: canary\n"), nil }); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}
