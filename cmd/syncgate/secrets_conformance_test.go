//go:build conformance

package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
)

// TestSecretsConformance counts the Secrets with values in the output of the helm and kustomize commands, and in the
// manifests that are judged as they are, on all that renders below $SYNCGATE_CORPUS; each must be reported, unless all its
// values are of a kind that secret/plaintext allows, and no other may be. What reads the output is plainSecret, which shares
// nothing with check.
func TestSecretsConformance(t *testing.T) {
	corpus := os.Getenv("SYNCGATE_CORPUS")
	if corpus == "" {
		t.Fatal("set SYNCGATE_CORPUS to a directory that holds charts and kustomizations")
	}
	c := secretsTest{pairsTest: pairsTest{T: t, kube: commandKubeVersion(t), home: t.TempDir()}, allowed: map[string]int{}}
	repos, err := os.ReadDir(corpus)
	if err != nil {
		t.Fatal(err)
	}
	for _, repo := range repos {
		if repo.IsDir() {
			c.repository(filepath.Join(corpus, repo.Name()))
		}
	}
	fmt.Printf("%d sources that render, %d Secrets in them, %d with values, %d reported (%d of these as public), %d allowed:\n",
		c.sources, c.secrets, c.filled, c.reported, c.public, c.filled-c.reported)
	var reasons []string
	for r := range c.allowed {
		reasons = append(reasons, r)
	}
	sort.Strings(reasons)
	for _, r := range reasons {
		fmt.Printf("  %4d  %s\n", c.allowed[r], r)
	}
	if c.reported == 0 {
		t.Error("nothing was compared")
	}
}

type secretsTest struct {
	pairsTest
	sources, secrets, filled, reported, public int
	allowed                                    map[string]int // by reason
}

// repository compares all sources of one repository.
func (c *secretsTest) repository(root string) {
	sources, found := c.findings(root)
	for src, id := range sources {
		if src.kind == "applicationset" {
			continue // what it makes are Applications, whose sources are here as well
		}
		var first, second []byte
		var err error
		switch src.kind {
		case "plain":
			first, err = os.ReadFile(filepath.Join(root, src.path))
			second = first
		case "directory":
			first, err = directoryManifests(filepath.Join(root, src.path))
			second = first
		default:
			if first, err = c.render(root, src); err == nil {
				second, err = c.render(root, src)
			}
		}
		if err != nil {
			c.Errorf("%s: %v: %v", root, src, err)
			continue
		}
		c.sources++
		c.compare(root, src, first, second, found[id])
	}
}

// directoryManifests are the manifests that stand in a directory, as an Application without options applies them.
func directoryManifests(dir string) (out []byte, err error) {
	for _, pattern := range []string{"*.yaml", "*.yml", "*.json"} {
		names, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			out = append(append(out, "---\n"...), text...)
			out = append(out, '\n')
		}
	}
	return out, nil
}

func (c *secretsTest) compare(root string, src pairEntry, first, second []byte, found map[string]string) {
	a, errA := commandObjects(first)
	b, errB := commandObjects(second)
	if (errA != nil || errB != nil) && !bytes.Contains(first, []byte("Secret")) {
		return // it cannot be read without check, and holds none
	}
	if errA != nil || errB != nil {
		c.Errorf("%s: %v: %v", root, src, errors.Join(errA, errB))
		return
	}
	left := map[string]bool{}
	for name := range found {
		left[name] = true
	}
	for i, o := range a {
		if textAt(o, "kind") != "Secret" || textAt(o, "apiVersion") != "v1" {
			continue
		}
		c.secrets++
		values := plainSecret(o)
		if len(values) == 0 {
			continue
		}
		c.filled++
		name := secretIdentity(o)
		severity, ok := found[name]
		if !ok {
			name = generatedName.ReplaceAllString(name, "")
			severity, ok = found[name]
		}
		var again map[string]string
		if i < len(b) {
			again = plainSecret(b[i])
		}
		reason := allowedReason(values, again)
		switch {
		case ok && reason != "" && severity == "error":
			c.Errorf("%s: %v: %s is reported, but all its values are allowed: %s", root, src, name, reason)
		case ok:
			c.reported++
			if severity == "warning" {
				c.public++
			}
		case reason == "":
			c.Errorf("%s: %v: %s has values, and is not reported", root, src, name)
		default:
			c.allowed[reason]++
		}
		delete(left, name)
	}
	for name := range left {
		c.Errorf("%s: %v: %s is reported, but the commands have no such Secret with values", root, src, name)
	}
}

