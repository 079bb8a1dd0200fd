package apiserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// kubeVersion is the server's, and so what latest means.
const kubeVersion = "v1.35.4"

// syncgate runs the built binary and returns its stdout; that it found something, or could not do all, is no error.
func syncgate(args ...string) ([]byte, error) {
	var out, talk bytes.Buffer
	cmd := exec.Command(programs.syncgate, args...)
	cmd.Stdout, cmd.Stderr = &out, &talk
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && (exit.ExitCode() == 1 || exit.ExitCode() == 2) && out.Len() > 0 {
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("syncgate %q: %w\n%s", args, err, talk.Bytes())
	}
	return out.Bytes(), nil
}

// rendered is a line of `syncgate render --format json`.
type rendered struct {
	Source string
	Object json.RawMessage
}

func render(dir string) ([]rendered, error) {
	out, err := syncgate("render", "-q", "--format", "json", "--kube-version", kubeVersion, "--root", dir, dir)
	if err != nil {
		return nil, err
	}
	var objects []rendered
	for line := range bytes.Lines(out) {
		var o rendered
		if err := json.Unmarshal(line, &o); err != nil {
			return nil, fmt.Errorf("syncgate render prints %q: %w", line, err)
		}
		objects = append(objects, o)
	}
	return objects, nil
}

// decode reads a JSON object with its numbers as they are written.
func decode(text []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var object map[string]any
	err := d.Decode(&object)
	return object, err
}

// opinion is what check says of one pod.
type opinion struct {
	denied bool
	failed string // why it could not judge
	why    []string
}

// writePods writes each pod to a file of its own, which is how check tells them apart.
func writePods(dir string, pods []*pod) error {
	for _, p := range pods {
		if err := os.WriteFile(filepath.Join(dir, p.name+".yaml"), p.json, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// check judges the pods that writePods wrote; the result is by pod name, and complete.
func check(dir string, pods []*pod, p policy) (map[string]*opinion, error) {
	out, err := syncgate("check", "-q", "--format", "json", "--select", "pss", "--kube-version", kubeVersion,
		"--level", p.level, "--level-version", p.version, "--root", dir, dir)
	if err != nil {
		return nil, err
	}
	var report struct {
		Sources  []struct{ ID, Error string }
		Findings []struct{ Source, Rule, Message string }
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return nil, fmt.Errorf("reading the report of syncgate check: %w", err)
	}
	opinions := map[string]*opinion{}
	for _, s := range report.Sources {
		opinions[s.ID] = &opinion{failed: s.Error}
	}
	for _, f := range report.Findings {
		o := opinions[f.Source]
		if o == nil {
			return nil, fmt.Errorf("a finding of syncgate check is of %q, which is no source of the report", f.Source)
		}
		o.denied = true
		o.why = append(o.why, f.Rule+": "+f.Message)
	}
	byName := map[string]*opinion{}
	for _, pod := range pods {
		o := opinions[pod.name+".yaml"]
		if o == nil {
			return nil, fmt.Errorf("syncgate check says nothing of %s (%s)", pod.name, pod.from)
		}
		byName[pod.name] = o
	}
	return byName, nil
}
