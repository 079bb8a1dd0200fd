package config

import (
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

func TestParseFunction(t *testing.T) {
	const own, data = "apiVersion: syncgate.io/v1alpha1\nkind: Syncgate\n", "apiVersion: v1\nkind: ConfigMap\n"
	for name, test := range map[string]struct {
		text, err string
		ok        func(*Function) bool
	}{
		"nothing":    {"", "", func(f *Function) bool { return f.Level == "" && f.Mode == "" }},
		"no spec":    {own, "", func(f *Function) bool { return f.Mode == "" }},
		"empty spec": {own + "spec:\n", "", func(f *Function) bool { return f.Mode == "" }},
		"own": {own + "metadata: {name: a, annotations: {b: c}}\nspec: {mode: fix, only: safe, level: baseline, fix: {limits: {cpu: none}}}\n", "",
			func(f *Function) bool {
				return f.Mode == ModeFix && f.OnlySafe && f.Level == "baseline" && f.Fix.Limits["cpu"].None
			}},
		"no data": {data, "", func(f *Function) bool { return f.Mode == "" }},
		"data": {data + "data:\n  mode: check\n  ignore: pss ,workload/cpuLimit\n  select: '[secret]'\n  kubeVersion: 1.31\n  failOn: never\n" +
			"  policies: |\n    - {name: a, match: {namespaces: [b]}, level: privileged}\n", "",
			func(f *Function) bool {
				return f.Mode == ModeCheck && strings.Join(f.Ignore, "+") == "pss+workload/cpuLimit" && f.Select[0] == "secret" &&
					f.KubeVersion == "1.31" && f.FailOn == "never" && f.Policies[0].Level == "privileged"
			}},
		"another key":      {own + "data: {}\n", `unknown key "data" in functionConfig; known are apiVersion, kind, metadata, spec`, nil},
		"key twice":        {own + "spec: {level: baseline, level: baseline}\n", `functionConfig: key "level" stands in spec twice`, nil},
		"data is a list":   {data + "data: []\n", "functionConfig: data must be a mapping, but is a list", nil},
		"data is comments": {data + "data: {level: '# a'}\n", "functionConfig: level must be a string, but is empty", nil},
		"two documents":    {data + "data: {level: \"a\\n---\\nb\"}\n", "functionConfig: data.level:2: a second document", nil},
		"a list":           {"[]", "functionConfig must be a mapping, but is a list", nil},
		"another version":  {"apiVersion: syncgate.io/v1\nkind: Syncgate\n", `functionConfig is a "Syncgate" of "syncgate.io/v1": expected`, nil},
	} {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(test.text), &doc); err != nil {
			t.Fatal(err)
		}
		var n *yaml.Node
		if len(doc.Content) > 0 {
			n = doc.Content[0]
		}
		f, err := ParseFunction(n)
		switch {
		case test.err == "" && (err != nil || !test.ok(f)):
			t.Errorf("%s: %+v, %v", name, f, err)
		case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
			t.Errorf("%s: error is %v, want %s", name, err, test.err)
		}
	}
}