// generatedName matches the hash that kustomize puts behind the name of what it generates.
var generatedName = regexp.MustCompile(`-[2456789bcdfghkmt]{10}$`)

func secretIdentity(o map[string]any) string {
	meta, _ := o["metadata"].(map[string]any)
	name := textAt(meta, "name")
	if name == "" {
		name = textAt(meta, "generateName")
	}
	return textAt(meta, "namespace") + "/" + name
}

// plainSecret is what a Secret holds, decoded, by key; empty values are left out.
func plainSecret(o map[string]any) map[string]string {
	out := map[string]string{}
	for _, field := range []string{"data", "stringData"} {
		m, _ := o[field].(map[string]any)
		for k, v := range m {
			s := strings.TrimSpace(fmt.Sprint(v))
			if raw, err := base64.StdEncoding.DecodeString(s); field == "data" && err == nil {
				s = strings.TrimSpace(string(raw))
			}
			if v != nil && s != "" {
				out[k] = s
			}
		}
	}
	return out
}

// allowedValues are the kinds of values that are none, in the order in which they are looked for.
var allowedValues = []struct {
	reason string
	re     *regexp.Regexp
}{
	{"encrypted by SOPS", regexp.MustCompile(`^ENC\[AES256_GCM,`)},
	{"filled in by a tool: <…>", regexp.MustCompile(`^<[^<>]+>$`)},
	{"filled in by a tool: <path:…> within", regexp.MustCompile(`<path:[^<>]+>`)},
	{"filled in by a tool: $(VAR), ${VAR}, {{…}}", regexp.MustCompile(`^(\$\([^()]+\)|\$\{[^{}]+\}|\$[A-Z_]+|\{\{[^{}]*\}\})+$`)},
	{"variables within a config file", regexp.MustCompile(`(?s)^.*\n.*(\$\([A-Z_]+\)|\$\{[A-Za-z_]+\}).*$`)},
	{"reference to a store", regexp.MustCompile(`^(vault:|ref\+|op://|arn:aws:)`)},
	{"asks for a value", regexp.MustCompile(`(?i)^(change.?me|change.?it|replace|your[-_ ]|insert|.*[-_]here$|todo|null|none|x+$|\*+$|placeholder|example|dummy|.*EXAMPLE(KEY)?$)`)},
	{"holds nothing", regexp.MustCompile(`^(\{\}|\[\]|""|\{"auths": ?\{\}\})$`)},
}

// allowedReason says why a Secret with values need not be reported: the reason of its last value, "" when one has none.
func allowedReason(values, again map[string]string) (reason string) {
	keys := make([]string, 0, len(values))
	for k := range values {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		reason = ""
		if other, ok := again[k]; ok && other != values[k] {
			reason = "made at random"
		}
		for _, a := range allowedValues {
			if reason == "" && a.re.MatchString(values[k]) {
				reason = a.reason
			}
		}
		if reason == "" {
			return ""
		}
	}
	return reason
}

// findings runs syncgate check on a repository: the sources that render, with their IDs, and the severity of findings of
// secret/plaintext by source and object.
func (c *secretsTest) findings(root string) (sources map[pairEntry]string, found map[string]map[string]string) {
	exe, err := os.Executable()
	if err != nil {
		c.Fatal(err)
	}
	cmd := exec.Command(exe, "check", "--root", root, root, "--all", "--format", "json", "--select", "secret/plaintext", "--fail-on", "never",
		"--kube-version", c.kube)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || len(out) == 0) {
		c.Fatalf("%v: %v", cmd.Args, err)
	}
	var report struct {
		Sources  []struct{ ID, Path, Kind, Variant, Error string }
		Findings []struct {
			Source, Severity string
			Object           struct{ Namespace, Name string }
		}
	}
	if err := json.Unmarshal(out, &report); err != nil {
		c.Fatal(err)
	}
	sources, found = map[pairEntry]string{}, map[string]map[string]string{}
	for _, s := range report.Sources {
		if s.Error == "" && s.Variant == "" {
			sources[pairEntry{s.Kind, s.Path}] = s.ID
		}
	}
	for _, f := range report.Findings {
		if found[f.Source] == nil {
			found[f.Source] = map[string]string{}
		}
		found[f.Source][f.Object.Namespace+"/"+f.Object.Name] = f.Severity
	}
	return sources, found
}
