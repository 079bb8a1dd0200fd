// Package check judges rendered objects: Pod Security Standards by the upstream library, workload rules of its own.
//
// A rule is a value. To add one, add one file that calls register, and its testdata (see CONTRIBUTING.md).
package check

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Severity says how much a finding weighs.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Safety says what a fix can do to a workload.
type Safety string

// The safeties of a fix.
const (
	FixSafe   Safety = "safe"   // a correct workload cannot notice
	FixReview Safety = "review" // can break a workload: Finding.Advice says what to test
	FixManual Safety = "manual" // never written: Finding.Advice says what to do instead
)

// Rule is one thing that syncgate judges.
type Rule struct {
	ID       string   // group/name, such as pss/runAsNonRoot
	Title    string   // one line: what an object must have
	Why      string   // what goes wrong otherwise
	Example  Example  // what a finding looks like and how it is mended
	Fix      string   // how it is fixed, and how safe that is
	Severity Severity // by default
	OWASP    []string // OWASP Kubernetes Top Ten (2022) identifiers, such as K01
	CIS      []string // CIS Kubernetes Benchmark (v1.9) identifiers, such as 5.2.7
	Check    func(*Pass)
}

// Example shows a rule on a few lines of YAML.
type Example struct{ Bad, Good string }

// Group is the part of the ID before the slash.
func (r *Rule) Group() string { g, _, _ := strings.Cut(r.ID, "/"); return g }

var registry = map[string]*Rule{}

// register adds a rule to those that Rules lists. Each rule's file calls it in an init function.
func register(r *Rule) {
	if registry[r.ID] != nil {
		panic("check: rule " + r.ID + " is registered twice")
	}
	registry[r.ID] = r
}

// Rules lists all rules, sorted by ID.
func Rules() []*Rule {
	out := make([]*Rule, 0, len(registry))
	for _, r := range registry {
		out = append(out, r)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}

// RuleByID returns a rule, nil when there is none of that name.
func RuleByID(id string) *Rule { return registry[id] }

// Selection says which rules run. The zero value selects all.
type Selection struct {
	Select []string // rule IDs, groups ("pss"), or group wildcards ("pss/*"); empty means all
	Ignore []string // taken away from those
}

// KnownRule returns an *UnknownRuleError when a rule ID, group or group wildcard means no rule at all.
func KnownRule(pattern string) error {
	for _, r := range registry {
		if matches(pattern, r) {
			return nil
		}
	}
	return unknownRule(pattern)
}

// Rules lists the selected rules. A name that matches no rule is an error.
func (s Selection) Rules() ([]*Rule, error) {
	all := Rules()
	for _, pattern := range slices.Concat(s.Select, s.Ignore) {
		if err := KnownRule(pattern); err != nil {
			return nil, err
		}
	}
	var out []*Rule
	for _, r := range all {
		is := func(pattern string) bool { return matches(pattern, r) }
		if (len(s.Select) == 0 || slices.ContainsFunc(s.Select, is)) && !slices.ContainsFunc(s.Ignore, is) {
			out = append(out, r)
		}
	}
	return out, nil
}

// matches reports whether a rule ID, a group ("pss") or a group's wildcard ("pss/*") means a rule.
func matches(pattern string, r *Rule) bool {
	return pattern == r.ID || strings.TrimSuffix(pattern, "/*") == r.Group()
}

// UnknownRuleError names a rule that does not exist and the nearest that does.
type UnknownRuleError struct{ Name, Nearest string }

func (e *UnknownRuleError) Error() string {
	if e.Nearest == "" {
		return fmt.Sprintf("unknown rule %q; `syncgate rules` lists them", e.Name)
	}
	return fmt.Sprintf("unknown rule %q, did you mean %q?", e.Name, e.Nearest)
}

func unknownRule(name string) error {
	var ids []string
	for _, r := range Rules() {
		ids = append(ids, r.ID)
	}
	best := Nearest(name, ids)
	if best == "" {
		for _, r := range Rules() {
			_, short, _ := strings.Cut(r.ID, "/")
			if strings.EqualFold(short, name) {
				best = r.ID
			}
		}
	}
	return &UnknownRuleError{Name: name, Nearest: best}
}
