//go:build unix

package main

import "strings"

func kustomization(text string, more ...string) map[string]string {
	m := map[string]string{"x/kustomization.yaml": text, "x/pod.yaml": evilPod}
	for i := 0; i+1 < len(more); i += 2 {
		m[more[i]] = more[i+1]
	}
	return m
}

// kustomizeCases are about broken and greedy kustomizations.
func kustomizeCases() []hostile {
	k := func(name, text, file, says, hint string, more ...string) hostile {
		return hostile{name: "kustomize " + name, files: kustomization(text, more...), source: "x", file: file, says: says, hint: hint}
	}
	remote := func(name, ref string) hostile {
		return k("remote "+name, "resources:\n- pod.yaml\n- "+ref+"\n", "x/kustomization.yaml:3: ", "is remote, and network access is off", "vendor it")
	}
	const plugin = "apiVersion: evil.example/v1\nkind: Evil\nmetadata:\n  name: e\n  annotations:\n    config.kubernetes.io/function: |\n      %\n"
	return []hostile{
		k("broken", "resources: [\n", "x/kustomization.yaml:1: ", "did not find expected node content", "expected YAML"),
		k("unknown field", "resource: [pod.yaml]\n", "x/kustomization.yaml:1: ", `unknown field "resource"`, "fields of a kustomization"),
		k("missing file", "resources:\n- pod.yaml\n- gone.yaml\n", "x/kustomization.yaml:3: ", "gone.yaml: no such file", "add it, or remove"),
		k("missing patch", "resources: [pod.yaml]\npatches:\n- path: gone.yaml\n", "x/kustomization.yaml:3: ", "gone.yaml: no such file", "add it, or remove"),
		k("broken resource", "resources: [pod.yaml, broken.yaml]\n", "x/broken.yaml:2: ", "did not find expected node content", "expected YAML", "x/broken.yaml", "a: [\n"),
		k("cycle with itself", "resources: [pod.yaml, ../x]\n", "x/kustomization.yaml:1: ", "cycle detected", "cannot use one that uses it"),
		k("cycle", "resources: [../y]\n", "z/kustomization.yaml:1: ", "cycle detected", "cannot use one that uses it", "y/kustomization.yaml", "resources: [../z]\n", "z/kustomization.yaml", "resources: [../x]\n"),
		k("patch without target", "resources: [pod.yaml]\npatches:\n- patch: '{apiVersion: v1, kind: Pod, metadata: {name: nobody}}'\n", "x/kustomization.yaml:3: ", "no resource matches", "not there"),
		k("exec function", "resources: [pod.yaml]\ntransformers: [fn.yaml]\n", "x/fn.yaml:2: ", "external plugins disabled", "kustomize's own", "x/fn.yaml", strings.Replace(plugin, "%", "exec: {path: evil}", 1)),
		k("exec function by path", "resources: [pod.yaml]\ntransformers: [fn.yaml]\n", "x/fn.yaml:2: ", "external plugins disabled", "kustomize's own", "x/fn.yaml", strings.Replace(plugin, "%", "exec: {path: ./run}", 1), "x/run", "#!/bin/sh\nevil\n"),
		k("container function", "resources: [pod.yaml]\ngenerators: [fn.yaml]\n", "x/fn.yaml:2: ", "external plugins disabled", "kustomize's own", "x/fn.yaml", strings.Replace(plugin, "%", "container: {image: evil, network: true}", 1)),
		k("starlark function", "resources: [pod.yaml]\ntransformers: [fn.yaml]\n", "x/fn.yaml:2: ", "external plugins disabled", "kustomize's own", "x/fn.yaml", strings.Replace(plugin, "%", "starlark: {path: evil.star, name: e}", 1)),
		k("exec plugin", "resources: [pod.yaml]\ngenerators: [fn.yaml]\n", "x/fn.yaml:2: ", "external plugins disabled", "kustomize's own", "x/fn.yaml", "apiVersion: evil.example/v1\nkind: Evil\nmetadata: {name: e}\nargsOneLiner: evil\n"),
		k("helm command", "helmGlobals: {chartHome: charts}\nhelmCharts:\n- {name: nobody, repo: \"http://127.0.0.1:PORT\", version: 1.0.0}\n", "x/kustomization.yaml:3: ", "is remote, and network access is off", "--allow-remote 127.0.0.1:"),
		remote("http", "http://127.0.0.1:PORT/a.yaml"),
		remote("https", "https://127.0.0.1:PORT/a.yaml"),
		remote("git over http", "http://127.0.0.1:PORT/a/b.git?ref=main"),
		remote("git", "git::http://127.0.0.1:PORT/a/b"),
		remote("ssh", "git@127.0.0.1:a/b.git"),
		remote("ssh URL", "ssh://git@127.0.0.1:PORT/a/b.git"),
		remote("file URL", "file://OUTSIDE/base"),
		remote("shorthand", "github.com/evil/evil"),
		k("git directory as base", "resources: [pod.yaml, ../.git]\n", "x/kustomization.yaml:1: ", "git's own data", "only files inside", ".git/kustomization.yaml", "resources: [p.yaml]\n", ".git/p.yaml", strings.ReplaceAll(evilPod, "evil", canary)),
		k("git's settings as data", "configMapGenerator:\n- name: c\n  files: [.git/config]\n", "x/kustomization.yaml:3: ", "git's own data", "only files inside", "x/.git/config", canary),
	}
}

