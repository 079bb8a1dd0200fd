//go:build fixrate

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	sigsyaml "sigs.k8s.io/yaml"

	"github.com/syncgate/syncgate/render"
)

// helmSum counts the pairs of charts.
type helmSum struct {
	renders, failed, agreed int // with the command
	flips                   int // in process
	unwanted                int
	checks                  map[string]*helmCheck
	reasons                 map[string][]string // the pairs, by reason
}

// helmCheck counts the pairs of one check.
type helmCheck struct {
	asked           int // not counted, as the chart asks for it
	value, template int // gone
	alike           int // gone, since they read what other pairs had to change
	left            int
}

func newHelmSum() *helmSum {
	return &helmSum{checks: map[string]*helmCheck{}, reasons: map[string][]string{}}
}

func (s *helmSum) check(id string) *helmCheck {
	if s.checks[id] == nil {
		s.checks[id] = &helmCheck{}
	}
	return s.checks[id]
}

func (s *helmSum) leave(reason, what string) {
	s.reasons[reason] = append(s.reasons[reason], what)
}

func (c *helmCheck) add(o *helmCheck) {
	c.asked, c.value, c.template = c.asked+o.asked, c.value+o.value, c.template+o.template
	c.alike, c.left = c.alike+o.alike, c.left+o.left
}

func (c *helmCheck) part() float64 {
	gone := c.value + c.template + c.alike
	if gone+c.left == 0 {
		return 100
	}
	return 100 * float64(gone) / float64(gone+c.left)
}

func (s *helmSum) add(o *helmSum) {
	s.renders, s.failed, s.agreed = s.renders+o.renders, s.failed+o.failed, s.agreed+o.agreed
	s.flips, s.unwanted = s.flips+o.flips, s.unwanted+o.unwanted
	for id, c := range o.checks {
		s.check(id).add(c)
	}
	for reason, list := range o.reasons {
		s.reasons[reason] = append(s.reasons[reason], list...)
	}
}

// sums are the counts of upstream's checks and of the rules beside them.
func (s *helmSum) sums() (pods, others helmCheck) {
	for id, c := range s.checks {
		if strings.HasPrefix(id, "workload/") {
			others.add(c)
		} else {
			pods.add(c)
		}
	}
	return pods, others
}

// parts are how many of the counted pairs are gone, in percent.
func (s *helmSum) parts() (pods, others float64) {
	a, b := s.sums()
	return a.part(), b.part()
}

func printHelmHead() {
	fmt.Printf("%-34s %7s %7s %7s %7s %7s %7s %8s %7s %7s %7s\n", "repository", "renders", "failed", "agreed", "flips", "asked",
		"value", "template", "alike", "left", "gone")
}

// line prints a repository.
func (s *helmSum) line(name string) {
	c, others := s.sums()
	c.add(&others)
	fmt.Printf("%-34s %7d %7d %7d %7d %7d %7d %8d %7d %7d %6.1f%%\n", name, s.renders, s.failed, s.agreed, s.flips, c.asked, c.value,
		c.template, c.alike, c.left, c.part())
}

// print prints the checks, and why pairs are left.
func (s *helmSum) print() {
	fmt.Printf("\n%-34s %7s %7s %8s %7s %7s %7s   %d differences that nothing asked for\n", "charts: check", "asked", "value", "template",
		"alike", "left", "gone", s.unwanted)
	row := func(id string, c *helmCheck) {
		fmt.Printf("%-34s %7d %7d %8d %7d %7d %6.1f%%\n", id, c.asked, c.value, c.template, c.alike, c.left, c.part())
	}
	for _, id := range slices.Sorted(maps.Keys(s.checks)) {
		row(id, s.checks[id])
	}
	pods, others := s.sums()
	row("all of Pod Security", &pods)
	row("all of workload", &others)
	for _, reason := range slices.Sorted(maps.Keys(s.reasons)) {
		list := s.reasons[reason]
		fmt.Printf("%5d left: %.400s\n", len(list), strings.ReplaceAll(reason, "\n", " "))
		slices.Sort(list)
		for _, what := range list[:min(5, len(list))] {
			fmt.Printf("              %s\n", what)
		}
	}
}

// objectsOf decodes what we rendered.
func objectsOf(t *testing.T, res render.Result) (out []map[string]any) {
	if res.Err != nil {
		return nil
	}
	for i := range res.Objects {
		var o map[string]any
		if err := json.Unmarshal(res.Objects[i].JSON, &o); err != nil {
			t.Fatal(err)
		}
		out = append(out, o)
	}
	return out
}

func valuesIn(t *testing.T, file string) any {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := sigsyaml.Unmarshal(data, &v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return v
}

// eachBool calls f for each boolean, with its key as --set takes it.
func eachBool(v any, at string, f func(key string, on bool)) {
	m, ok := v.(map[string]any)
	if !ok {
		if on, ok := v.(bool); ok {
			f(at, on)
		}
		return
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		eachBool(m[k], strings.TrimPrefix(at+"."+strings.ReplaceAll(k, ".", `\.`), "."), f)
	}
}
