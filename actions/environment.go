// Package actions is syncgate's side of GitHub Actions: what a step is told, and where it says what it found.
//
// Everything that reaches a runner is read by it line by line: what a repository can choose (names, paths, messages) is
// kept from starting a command, an output or markup of its own.
package actions

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Environment is what a runner gives a step (docs.github.com, "Variables reference"; inputs as actions get them, which
// action.yml has to pass on, since it is composite).
type Environment struct {
	Event  string // the name of the event, such as push
	Branch string // that the event is about, "" for a tag
	Temp   string // a directory that is emptied after the job

	get     func(string) string
	payload string
	output  string
	summary string
}

// Open reads the environment. It fails outside of GitHub Actions.
func Open(get func(string) string) (*Environment, error) {
	e := &Environment{Event: get("GITHUB_EVENT_NAME"), Temp: get("RUNNER_TEMP"), get: get, payload: get("GITHUB_EVENT_PATH"),
		output: get("GITHUB_OUTPUT"), summary: get("GITHUB_STEP_SUMMARY")}
	if get("GITHUB_REF_TYPE") == "branch" {
		e.Branch = get("GITHUB_REF_NAME")
	}
	for name, value := range map[string]string{"GITHUB_EVENT_NAME": e.Event, "GITHUB_OUTPUT": e.output, "RUNNER_TEMP": e.Temp} {
		if value == "" {
			return nil, fmt.Errorf("this is for action.yml, and no step of GitHub Actions: %s is not set", name)
		}
	}
	return e, nil
}

// Input is an input of the action, "" when it is not given.
func (e *Environment) Input(name string) string {
	return strings.TrimSpace(e.get("INPUT_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))))
}

// Lines are the lines of an input, without empty ones.
func (e *Environment) Lines(name string) []string {
	var out []string
	for _, line := range strings.Split(e.Input(name), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// Bool is an input that is true or false; false when it is not given.
func (e *Environment) Bool(name string) (bool, error) {
	switch v := e.Input(name); v {
	case "true":
		return true, nil
	case "", "false":
		return false, nil
	default:
		return false, fmt.Errorf("the input %s: %q: expected true or false", name, v)
	}
}

// SetOutput sets an output of the step. The value may hold anything: it ends at a line that nobody could foresee
// (docs.github.com, "Workflow commands", multiline strings).
func (e *Environment) SetOutput(name, value string) error {
	end := token()
	if strings.ContainsAny(name, "\r\n=<") || strings.Contains(value, end) {
		return fmt.Errorf("the output %q cannot be set", name)
	}
	f, err := os.OpenFile(e.output, os.O_WRONLY|os.O_APPEND, 0)
	if err == nil {
		_, err = fmt.Fprintf(f, "%s<<%s\n%s\n%s\n", name, end, value, end)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fmt.Errorf("setting the output %s: %w", name, err)
	}
	return nil
}

// token is a word that nobody can foresee.
func token() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return "syncgate-" + hex.EncodeToString(b[:])
}
