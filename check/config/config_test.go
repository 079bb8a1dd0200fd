package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
	corev1 "k8s.io/api/core/v1"

	"github.com/syncgate/syncgate/check"
)

func TestParse(t *testing.T) {
	c, err := Parse("c.yaml", []byte(`# all of it
level: auto
levelVersion: v1.30
floor: baseline
kubeVersion: 1.31
failOn: never
select: [pss, workload/cpuLimit]
ignore: ["pss/*"]
severity: {workload: error, pss/runAsUser: warning}
policies:
- name: a
  match: {paths: [apps], namespaces: ["a*"], applications: [b], projects: [c], clusters: [d]}
  level: privileged
  levelVersion: latest
  severity: {pss: warning}
  ignore: [workload]
exemptions:
- rules: [pss]
  match: {objects: [a], kinds: [b], namespaces: [c], containers: [d], images: [e], paths: [f]}
  reason: "because"
  expires: 2026-03-31
- {rules: [workload], match: {kinds: [Job]}, reason: 7 of them, expires: "2026-03-31"}
allowAnnotations: [workload]
fix:
  limits: {cpu: none, memory: 1Gi, as: limitRange}
  netBindService: lowPorts
  requests: {cpu: 1, memory: 64Mi}
  helm: {templates: literal}
sources:
- {path: ./charts/web/, name: prod, values: [a.yaml], set: [a=b], setString: [c=1], releaseName: r, namespace: n,
   cluster: x, project: y, kubeVersion: "1.30", apiVersions: [a/v1]}
`))
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	h := c.Sources[0].Source.Helm
	for what, ok := range map[string]bool{
		"scalars":    c.Level == "auto" && c.LevelVersion == "v1.30" && c.Floor == "baseline" && c.KubeVersion == "1.31" && c.FailOn == "never",
		"rules":      len(c.Select) == 2 && len(c.Ignore) == 1 && len(c.AllowAnnotations) == 1,
		"severity":   c.Severity["workload"] == check.SeverityError && c.Severity["pss/runAsUser"] == check.SeverityWarning,
		"policy":     c.Policies[0].Name == "a" && c.Policies[0].Level == "privileged" && c.Policies[0].Version == "latest" && c.Policies[0].By == "c.yaml:11",
		"exemptions": len(c.Exemptions) == 2 && c.Exemptions[0].Expires.Equal(day) && c.Exemptions[1].Expires.Equal(day) && c.Exemptions[0].Line == 18,
		"reason":     c.Exemptions[1].Reason == "7 of them",
		"limits":     c.Fix.Limits[corev1.ResourceCPU].None && c.Fix.Limits[corev1.ResourceMemory].Amount == "1Gi" && c.Fix.LimitRange,
		"netbind":    c.Fix.NetBindService,
		"templates":  c.Fix.LiteralTemplates,
		"requests":   c.Fix.Requests[corev1.ResourceCPU] == "1" && c.Fix.Requests[corev1.ResourceMemory] == "64Mi",
		"source":     c.Sources[0].Source.Path == "charts/web" && c.Sources[0].Source.Variant == "prod" && c.Sources[0].Source.Namespace == "n",
		"helm":       h.Namespace == "n" && h.ReleaseName == "r" && h.KubeVersion == "1.30" && h.Values[0].File == "a.yaml" && len(h.Set)+len(h.SetString)+len(h.APIVersions) == 3,
	} {
		if !ok {
			t.Errorf("%s: %+v", what, c)
		}
	}
}

func TestParseEdges(t *testing.T) {
	for name, test := range map[string]struct{ text, err string }{
		"empty":            {"", ""},
		"comments":         {"# nothing\n\n", ""},
		"markers":          {"---\nlevel: baseline\n...\n", ""},
		"null":             {"---\n", ""},
		"bom and crlf":     {"\ufefflevel: baseline\r\nignore:\r\n- pss\r\n", ""},
		"too large":        {strings.Repeat("#", MaxSize+1), "c.yaml: has 1024 KB, more than the 1024 KB that are read"},
		"scalar":           {"level", "c.yaml:1: the config must be a mapping, but is a string"},
		"null value":       {"level:\n", "c.yaml:1: level must be a string, but is empty"},
		"key is a list":    {"[a]: b\n", "c.yaml:1: a key of the config must be a string, but is a list"},
		"merge key":        {"<<: {level: baseline}\n", `c.yaml:1: unknown key "<<" in the config; known are`},
		"quote it":         {"select: [true]\n", "c.yaml:1: select[0] must be a string, but is a boolean; quote it"},
		"date":             {"exemptions: [{rules: [pss], match: {kinds: [a]}, reason: b, expires: soon}]\n", `expires "soon": expected a date such as`},
		"list of mappings": {"policies: {name: a}\n", "c.yaml:1: policies must be a list, but is a mapping"},
		"item":             {"policies: [a]\n", "c.yaml:1: policies[0] must be a mapping, but is a string"},
		"tab":              {"level:\n\tbaseline\n", "c.yaml:2: "},
		"alias bomb":       {"select: &a [x]\nignore: [*a, *a]\n", "c.yaml:2: ignore[0] must be a string, but is an alias (write it out)"},
		"same line": {"policies: [{name: a, match: {paths: [a]}}, {name: b, match: {paths: [b]}}]\n",
			"c.yaml:1: policies[1] stands on one line with another policy; begin a line for each"},
	} {
		_, err := Parse("c.yaml", []byte(test.text))
		switch {
		case err == nil && test.err != "":
			t.Errorf("%s: no error, want %s", name, test.err)
		case err != nil && (test.err == "" || !strings.Contains(err.Error(), test.err)):
			t.Errorf("%s: error is %v, want %s", name, err, test.err)
		}
	}
}

// FuzzConfig wants the parser never to panic, and each error to name the file.
func FuzzConfig(f *testing.F) {
	scripts, err := filepath.Glob("../../testdata/script/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range scripts {
		text, err := os.ReadFile(s)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range txtar.Parse(text).Files {
			if strings.HasSuffix(file.Name, ".yaml") {
				f.Add(file.Data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("c.yaml", data)
		if err != nil && !strings.HasPrefix(err.Error(), "c.yaml") {
			t.Errorf("error does not name the file: %v", err)
		}
		if err == nil && c == nil {
			t.Error("neither config nor error")
		}
	})
}
