//go:build fixrate

package main

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// askedFor adds the pairs of an object that no fix may mend: the manifest asks for what the check forbids, or the API
// refuses what it wants.
func askedFor(object map[string]any, into pairSet) {
	for _, template := range podTemplates(object) {
		spec, _ := template["spec"].(map[string]any)
		for _, id := range explicit(spec) {
			p := pair{apiVersion: textAt(object, "apiVersion"), kind: textAt(object, "kind"), check: id}
			meta, _ := object["metadata"].(map[string]any)
			p.namespace, p.name = textAt(meta, "namespace"), textAt(meta, "name")
			if p.name == "" {
				p.name = textAt(meta, "generateName")
			}
			into[p] = true
		}
	}
}

// alwaysAsked are the checks that forbid only what somebody has written.
var alwaysAsked = []string{"privileged", "runAsUser", "hostNamespaces", "hostPathVolumes", "hostPorts", "sysctls",
	"hostProbesAndHostLifecycle", "restrictedVolumes", "procMount", "procMount_restricted", "seLinuxOptions",
	"windowsHostProcess", "seccompProfile_baseline", "appArmorProfile", "capabilities_baseline"}

// explicit lists the checks that a pod's spec fails on purpose.
func explicit(spec map[string]any) []string {
	out := slices.Clone(alwaysAsked)
	pod, _ := spec["securityContext"].(map[string]any)
	if unconfined(pod) {
		out = append(out, "seccompProfile_restricted")
	}
	for _, list := range []string{"initContainers", "containers", "ephemeralContainers"} {
		containers, _ := spec[list].([]any)
		for _, c := range containers {
			c, _ := c.(map[string]any)
			own, _ := c["securityContext"].(map[string]any)
			out = append(out, explicitIn(pod, own)...)
		}
	}
	return out
}

// explicitIn is explicit for a container's security context.
func explicitIn(pod, own map[string]any) (out []string) {
	either := func(key string) any {
		if v := own[key]; v != nil {
			return v
		}
		return pod[key]
	}
	if user := either("runAsUser"); user != nil && fmt.Sprint(user) == "0" && either("runAsNonRoot") != true {
		out = append(out, "runAsNonRoot")
	}
	if unconfined(own) {
		out = append(out, "seccompProfile_restricted")
	}
	capabilities, _ := own["capabilities"].(map[string]any)
	added, _ := capabilities["add"].([]any)
	for _, c := range added {
		if c != "NET_BIND_SERVICE" {
			out = append(out, "capabilities_restricted")
		}
		if c == "SYS_ADMIN" || c == "CAP_SYS_ADMIN" { // which allowPrivilegeEscalation: false contradicts
			out = append(out, "allowPrivilegeEscalation")
		}
	}
	if own["privileged"] == true { // the API refuses allowPrivilegeEscalation: false beside it
		out = append(out, "allowPrivilegeEscalation")
	}
	return out
}

func unconfined(context map[string]any) bool {
	profile, _ := context["seccompProfile"].(map[string]any)
	return profile["type"] == "Unconfined"
}

// wantedField matches the paths of fields that a fix may change.
var wantedField = regexp.MustCompile(`\.(securityContext(\.(runAsNonRoot|readOnlyRootFilesystem|allowPrivilegeEscalation|` +
	`seccompProfile(\.type)?|capabilities(\.drop.*)?))?|resources(\.(limits|requests)(\.(cpu|memory))?)?|volumes|volumeMounts|` +
	`automountServiceAccountToken|labels|labels\.pod-security\.kubernetes\.io/enforce)$`)

// differencesBetween lists the paths at which two objects differ, down to where one of them ends.
func differencesBetween(a, b any) []string {
	var out []string
	differ("", a, b, &out)
	return out
}

func differ(at string, a, b any, out *[]string) {
	if reflect.DeepEqual(a, b) {
		return
	}
	am, aok := a.(map[string]any)
	bm, bok := b.(map[string]any)
	al, alist := a.([]any)
	bl, blist := b.([]any)
	switch {
	case aok && bok:
		keys := map[string]bool{}
		for k := range am {
			keys[k] = true
		}
		for k := range bm {
			keys[k] = true
		}
		for _, k := range slices.Sorted(maps.Keys(keys)) {
			differ(at+"."+k, am[k], bm[k], out)
		}
	case alist && blist && len(al) == len(bl):
		for i := range al {
			differ(fmt.Sprintf("%s[%d]", at, i), al[i], bl[i], out)
		}
	case alist && blist && keepsItems(al, bl):
		*out = append(*out, at)
	case alist && blist:
		*out = append(*out, at+" (items changed)")
	default:
		*out = append(*out, at)
	}
}

