package main

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bitnami-labs/sealed-secrets/pkg/crypto"

	"github.com/syncgate/syncgate/check/report"
	"github.com/syncgate/syncgate/gitops/github/githubtest"
)

// canaries are secret values that no output may hold.
var canaries = map[string]string{
	"data":      "K4n4ryData-7f3a91c2",
	"string":    "K4n4ryString-'quoted' \"twice\"-0d9b",
	"comment":   "K4n4ryComment-55e1d0aa",
	"env":       "K4n4ryEnv-91be77f0",
	"url":       "K4n4ryUrl-c7aa10de",
	"values":    "K4n4ryValues-3e6f02b8",
	"generator": "K4n4ryGenerator-aa91f3c4",
	"envfile":   "K4n4ryEnvfile-0b7d66e9",
	"short":     "K4n4ry7",
	"pem":       "K4n4ryPemLineOne0123456789abcdef",
	"broken":    "K4n4ryBroken-44c0d3b1",
}

// forms are what would give a value away: itself, encoded, or hashed without a key.
func forms(value string) []string {
	m, s, l := md5.Sum([]byte(value)), sha1.Sum([]byte(value)), sha256.Sum256([]byte(value))
	out := []string{value, hex.EncodeToString([]byte(value)), hex.EncodeToString(m[:]), hex.EncodeToString(s[:]), hex.EncodeToString(l[:]),
		base64.StdEncoding.EncodeToString(l[:]), base64.StdEncoding.EncodeToString(s[:])}
	// base64 of a text that the value is a part of: at three offsets, without the ends that depend on neighbours
	for i := range 3 {
		enc := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", i) + value))
		if enc = enc[4 : len(enc)-4]; len(enc) >= 8 {
			out = append(out, enc)
		}
	}
	return out
}

// leaksIn names what a text gives away.
func leaksIn(text string) []string {
	var out []string
	for name, value := range canaries {
		for _, form := range forms(value) {
			if i := strings.Index(text, form); i >= 0 {
				out = append(out, name+": …"+text[max(0, i-120):min(len(text), i+len(form)+20)])
				break
			}
		}
	}
	if i := strings.Index(text, "K4n4ry"); i >= 0 && len(out) == 0 {
		out = append(out, "a part of one: …"+text[max(0, i-120):min(len(text), i+30)])
	}
	return out
}

