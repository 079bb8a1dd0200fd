package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/syncgate/syncgate/check"
)

func newRules(std stdio) *cobra.Command {
	return &cobra.Command{
		Use:   "rules [RULE]",
		Short: "List rules; explain one",
		Example: `  syncgate rules
  syncgate rules pss/runAsNonRoot`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listRules(std)
			}
			rules, err := check.Selection{Select: args}.Rules()
			if err != nil {
				return err
			}
			for _, r := range rules {
				explainRule(std, r)
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var ids []string
			for _, r := range check.Rules() {
				ids = append(ids, r.ID+"\t"+r.Title)
			}
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

func listRules(std stdio) error {
	w := tabwriter.NewWriter(std.Out, 0, 4, 2, ' ', 0)
	for _, r := range check.Rules() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", r.ID, r.Severity, r.Title)
	}
	return w.Flush()
}

func explainRule(std stdio, r *check.Rule) {
	fmt.Fprintf(std.Out, "%s (%s)\n%s\n\n%s\n\n", r.ID, r.Severity, r.Title, r.Why)
	if r.Example.Bad != "" {
		fmt.Fprintf(std.Out, "Found:\n%s\nWanted:\n%s\n", indent(r.Example.Bad), indent(r.Example.Good))
	}
	fmt.Fprintf(std.Out, "Fix: %s\n", r.Fix)
	if len(r.OWASP) > 0 {
		fmt.Fprintf(std.Out, "OWASP Kubernetes Top Ten: %s\n", strings.Join(r.OWASP, ", "))
	}
	if len(r.CIS) > 0 {
		fmt.Fprintf(std.Out, "CIS Kubernetes Benchmark: %s\n", strings.Join(r.CIS, ", "))
	}
}

func indent(s string) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return "  " + strings.Join(lines, "\n  ") + "\n"
}
