package check

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/syncgate/syncgate/render"
)

// Policy is what a pod is held against.
type Policy struct {
	Level   string // privileged, baseline or restricted
	Version string // v1.N; never latest
}

func (p Policy) String() string { return p.Level + ":" + p.Version }

// Finding is one thing that one object lacks or must not have.
type Finding struct {
	Rule      *Rule
	Severity  Severity
	Source    string // render.Source.ID
	Policy    Policy
	Object    *render.Object
	Container string      // "" when the finding is about the pod or the object
	Path      render.Path // in the rendered object
	Value     string      // the offending value as written, "" when a field is missing or secret
	Message   string
	Want      []Want // empty when Safety is FixManual
	Safety    Safety
	Advice    string // what to test, or what to do instead
	Evidence  string // what shows that the fix is safe, "" when the manifest does
	Origin    render.Origin
	Exempt    *Exemption // nil when the finding counts

	print  string   // Fingerprint, once it is known
	images []string // of the container or the whole pod, where a waiver asks for them
	member string   // what the path alone does not tell apart: the name of a variable
	lacks  string   // what a namespace may give, or demand: lacksToken, lacksLimits and such
}

// Exemption says why a finding does not count.
type Exemption struct {
	Reason string `json:"reason"`
	By     string `json:"by"` // where the exemption is written
}

// Fingerprint identifies a finding across revisions: it does not depend on lines, indexes or messages.
func (f *Finding) Fingerprint() string {
	if f.print != "" {
		return f.print
	}
	h := sha256.New()
	parts := []string{f.Rule.ID, f.Source, f.Object.APIVersion, f.Object.Kind, f.Object.Namespace, f.Object.Name,
		f.Container, pathWithoutIndexes(f.Path), f.Value}
	if f.member != "" {
		parts = append(parts, f.member)
	}
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s\n", len(part), part)
	}
	f.print = hex.EncodeToString(h.Sum(nil)[:16])
	return f.print
}

// LacksResource says which resource a finding misses, and whether in the "limits" or the "requests" of a container; ok is
// false for other findings.
func (f *Finding) LacksResource() (field string, name corev1.ResourceName, ok bool) {
	for _, prefix := range []string{lacksLimits, lacksRequests} {
		if name, ok := strings.CutPrefix(f.lacks, prefix); ok {
			return strings.TrimSuffix(prefix, "."), corev1.ResourceName(name), true
		}
	}
	return "", "", false
}

func pathWithoutIndexes(p render.Path) string {
	var keys []string
	for _, s := range p {
		if !s.IsIndex {
			keys = append(keys, s.Key)
		}
	}
	return strings.Join(keys, "/")
}

// sortFindings orders findings by place, object, then rule, so that reports are stable. Those of a source stand side by side
// already, sources in the order of their IDs: there may be too many to sort them all at once.
func sortFindings(fs []Finding) {
	for len(fs) > 0 {
		n := 1
		for n < len(fs) && fs[n].Source == fs[0].Source {
			n++
		}
		sortSource(fs[:n])
		fs = fs[n:]
	}
}

// sortSource orders the findings of one source.
func sortSource(fs []Finding) {
	key := func(f *Finding) string {
		return strings.Join([]string{f.Origin.File, fmt.Sprintf("%08d", f.Origin.Line), f.Object.Kind,
			f.Object.Namespace, f.Object.Name, f.Container, f.Rule.ID, f.Path.String(), f.Message}, "\x00")
	}
	keys := make([]string, len(fs))
	order := make([]int, len(fs))
	for i := range fs {
		keys[i], order[i] = key(&fs[i]), i
	}
	sort.SliceStable(order, func(a, b int) bool { return keys[order[a]] < keys[order[b]] })
	out := make([]Finding, len(fs))
	for i, j := range order {
		out[i] = fs[j]
	}
	copy(fs, out)
}
