package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"sort"
	"strings"
	"testing"
)

// roots are the repositories that are fixed: the demo, and each folder of SYNCGATE_CORPUS when that is set.
func roots(t *testing.T) []string {
	t.Helper()
	demo, err := filepath.Abs("../testdata/demo")
	if err != nil {
		t.Fatal(err)
	}
	out := []string{demo}
	corpus := os.Getenv("SYNCGATE_CORPUS")
	if corpus == "" {
		return out
	}
	list, err := os.ReadDir(corpus)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		if d.IsDir() {
			out = append(out, filepath.Join(corpus, d.Name()))
		}
	}
	return out
}

// TestFixChangesOnlyWhatWasWanted renders every kustomization with the real command before and after `syncgate fix`.
func TestFixChangesOnlyWhatWasWanted(t *testing.T) {
	for _, root := range roots(t) {
		t.Run(filepath.Base(root), func(t *testing.T) { fixOne(t, root) })
	}
}

func fixOne(t *testing.T, root string) {
	work := filepath.Join(t.TempDir(), "repo")
	copyWritable(t, root, work)
	run(t, work, "git", "init", "-q", ".")
	run(t, work, "git", "add", "-A")
	run(t, work, "git", "-c", "user.name=e2e", "-c", "user.email=e2e@example.com", "commit", "-qm", "before")
	dirs := entries(t, work, "kustomization.yaml", "kustomization.yml", "Kustomization")
	before := map[string][]object{}
	for _, d := range dirs {
		if objects, ok := render(commands.kustomize, "build", filepath.Join(work, d)); ok {
			before[d] = objects
		}
	}

	code, out := run(t, work, commands.syncgate, "fix", ".")
	if code > 2 {
		t.Fatalf("fix ended with %d:\n%s", code, out)
	}
	changed := 0
	for d, old := range before {
		now, ok := render(commands.kustomize, "build", filepath.Join(work, d))
		if !ok {
			t.Errorf("%s does not build any more", d)
			continue
		}
		changed += compare(t, d, old, now)
	}
	t.Logf("%d kustomizations, %d wanted changes", len(before), changed)
	if len(before) > 0 && filepath.Base(root) == "demo" && changed == 0 {
		t.Error("fix changed nothing in the demo")
	}
	removedLines(t, work)
	if _, diff := run(t, work, commands.syncgate, "fix", "-q", "--diff", "."); strings.Contains(diff, "\n+++ ") {
		t.Errorf("a second fix finds more to do:\n%s", diff)
	}
}

// wanted are the fields that a fix may change.
var wanted = regexp.MustCompile(`\.(securityContext\.(runAsNonRoot|readOnlyRootFilesystem|allowPrivilegeEscalation|` +
	`seccompProfile(\.type)?|capabilities(\.drop.*)?)|securityContext|resources(\.(limits|requests)(\.(cpu|memory))?)?|volumes.*|volumeMounts.*|` +
	`automountServiceAccountToken|labels|labels\.pod-security\.kubernetes\.io/enforce)$`)

func compare(t *testing.T, dir string, old, now []object) int {
	t.Helper()
	if len(old) != len(now) {
		t.Errorf("%s renders %d objects instead of %d", dir, len(now), len(old))
		return 0
	}
	n := 0
	for i := range old {
		var paths []string
		differences("", map[string]any(old[i]), map[string]any(now[i]), &paths)
		for _, p := range paths {
			n++
			if !wanted.MatchString(p) {
				t.Errorf("%s: %s changed at %s", dir, old[i].id(), p)
			}
		}
	}
	return n
}

// differences collects the paths at which two values differ, down to where one of them ends.
func differences(at string, a, b any, out *[]string) {
	if reflect.DeepEqual(a, b) {
		return
	}
	am, aok := a.(map[string]any)
	bm, bok := b.(map[string]any)
	al, alist := a.([]any)
	bl, blist := b.([]any)
	switch {
	case aok && bok:
		keys := map[string]bool{}
		for k := range am {
			keys[k] = true
		}
		for k := range bm {
			keys[k] = true
		}
		sorted := make([]string, 0, len(keys))
		for k := range keys {
			sorted = append(sorted, k)
		}
		sort.Strings(sorted)
		for _, k := range sorted {
			differences(at+"."+k, am[k], bm[k], out)
		}
	case alist && blist && len(al) == len(bl):
		for i := range al {
			differences(fmt.Sprintf("%s[%d]", at, i), al[i], bl[i], out)
		}
	default:
		*out = append(*out, at)
	}
}

var changedValue = regexp.MustCompile(`: *(true|false|\{\}|\[.*\]|\{.*\}|null|~)?\s*(#.*)?$`)

// removedLines fails for removed lines of the diff that hold no value that a fix can change.
func removedLines(t *testing.T, work string) {
	t.Helper()
	_, diff := run(t, work, "git", "diff", "-U0")
	lines := strings.Split(diff, "\n")
	for i, line := range lines {
		// The last item of a list at the end of a file without a final newline gets one when another item follows.
		if i+1 < len(lines) && strings.HasPrefix(lines[i+1], "\\ No newline") {
			continue
		}
		if strings.HasPrefix(line, "-") && !strings.HasPrefix(line, "---") && !changedValue.MatchString(line) {
			t.Errorf("the diff removes a line whose value did not change: %q", line)
		}
	}
}
