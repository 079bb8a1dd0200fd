package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/fix"
)

// summarize says what was fixed, what is left and why, and what to test.
func (c *fixCommand) summarize(out io.Writer, v *fix.Verified) error {
	w := bufio.NewWriter(out)
	if !c.quiet {
		c.summarizeFixed(w, v)
	}
	summarizeLeft(w, v, c.located, c.verbose)
	for _, e := range v.Failed() {
		fmt.Fprintf(w, "\nleft alone, since it does not render: %s\n  %s\n", printable(cmp.Or(e.Source, e.File)), printable(e.Error()))
		if e.Hint != "" {
			fmt.Fprintf(w, "  %s\n", printable(e.Hint))
		}
	}
	if c.verbose {
		c.summarizeMasked(w, v)
	}
	for _, n := range v.Before().Notices {
		if !c.quiet {
			fmt.Fprintf(w, "\nnotice: %s: %s\n", printable(n.File), printable(n.Text))
		}
	}
	fixed := 0
	for _, p := range v.Patches() {
		fixed += len(p.Resolves)
	}
	verb := "fixed"
	if c.diff || c.bundle != "" {
		verb = "can fix"
	}
	fmt.Fprintf(w, "\n%s %s in %s; %s left\n", verb, count(fixed, "finding"), count(len(v.Files()), "file"), count(len(v.Left()), "finding"))
	return w.Flush()
}

// summarizeMasked lists what the proof could not look at.
func (c *fixCommand) summarizeMasked(w io.Writer, v *fix.Verified) {
	for _, id := range slices.Sorted(maps.Keys(v.Masked())) {
		fmt.Fprintf(w, "\nnot compared, since it differs from render to render: %s\n", printable(id))
		for _, field := range v.Masked()[id] {
			fmt.Fprintf(w, "  %s\n", printable(field))
		}
	}
}

func (c *fixCommand) summarizeFixed(w io.Writer, v *fix.Verified) {
	file := ""
	for _, p := range v.Patches() {
		if at := c.fileOf(p); at != file {
			file = at
			fmt.Fprintf(w, "\n%s\n", printable(file))
		}
		fmt.Fprintf(w, "  %-6s  %s", p.Safety(), printable(p.Title()))
		if n := len(p.Reaches()); n > 1 {
			fmt.Fprintf(w, " (reaches %d sources)", n)
		}
		fmt.Fprintln(w)
		if c.verbose {
			explain(w, p.How, v.Tried(p.Resolves...))
			for _, also := range p.Also {
				fmt.Fprintf(w, "          changes with it, since it reads the same value: %s\n", printable(also))
			}
		}
	}
	advice := map[string]bool{}
	for _, p := range v.Patches() {
		for _, a := range p.Advice() {
			advice[a] = true
		}
	}
	if len(advice) > 0 {
		fmt.Fprintf(w, "\ntest before you ship:\n")
		for _, a := range sorted(advice) {
			fmt.Fprintf(w, "  - %s\n", printable(a))
		}
	}
}

// fileOf is the file that people are told that a patch is in.
func (c *fixCommand) fileOf(p *fix.Patch) string {
	if c.from != nil {
		return cmp.Or(c.from(&p.Resolves[0]), p.Place.File)
	}
	return p.Place.File
}

// explain says how a fix was found, and what had been tried before.
func explain(w io.Writer, how string, tried []string) {
	if how != "" {
		fmt.Fprintf(w, "          found: %s\n", printable(how))
	}
	for _, t := range tried {
		if t != how {
			fmt.Fprintf(w, "          tried: %s\n", printable(t))
		}
	}
}

// summarizeLeft groups what stays by rule and reason. all also says what was tried.
func summarizeLeft(w io.Writer, v *fix.Verified, located func(check.Finding) check.Finding, all bool) {
	left := v.Left()
	if len(left) == 0 {
		return
	}
	groups := map[string][]check.Finding{}
	for _, l := range left {
		key := l.Finding.Rule.ID + ": " + l.Reason
		groups[key] = append(groups[key], l.Finding)
	}
	keys := make([]string, 0, len(groups))
	for k := range groups {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	fmt.Fprintf(w, "\nleft:\n")
	for _, k := range keys {
		fmt.Fprintf(w, "  %s\n", printable(k))
		for i, f := range groups[k] {
			if i == 3 && !all && len(groups[k]) > 4 {
				fmt.Fprintf(w, "    and %d more (-v lists them)\n", len(groups[k])-i)
				break
			}
			at := located(f)
			fmt.Fprintf(w, "    %s: %s\n", printable(where(&at)), printable(f.Object.ID()+containerPart(&f)))
			if all {
				explain(w, "", slices.DeleteFunc(v.Tried(f), func(t string) bool { return strings.HasSuffix(k, ": "+t) }))
			}
		}
	}
}

func containerPart(f *check.Finding) string {
	if f.Container == "" {
		return ""
	}
	return fmt.Sprintf(", container %q", f.Container)
}

// where is file:line:column, as far as known.
func where(f *check.Finding) string {
	parts := []string{f.Origin.File}
	if f.Origin.File == "" {
		parts[0] = f.Source
	}
	if f.Origin.Line > 0 {
		parts = append(parts, fmt.Sprint(f.Origin.Line))
		if f.Origin.Column > 0 {
			parts = append(parts, fmt.Sprint(f.Origin.Column))
		}
	}
	return strings.Join(parts, ":")
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func sorted(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }
