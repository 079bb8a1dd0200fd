package check

import (
	"os"
	"reflect"
	"regexp"
	"strconv"
	"testing"

	psaapi "k8s.io/pod-security-admission/api"

	"github.com/syncgate/syncgate/render"
)

// TestNamespacePolicies states what labels of namespaces come to.
func TestNamespacePolicies(t *testing.T) {
	const enforce, enforceVersion, warn, audit = psaapi.EnforceLevelLabel, psaapi.EnforceVersionLabel, psaapi.WarnLevelLabel,
		psaapi.AuditLevelLabel
	floor := Policy{"restricted", "v1.35"}
	type labels = map[string]string
	for _, test := range []struct {
		name       string
		own, other []labels
		want       Policy
		also       []Policy
	}{
		{name: "nobody declares it", want: floor},
		{name: "no label", own: []labels{{}}, want: floor},
		{name: "enforce", own: []labels{{enforce: "baseline", enforceVersion: "v1.30"}}, want: Policy{"baseline", "v1.30"}},
		{name: "latest is the cluster's", own: []labels{{enforce: "baseline", enforceVersion: "latest"}}, want: Policy{"baseline", "v1.33"}},
		{name: "no version", own: []labels{{enforce: "baseline"}}, want: Policy{"baseline", "v1.35"}},
		{name: "warn and audit", own: []labels{{enforce: "privileged", warn: "restricted", audit: "baseline"}},
			want: Policy{"privileged", "v1.35"}, also: []Policy{{"restricted", "v1.35"}, {"baseline", "v1.35"}}},
		{name: "warn without enforce", own: []labels{{warn: "restricted"}}, want: floor},
		{name: "invalid means restricted", own: []labels{{enforce: "privilegd", enforceVersion: "v1.30"}}, want: Policy{"restricted", "v1.30"}},
		{name: "invalid version means latest", own: []labels{{enforce: "baseline", enforceVersion: "1.30"}}, want: Policy{"baseline", "v1.33"}},
		{name: "its own before others", own: []labels{{enforce: "privileged"}}, other: []labels{{enforce: "baseline"}},
			want: Policy{"privileged", "v1.35"}},
		{name: "the strictest of others", other: []labels{{enforce: "privileged"}, {enforce: "baseline", enforceVersion: "v1.30"},
			{enforce: "baseline", enforceVersion: "v1.31"}}, want: Policy{"baseline", "v1.31"}, also: []Policy{{"baseline", "v1.30"}}},
		{name: "one of the others says nothing", other: []labels{{enforce: "privileged"}, {}}, want: floor},
	} {
		d := &Declared{}
		put := func(source string, l labels) {
			x := newDeclarations()
			x.labels["shop"] = l
			d.put(source, x)
		}
		for _, l := range test.own {
			put("own", l)
		}
		for i, l := range test.other {
			put("other"+strconv.Itoa(i), l)
		}
		latest, err := psaapi.ParseVersion("v1.33")
		if err != nil {
			t.Fatal(err)
		}
		got, also := d.namespaces(latest).policies(&render.Source{ID: "own"}, "shop", floor)
		if got != test.want || len(also)+len(test.also) > 0 && !reflect.DeepEqual(also, test.also) {
			t.Errorf("%s: %v and %v, want %v and %v", test.name, got, also, test.want, test.also)
		}
		if got, _ := d.namespaces(latest).policies(&render.Source{ID: "own"}, "", floor); got != floor {
			t.Errorf("%s: an unknown namespace is held against %v", test.name, got)
		}
	}
}

// TestNewestMinor holds the constant against the version of the library in go.mod.
func TestNewestMinor(t *testing.T) {
	text, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`pod-security-admission => k8s.io/pod-security-admission v0\.(\d+)\.`).FindSubmatch(text)
	if m == nil || string(m[1]) != strconv.Itoa(NewestMinor) {
		t.Errorf("go.mod has pod-security-admission v0.%s, NewestMinor is %d", m[1], NewestMinor)
	}
}

func TestNewPolicy(t *testing.T) {
	for _, test := range []struct{ level, version, kube, want string }{
		{"restricted", "latest", "v1.31.4", "restricted:v1.31"},
		{"auto", "", "1.30", "auto:v1.30"},
		{"baseline", "v1.0", "v1.31", "baseline:v1.0"},
		{"baseline", "latest", "v1.99", "baseline:v1.99"},
		{"baseline", "v1.99", "v1.31", ""},
		{"baseline", "v2.0", "v1.31", ""},
		{"baseline", "1.30", "v1.31", ""},
		{"strict", "latest", "v1.31", ""},
		{"baseline", "latest", "x", ""},
	} {
		p, err := NewPolicy(test.level, test.version, test.kube)
		if err != nil {
			p = Policy{}
		}
		if got := p.String(); (got != test.want || err != nil) && (err == nil || test.want != "") {
			t.Errorf("%+v: %s, %v", test, got, err)
		}
	}
}