// pathCases are every field of a kustomization, and of a chart's options, that takes a path.
func pathCases() []hostile {
	var out []hostile
	for _, f := range []struct{ name, text, target string }{
		{"resources", "resources: [%]", "pod.yaml"},
		{"resources, directory", "resources: [%]", "base"},
		{"bases", "bases: [%]", "base"},
		{"components", "components: [%]", "component"},
		{"patches", "patches: [{path: %}]", "pod.yaml"},
		{"patchesStrategicMerge", "patchesStrategicMerge: [%]", "pod.yaml"},
		{"patchesJson6902", "patchesJson6902: [{path: %, target: {kind: Pod, name: evil, version: v1}}]", "values.yaml"},
		{"configMapGenerator.files", "configMapGenerator: [{name: c, files: [%]}]", "data.txt"},
		{"configMapGenerator.files, named", "configMapGenerator: [{name: c, files: [k=%]}]", "data.txt"},
		{"configMapGenerator.envs", "configMapGenerator: [{name: c, envs: [%]}]", "data.txt"},
		{"configMapGenerator.env", "configMapGenerator: [{name: c, env: %}]", "data.txt"},
		{"secretGenerator.files", "secretGenerator: [{name: c, files: [%]}]", "data.txt"},
		{"secretGenerator.envs", "secretGenerator: [{name: c, envs: [%]}]", "data.txt"},
		{"crds", "crds: [%]", "schema.json"},
		{"configurations", "configurations: [%]", "values.yaml"},
		{"openapi", "openapi: {path: %}", "schema.json"},
		{"replacements", "replacements: [{path: %}]", "transformer/replacements.yaml"},
		{"generators", "generators: [%]", "transformer/transformer.yaml"},
		{"transformers", "transformers: [%]", "transformer/transformer.yaml"},
		{"transformers, directory", "transformers: [%]", "transformer"},
		{"validators", "validators: [%]", "transformer/transformer.yaml"},
		{"helmCharts.valuesFile", "helmCharts: [{name: c, valuesFile: %}]", "values.yaml"},
		{"helmCharts.additionalValuesFiles", "helmCharts: [{name: c, additionalValuesFiles: [%]}]", "values.yaml"},
		{"helmGlobals.chartHome", "helmCharts: [{name: chart}]\nhelmGlobals: {chartHome: %}", "."},
		{"helmGlobals.configHome", "helmCharts: [{name: gone}]\nhelmGlobals: {configHome: %}", "."},
		{"helmChartInflationGenerator.values", "helmChartInflationGenerator: [{chartName: c, values: %}]", "values.yaml"},
	} {
		files := func(to string) map[string]string {
			target := to + "/" + f.target
			return kustomization("resources: [pod.yaml]\n"+strings.ReplaceAll(strings.Replace(f.text, "%", target, 1), "resources: [pod.yaml]\nresources: [", "resources: [pod.yaml, ")+"\n",
				"x/charts/c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 0.1.0\n", "x/charts/c/templates/c.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {leak: {{ .Values.leak | quote }}}\n")
		}
		for to, name := range map[string]string{"../UP-OUTSIDE": "relative", "OUTSIDE": "absolute", "link": "linked"} {
			c := hostile{name: "path " + name + " in " + f.name, files: files(to), source: "x", file: "x/kustomization.yaml:2: ",
				says: "outside the repository", hint: "only files inside"}
			if to == "link" {
				c.files["x/link"] = "-> OUTSIDE"
			}
			if strings.HasPrefix(f.name, "resources") {
				c.files["x/kustomization.yaml"] = strings.Replace(f.text, "%", to+"/"+f.target, 1) + "\n"
				c.file = "x/kustomization.yaml:1: "
			}
			if strings.HasPrefix(f.name, "helmGlobals") || name == "absolute" && f.name == "components" {
				c.says, c.hint = "", "" // refused, or not looked at, for another reason
				c.file = "x/kustomization.yaml"
			}
			out = append(out, c)
		}
	}
	return out
}