// canaryRepository holds the canaries in every place that renders, and in some that do not.
func canaryRepository(t *testing.T) string {
	t.Helper()
	b64 := func(name string) string { return base64.StdEncoding.EncodeToString([]byte(canaries[name])) }
	quoted := strings.ReplaceAll(canaries["string"], "'", "''")
	dir := t.TempDir()
	_, cert, err := crypto.GeneratePrivateKeyAndCert(2048, time.Hour, "test")
	if err != nil {
		t.Fatal(err)
	}
	writeAt(t, filepath.Join(dir, "cert.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})))
	for name, text := range map[string]string{
		".syncgate.yaml": "fix:\n  secrets: {to: sealed, cert: cert.pem}\n",
		"plain/web.yaml": `apiVersion: v1
kind: Secret
metadata:
  name: db
  namespace: shop
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"data":{"password":"` + b64("data") + `"}}'
data:
  # ` + canaries["comment"] + `, as Bob said
  comment: ` + b64("comment") + `
  password: ` + b64("data") + `
stringData:
  string: '` + quoted + `'
  short: ` + canaries["short"] + `
  id_rsa: |
    -----BEGIN RSA PRIVATE KEY-----
    ` + canaries["pem"] + `
    -----END RSA PRIVATE KEY-----
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web:1
        args: ["--password=` + canaries["env"] + `"]
        env:
        - {name: API_TOKEN, value: ` + canaries["env"] + `}
        - {name: DATABASE, value: "postgres://app:` + canaries["url"] + `@db/app"}
`,
		// the values that nobody may see stand beside the lines that a fix adds
		"unfixable/web.yaml": `apiVersion: v1
kind: Pod
metadata: {name: unfixable}
spec:
  containers:
  - name: web
    image: web:1
    env:
    - {name: API_TOKEN, value: ` + canaries["env"] + `}
---
apiVersion: v1
kind: Secret
metadata: {name: db}
data:
  password: "` + b64("data") + `"
`,
		"chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
		"chart/values.yaml": "image: web:1\npassword: " + canaries["values"] + "\nresources: {}\nsecurityContext: {}\n# " +
			canaries["values"] + " is the password\npodSecurityContext: {}\n",
		"chart/templates/all.yaml": `apiVersion: v1
kind: Secret
metadata: {name: chart}
data:
  password: {{ .Values.password | b64enc }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: chart}
data:
  app.ini: |
    password = {{ .Values.password }}
---
apiVersion: v1
kind: Pod
metadata:
  name: chart
spec:
  securityContext: {{- toYaml .Values.podSecurityContext | nindent 4 }}
  containers:
  - name: web
    image: {{ .Values.image }}
    env:
    - {name: DB_PASSWORD, value: {{ .Values.password }}}
    securityContext: {{- toYaml .Values.securityContext | nindent 6 }}
    resources: {{- toYaml .Values.resources | nindent 6 }}
`,
		"kustomize/kustomization.yaml": "resources: [web.yaml]\nsecretGenerator:\n- name: generated\n  literals: [password=" + canaries["generator"] +
			"]\n  envs: [secret.env]\n",
		"kustomize/secret.env": "TOKEN=" + canaries["envfile"] + "\n",
		"kustomize/web.yaml":   "apiVersion: v1\nkind: Pod\nmetadata: {name: kustomized}\nspec: {containers: [{name: web, image: web:1}]}\n",
	} {
		writeAt(t, filepath.Join(dir, filepath.FromSlash(name)), text)
	}
	return dir
}

// brokenCanaries are files that do not render, or hardly, each with an error close to a secret value. Keys are no secrets.
func brokenCanaries() map[string]map[string]string {
	v := canaries["broken"]
	head := "apiVersion: v1\nkind: Secret\nmetadata: {name: broken}\n"
	chart := "apiVersion: v2\nname: c\nversion: 1.0.0\n"
	kustomization := func(more string) map[string]string {
		return map[string]string{"kustomization.yaml": more, "a.yaml": head + "stringData: {password: " + v + "}\n"}
	}
	return map[string]map[string]string{
		"an open quote":           {"a.yaml": head + "stringData:\n  password: \"" + v + "\n"},
		"a bad escape":            {"a.yaml": head + "stringData:\n  password: \"" + v + "\\q\"\n"},
		"no colon":                {"a.yaml": head + "stringData:\n  " + v + "\n  password: x\n"},
		"a value that is a key":   {"a.yaml": head + "stringData:\n  password: " + v + ": x\n"},
		"a tab":                   {"a.yaml": head + "stringData:\n\tpassword: " + v + "\n"},
		"an unknown anchor":       {"a.yaml": head + "stringData:\n  password: *" + v + "\n"},
		"a tag":                   {"a.yaml": head + "stringData:\n  password: !!int " + v + "\n"},
		"a list":                  {"a.yaml": head + "stringData: [" + v + "]\n"},
		"data is the value":       {"a.yaml": head + "data: " + v + "\n"},
		"metadata is the value":   {"a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: " + v + "\n"},
		"JSON":                    {"a.json": `{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}, "stringData": {"password": "` + v + `" "b": 1}}`},
		"a pod with a bad env":    {"a.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: a, env: [{name: TOKEN, value: [" + v + "]}]}]}\n"},
		"a pod with env as text":  {"a.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: a, env: " + v + "}]}\n"},
		"binary data":             {"a.yaml": head + "data: {password: !!binary " + v + "}\n"},
		"generator: no file":      kustomization("secretGenerator: [{name: x, files: [password=" + "missing.txt], literals: [a=" + v + "]}]\n"),
		"generator: bad literal":  kustomization("secretGenerator: [{name: x, literals: [" + v + "]}]\n"),
		"generator: bad envs":     {"kustomization.yaml": "secretGenerator: [{name: x, envs: [a.env]}]\n", "a.env": "= " + v + "\n"},
		"generator: bad key":      kustomization("secretGenerator: [{name: x, literals: [\"a b=" + v + "\"]}]\n"),
		"generator: twice":        kustomization("secretGenerator: [{name: x, literals: [a=" + v + ", a=" + v + "]}]\n"),
		"patch: no target":        kustomization("resources: [a.yaml]\npatches: [{patch: \"{apiVersion: v1, kind: Secret, metadata: {name: no}, stringData: {a: " + v + "}}\"}]\n"),
		"patch: no YAML":          kustomization("resources: [a.yaml]\npatches: [{patch: \"a: b: " + v + "\"}]\n"),
		"patch: JSON":             kustomization("resources: [a.yaml]\npatches: [{target: {kind: Secret}, patch: \"[{op: test, path: /stringData/password, value: " + v + "x}]\"}]\n"),
		"patch: JSON, bad path":   kustomization("resources: [a.yaml]\npatches: [{target: {kind: Secret}, patch: \"[{op: replace, path: /no/where, value: " + v + "}]\"}]\n"),
		"replacement":             kustomization("resources: [a.yaml]\nreplacements: [{source: {kind: Secret, fieldPath: stringData.password}, targets: [{select: {kind: Secret}, fieldPaths: [stringData.password.deeper]}]}]\n"),
		"unknown field":           kustomization("resources: [a.yaml]\npassword: " + v + "\n"),
		"chart: values":           {"Chart.yaml": chart, "values.yaml": "password: \"" + v + "\n", "templates/a.yaml": head},
		"chart: values is text":   {"Chart.yaml": chart, "values.yaml": v + "\n", "templates/a.yaml": head},
		"chart: fail":             {"Chart.yaml": chart, "values.yaml": "password: " + v + "\n", "templates/a.yaml": "{{ fail (printf \"bad password %s\" .Values.password) }}"},
		"chart: required":         {"Chart.yaml": chart, "values.yaml": "password: " + v + "\n", "templates/a.yaml": "{{ required (print .Values.password) .Values.nothing }}"},
		"chart: wrong type":       {"Chart.yaml": chart, "values.yaml": "password: " + v + "\n", "templates/a.yaml": "{{ .Values.password.deeper }}"},
		"chart: atoi":             {"Chart.yaml": chart, "values.yaml": "password: " + v + "\n", "templates/a.yaml": "{{ index .Values.password 99 }}"},
		"chart: no such template": {"Chart.yaml": chart, "values.yaml": "password: " + v + "\n", "templates/a.yaml": "{{ include .Values.password . }}"},
		"chart: tpl":              {"Chart.yaml": chart, "values.yaml": "password: \"{{ " + v + " }}\"\n", "templates/a.yaml": "{{ tpl .Values.password . }}"},
		"chart: output":           {"Chart.yaml": chart, "values.yaml": "password: \"a: b: " + v + "\"\n", "templates/a.yaml": head + "stringData:\n  password: {{ .Values.password }}\n"},
		"chart: output, a list":   {"Chart.yaml": chart, "values.yaml": "password: " + v + "\n", "templates/a.yaml": "- {{ .Values.password }}\n"},
		"chart: output, a kind":   {"Chart.yaml": chart, "values.yaml": "password: " + v + "\n", "templates/a.yaml": "apiVersion: v1\nkind: {{ .Values.password | toJson | list | toJson }}\n"},
		"chart: schema": {"Chart.yaml": chart, "values.yaml": "password: " + v + "\n", "templates/a.yaml": head, "values.schema.json": `{"properties": {"password": ` +
			`{"type": "string", "pattern": "^[0-9]+$", "maxLength": 3, "enum": ["x"], "not": {"const": "` + v + `"}}}}`},
		"chart: schema, type": {"Chart.yaml": chart, "values.yaml": "password: " + v + "\n", "templates/a.yaml": head,
			"values.schema.json": `{"properties": {"password": {"type": "integer"}}, "additionalProperties": false, "required": ["x"]}`},
	}
}

// noLeak runs a command, and wants none of the canaries in what it prints or writes into reports.
func noLeak(t *testing.T, reports string, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	run(args, stdio{In: strings.NewReader(""), Out: &out, Err: &errs})
	for name, text := range map[string]string{"stdout": out.String(), "stderr": errs.String()} {
		for _, leak := range leaksIn(text) {
			t.Errorf("syncgate %s: %s shows %s", strings.Join(args, " "), name, leak)
		}
	}
	files, err := filepath.Glob(filepath.Join(reports, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, leak := range leaksIn(string(text)) {
			t.Errorf("syncgate %s: %s shows %s", strings.Join(args, " "), filepath.Base(name), leak)
		}
		os.Remove(name)
	}
	return out.String() + errs.String()
}

// TestCanary runs every command in every format on a repository with secret values, and wants to see none of them.
func TestCanary(t *testing.T) {
	dir, reports := canaryRepository(t), t.TempDir()
	said := noLeak(t, reports, "check", "-v", dir)
	for _, want := range []string{`Secret "db" must not`, `Secret "chart" must not`, `Secret "generated" must not`, "credential API_TOKEN", "credential DATABASE",
		"credential DB_PASSWORD", "rotate the value: git's history keeps what was committed"} {
		if !strings.Contains(strings.Join(strings.Fields(said), " "), want) {
			t.Errorf("check does not say %q:\n%s", want, said)
		}
	}
	for _, format := range report.Formats {
		noLeak(t, reports, "check", "-v", "--format", format, "--report", format+"="+filepath.Join(reports, format), dir)
	}
	baseline := filepath.Join(reports, "baseline")
	noLeak(t, reports, "check", "--write-baseline", baseline, "--all", dir)
	for _, args := range [][]string{{"render"}, {"render", "--format", "json"}, {"render", "--no-origins", "-v"}, {"rules"}, {"fix", "--diff"},
		{"fix", "--diff", "--select", "pss,workload"}, {"fix", "--diff", "-v", "--only", "safe"}, {"fix", "-v", "--diff", "--select", "secret"},
		{"fix", "--diff", "--format", "json", "-v"}, {"check", "--select", "secret", "--changed-since", "HEAD"},
		{"check", "--all", "-v", "--level", "auto"}, {"pr", "--dry-run", "--repo", "a/b", "--api-url", "http://127.0.0.1:1"}} {
		noLeak(t, reports, append(args, dir)...)
	}
	if diff := noLeak(t, reports, "fix", "--diff", dir); !strings.Contains(diff, "cannot be applied") || !strings.Contains(diff, "-  password: *****") {
		t.Errorf("the masked diff does not say so:\n%s", diff)
	}
	refused := inDir(t, filepath.Join(dir, "plain"), func() string { return noLeak(t, reports, "plugin", "generate") })
	if !strings.Contains(refused, "syncgate refuses plain: ") || !strings.Contains(refused, "secret/plaintext") {
		t.Errorf("the plugin does not refuse secret values:\n%s", refused)
	}
	noLeak(t, reports, "fix", "-v", "--format", "json", dir)
	fixed, err := os.ReadFile(filepath.Join(dir, "plain/web.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if leaks := leaksIn(strings.Replace(string(fixed), "--password="+canaries["env"], "", 1)); len(leaks) > 0 {
		t.Errorf("a fixed file still holds %v", leaks)
	}
	noLeak(t, reports, "check", "-v", dir)
}

// inDir calls f in a directory, with what Argo CD tells its plugins about an Application there.
func inDir(t *testing.T, dir string, f func() string) string {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	defer os.Chdir(here)
	if err := os.Chdir(dir); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ARGOCD_APP_NAME", "plain")
	t.Setenv("ARGOCD_APP_NAMESPACE", "shop")
	t.Setenv("ARGOCD_APP_SOURCE_PATH", "plain")
	t.Setenv("KUBE_VERSION", "1.35.0")
	return f()
}

// TestCanaryBroken wants no error to show the value that it stands beside.
func TestCanaryBroken(t *testing.T) {
	reports := t.TempDir()
	for name, files := range brokenCanaries() {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range files {
				writeAt(t, filepath.Join(dir, filepath.FromSlash(file)), text)
			}
			for _, args := range [][]string{{"check", "-v", "--format", "json", "--report", "text=" + filepath.Join(reports, "text")}, {"render"}, {"fix", "-v", "--diff"}} {
				noLeak(t, reports, append(args, dir)...)
			}
		})
	}
}

// TestCanaryPR wants no secret value in a pull request, and only sealed ones in its commit. A second run seals nothing anew.
func TestCanaryPR(t *testing.T) {
	server := githubtest.New(t)
	server.Push(canaryRepository(t), "main", "base")
	work := server.Clone("main")
	t.Setenv("GITHUB_TOKEN", githubtest.Token)
	bundles := t.TempDir()
	if said := noLeak(t, bundles, "fix", "--bundle", filepath.Join(bundles, "bundle.json"), work); !strings.Contains(said, "bundle: ") {
		t.Errorf("no bundle was written:\n%s", said)
	}
	said := noLeak(t, t.TempDir(), "pr", "-v", "--repo", githubtest.Repository, "--api-url", server.URL, work)
	pulls := server.Pulls()
	if len(pulls) != 1 {
		t.Fatalf("%d pull requests:\n%s", len(pulls), said)
	}
	writes := server.Writes()
	if said := noLeak(t, t.TempDir(), "pr", "--repo", githubtest.Repository, "--api-url", server.URL, work); server.Writes() != writes ||
		!strings.Contains(said, "is up to date") {
		t.Errorf("a second run writes:\n%s", said)
	}
	message := server.Git(nil, "log", "-1", "--format=%B", pulls[0].Head)
	for what, text := range map[string]string{"title": pulls[0].Title, "body": pulls[0].Body, "message": message} {
		for _, leak := range leaksIn(text) {
			t.Errorf("the %s shows %s", what, leak)
		}
	}
	if !strings.Contains(pulls[0].Body, "rotate the value") {
		t.Errorf("the body does not say that the value must be rotated:\n%s", pulls[0].Body)
	}
}