// keepsItems reports whether b holds all items of a.
func keepsItems(a, b []any) bool {
	for _, x := range a {
		if !slices.ContainsFunc(b, func(y any) bool { return reflect.DeepEqual(x, y) }) {
			return false
		}
	}
	return true
}

func nameOfObject(o map[string]any) string {
	meta, _ := o["metadata"].(map[string]any)
	return textAt(meta, "namespace") + "/" + textAt(meta, "name")
}

// rateSum counts pairs of a kind of sources.
type rateSum struct {
	sources, failed, objects int
	unwanted                 int
	checks                   map[string]*rateCheck
	reasons                  map[string][]string // the pairs, by reason
}

// rateCheck counts the pairs of one check.
type rateCheck struct {
	asked        int // not counted, as the manifest asks for it
	safe, review int // gone
	left         int
}

func newRateSum() *rateSum {
	return &rateSum{checks: map[string]*rateCheck{}, reasons: map[string][]string{}}
}

func (s *rateSum) check(id string) *rateCheck {
	if s.checks[id] == nil {
		s.checks[id] = &rateCheck{}
	}
	return s.checks[id]
}

// leave notes a pair that is left.
func (s *rateSum) leave(reason, what string) {
	s.reasons[reason] = append(s.reasons[reason], what)
}

func (s *rateSum) add(o *rateSum) {
	s.sources, s.failed, s.objects, s.unwanted = s.sources+o.sources, s.failed+o.failed, s.objects+o.objects, s.unwanted+o.unwanted
	for id, c := range o.checks {
		to := s.check(id)
		to.asked, to.safe, to.review, to.left = to.asked+c.asked, to.safe+c.safe, to.review+c.review, to.left+c.left
	}
	for reason, list := range o.reasons {
		s.reasons[reason] = append(s.reasons[reason], list...)
	}
}

func (s *rateSum) all() (sum rateCheck) {
	for _, c := range s.checks {
		sum.asked, sum.safe, sum.review, sum.left = sum.asked+c.asked, sum.safe+c.safe, sum.review+c.review, sum.left+c.left
	}
	return sum
}

// part is how many of the counted pairs are gone, in percent.
func (s *rateSum) part() float64 { return s.all().part() }

func (c rateCheck) part() float64 {
	if c.safe+c.review+c.left == 0 {
		return 100
	}
	return 100 * float64(c.safe+c.review) / float64(c.safe+c.review+c.left)
}

func printRateHead() {
	fmt.Printf("%-34s %-10s %7s %7s %8s %7s %7s %7s %7s %7s %7s\n", "repository", "kind", "sources", "failed", "objects",
		"asked", "before", "safe", "review", "left", "gone")
}

// line prints a repository.
func (s *rateSum) line(name, kind string) {
	c := s.all()
	fmt.Printf("%-34s %-10s %7d %7d %8d %7d %7d %7d %7d %7d %6.1f%%\n", name, kind, s.sources, s.failed, s.objects, c.asked,
		c.safe+c.review+c.left, c.safe, c.review, c.left, c.part())
}

// print prints the checks, and why pairs are left.
func (s *rateSum) print(kind string) {
	fmt.Printf("\n%-34s %7s %7s %7s %7s %7s %7s   %d differences that nothing asked for\n", kind+": check", "asked", "before", "safe",
		"review", "left", "gone", s.unwanted)
	for _, id := range slices.Sorted(maps.Keys(s.checks)) {
		c := s.checks[id]
		fmt.Printf("%-34s %7d %7d %7d %7d %7d %6.1f%%\n", id, c.asked, c.safe+c.review+c.left, c.safe, c.review, c.left, c.part())
	}
	byCount := slices.SortedFunc(maps.Keys(s.reasons), func(a, b string) int {
		if d := len(s.reasons[b]) - len(s.reasons[a]); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for _, reason := range byCount {
		fmt.Printf("%5d left: %.400s\n", len(s.reasons[reason]), strings.ReplaceAll(reason, "\n", " "))
		slices.Sort(s.reasons[reason])
		for _, what := range s.reasons[reason][:min(3, len(s.reasons[reason]))] {
			fmt.Printf("              %s\n", what)
		}
	}
}
