package render

import (
	"encoding/json"
	"strings"
	"testing"
)

// ids lists what a plain file holds, or the error.
func ids(t *testing.T, text string) (list []string, fault *Error) {
	t.Helper()
	return idsOf(t, "f.yaml", text)
}

func idsOf(t *testing.T, file, text string) (list []string, fault *Error) {
	t.Helper()
	tree := writeRepo(t, map[string]string{file: text})
	res := Render(tree, Source{ID: file, Path: file, Kind: KindPlain}, Options{})
	for _, o := range res.Objects {
		list = append(list, o.APIVersion+" "+o.ID())
	}
	return list, res.Err
}

func TestObjectsOfAFile(t *testing.T) {
	const pod = "{apiVersion: v1, kind: Pod, metadata: {name: p}}"
	for _, c := range []struct{ name, text, want string }{
		{"two documents", "apiVersion: v1\nkind: Pod\n---\n# nothing\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: ns}\n", "v1 Pod , v1 Secret ns/s"},
		{"generateName", "{apiVersion: v1, kind: Pod, metadata: {generateName: g-}}", "v1 Pod g-"},
		{"list", "apiVersion: v1\nkind: List\nitems: [" + pod + "]", "v1 Pod p"},
		{"typed list", "apiVersion: v1\nkind: PodList\nitems: [" + pod + "]", "v1 Pod p"},
		{"list in list", "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: List, items: [" + pod + "]}]", "v1 Pod p"},
		{"empty list", "apiVersion: v1\nkind: List\nitems: []", ""},
		{"items of objects without a List's name, which kubectl and Argo CD take apart all the same",
			"apiVersion: v1\nkind: ConfigMap\nitems: [" + pod + "]", "v1 Pod p"},
		{"items that are no objects", "apiVersion: x/v1\nkind: Menu\nmetadata: {name: m}\nitems: [soup, {name: fish}]", "x/v1 Menu m"},
		{"the exact key wins over one in other case", "apiVersion: v1\nkind: Pod\nKind: ConfigMap\nKIND: ConfigMap\nmetadata: {name: p, Name: q}\nMetadata: {name: r}", "v1 Pod p"},
		{"the exact key wins over one in other case, in JSON", `{"apiVersion":"v1","kind":"Pod","Kind":"ConfigMap","metadata":{"name":"p"},"ITEMS":[]}`, "v1 Pod p"},
		{"an empty group is the core group", "apiVersion: /v1\nkind: Pod\nmetadata: {name: p}", "v1 Pod p"},
		{"CRLF", "apiVersion: v1\r\nkind: Pod\r\nmetadata:\r\n  name: p\r\n", "v1 Pod p"},
		{"BOM", "\ufeffapiVersion: v1\nkind: Pod\nmetadata: {name: p}\n", "v1 Pod p"},
		{"escaped keys", `{"api\u0056ersion": v1, "k\x69nd": Pod, metadata: {name: p}}`, "v1 Pod p"},
		{"JSON documents one after the other", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}} {"apiVersion":"v1","kind":"Pod","metadata":{"name":"q"}}`, "v1 Pod p, v1 Pod q"},
	} {
		got, err := ids(t, c.text)
		if err != nil || strings.Join(got, ", ") != c.want {
			t.Errorf("%s: got %q and error %v, want %q", c.name, strings.Join(got, ", "), err, c.want)
		}
	}
}

func TestObjectsThatCannotBeRead(t *testing.T) {
	deep := strings.Repeat("{apiVersion: v1, kind: List, items: [", 200) + strings.Repeat("]}", 200)
	for _, c := range []struct{ name, text, want string }{
		{"no kind", "apiVersion: v1\nkind: Pod\n---\n\napiVersion: v1\nmetadata: {name: x}\n", "f.yaml:5: an object has no kind"},
		{"no apiVersion", "apiVersion: v1\nkind: Pod\n---\nkind: Pod\n", "f.yaml:4: an object of kind Pod has no apiVersion"},
		{"kind is a number", "apiVersion: v1\nkind: 7\n---\napiVersion: v1\nkind: Pod\n", "f.yaml:1: kind must be a string, not a number"},
		{"metadata is a string", "apiVersion: v1\nkind: Pod\nmetadata: s3cret\n", "f.yaml:1: metadata must be a mapping, not a string"},
		{"name is a number", "apiVersion: v1\nkind: Pod\nmetadata: {name: 123456789}\n", "f.yaml:1: metadata.name must be a string, not a number"},
		{"items is a mapping", "apiVersion: v1\nkind: List\nitems: {a: b}\n", "f.yaml:1: items must be a list, not a mapping"},
		{"an item without a kind", "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Pod}, {a: 1}]\n", "f.yaml:1: items[1] has no kind"},
		{"a string among objects", "apiVersion: v1\nkind: Pod\n---\ns3cret\n", "f.yaml:4: a document is no object"},
		{"lists without end", deep, "f.yaml:1: lists within lists, more than 20 deep"},
		{"a line that only looks like a separator", "apiVersion: v1\nkind: ConfigMap\n---x\nkind: Pod\n", "f.yaml:3: "},
		{"an object before what is no YAML", "\"\\x61piVersion\": v1\n\"k\\x69nd\": Pod\n...\n:\t[\n", "f.yaml:"},
		{"broken JSON in one line", `{"apiVersion":"v1","kind":"Pod","a":"s3cret" "s3cret"}`, "f.yaml"},
		{"a separator inside a string", "\"\n---x\napiVersion: v1\nkind: Pod\n\"\n", "f.yaml:2: a line that starts with --- and goes on is no separator"},
	} {
		got, err := ids(t, c.text)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: got %v and error %v, want %q", c.name, got, err, c.want)
			continue
		}
		if err.Hint == "" {
			t.Errorf("%s: %v comes without a hint", c.name, err)
		}
		if strings.Contains(err.Error()+err.Hint, "s3cret") || strings.Contains(err.Error(), "123456789") {
			t.Errorf("%s: the message shows a value: %v", c.name, err)
		}
	}
}

func TestNotManifests(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "a: 1\n", "- apiVersion\n- kind\n", "just text\n", "apiVersion: 1\n",
		"{{ if .Values.x }}\na: b\n{{ end }}\n", "\n---\n---\n"} {
		tree := writeRepo(t, map[string]string{"f.yaml": text})
		res := Render(tree, Source{Path: "f.yaml", Kind: KindPlain}, Options{})
		if res.Err != nil || res.NotManifests == "" || len(res.Objects) > 0 {
			t.Errorf("%q: error %v, not manifests %q, %d objects", text, res.Err, res.NotManifests, len(res.Objects))
		}
	}
}

// What goes over a bound is never taken for something that is no manifest.
func TestLimitsAreErrors(t *testing.T) {
	tree := writeRepo(t, map[string]string{
		"many.yaml":  strings.Repeat("{apiVersion: v1, kind: Pod}\n---\n", 20),
		"empty.yaml": "# apiVersion kind\n" + strings.Repeat("---\n", 20),
		"list.yaml":  "apiVersion: v1\nkind: List\nitems: [" + strings.Repeat("{apiVersion: v1, kind: Pod},", 20) + "]",
		"deep.yaml":  "apiVersion: v1\nkind: Pod\nx: " + strings.Repeat("[", 30) + strings.Repeat("]", 30),
		"deep.json":  `{"apiVersion":"v1","kind":"Pod","x":` + strings.Repeat("[", 30) + strings.Repeat("]", 30) + "}",
		"parser.yml": "x: " + strings.Repeat("[", 10002) + "apiVersion kind" + strings.Repeat("]", 10002),
		"small.yaml": "apiVersion: v1\nkind: Pod\n",
	})
	limits := Limits{Objects: 10, Depth: 20}
	for name, hint := range map[string]string{"many.yaml": "--max-objects", "empty.yaml": "--max-objects",
		"list.yaml": "--max-objects", "deep.yaml": "--max-depth", "deep.json": "--max-depth", "parser.yml": "no Kubernetes object"} {
		res := renderWithin(tree, Source{Path: name, Kind: KindPlain}, Options{}, limits)
		if res.Err == nil || !res.Err.Limit || !strings.Contains(res.Err.Hint, hint) || res.Err.File != name {
			t.Errorf("%s: %+v, want a limit with a hint that holds %q", name, res.Err, hint)
		}
	}
	for _, l := range []Limits{{Files: 1}, {Input: 1}} {
		src := Source{Path: "small.yaml", Kind: KindPlain}
		res := renderWithin(tree.With(map[string][]byte{"small.yaml": []byte("apiVersion: v1\nkind: Pod")}), src, Options{}, l)
		if failed := res.Err != nil; failed != (l.Input > 0) {
			t.Errorf("%+v: %v", l, res.Err)
		}
	}
}

func TestQuotaRemembersItsRefusal(t *testing.T) {
	tree := writeRepo(t, map[string]string{"a": "12345", "b": "1"})
	rec := tree.Recording()
	rec.quota = &quota{limits: Limits{Files: 10, Input: 4}}
	if _, err := rec.ReadFile("a"); err == nil {
		t.Error("more than the quota was read")
	}
	if _, err := rec.ReadFile("b"); err == nil {
		t.Error("after a refusal nothing more may be read")
	}
	if r := rec.quota.refused(); r == nil || r.File != "a" || !strings.Contains(r.Hint, "--max-input") {
		t.Errorf("refused: %+v", r)
	}
}

func TestMaskSecret(t *testing.T) {
	o := &Object{Kind: "Secret", JSON: json.RawMessage(`{"kind":"Secret","data":{"a":"eA=="},"stringData":"oops","type":"Opaque",
		"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"x","b":"c"}}}`)}
	got, err := MaskSecret(o)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, string(got), `{"data":{"a":"*****"},"kind":"Secret","metadata":{"annotations":{"b":"c","kubectl.kubernetes.io/last-applied-configuration":"*****"}},"stringData":"*****","type":"Opaque"}`)
}

func TestHead(t *testing.T) {
	for text, want := range map[string]string{
		"kind: Pod\nspec: {a: 1}\napiVersion: v1\nmetadata: {name: p}\n": `{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p"}}`,
		"KIND: Pod\nkind: Job\nkind: Pod\n":                              `{"KIND":"Pod","kind":"Pod"}`,
		"a: &a {kind: Pod}\n<<: *a\nitems: [{kind: X}]\n":                `{"kind":"Pod","items":[{"kind":"X"}]}`,
		"spec: {kind: Pod}\n":                                            `{"spec":{"kind":"Pod"}}`, // nothing at the top: the whole
		"[kind]\n":                                                       `["kind"]`,
	} {
		docs, err := decode("f.yaml", []byte(text), newBudget())
		if err != nil || len(docs) != 1 {
			t.Fatal(docs, err)
		}
		if got := string(docs[0].short()); got != want {
			t.Errorf("%q: head %s, want %s", text, got, want)
		}
	}
}
