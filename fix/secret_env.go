package fix

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/fix/yamledit"
	"github.com/syncgate/syncgate/render"
)

// referTo puts the credentials in the environment of one workload into a SealedSecret behind it in its file, and has the
// variables refer to that.
func (p *prover) referTo(d *secretDocument) (*Patch, string) {
	switch {
	case d.namespace == "":
		return nil, "nobody says which namespace it goes to, and a value can be sealed for that alone: write metadata.namespace, or " +
			"namespace for the source in the config's sources"
	case p.sealer == nil:
		return nil, noSealer
	case strings.HasSuffix(d.place.File, ".json"), strings.HasPrefix(strings.TrimSpace(string(d.data)), "{"):
		return nil, "a JSON file takes no document beside this one: move the value to a SealedSecret by hand"
	}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: d.namespace, Name: p.freeName(d)}, Data: map[string][]byte{}}
	x := &Patch{Place: d.place, How: "a SealedSecret behind the workload"}
	var ops []yamledit.Op
	edited := map[string]bool{}
	for _, f := range d.findings {
		want := f.Want[0].(check.Refer)
		value, reason := p.variable(d, &f)
		if reason != "" {
			return nil, reason
		}
		want.Secret, want.Key = secret.Name, keyFor(secret, &f, want.Variable, value)
		if want.Key == "" {
			return nil, fmt.Sprintf("%q cannot be a key of a Secret: rename the variable", want.Variable)
		}
		secret.Data[want.Key] = []byte(value)
		place, _, _ := p.loc.Field(f.Object, want.Path)
		if !edited[place.Path.String()] {
			edited[place.Path.String()] = true
			ops = append(ops, yamledit.Delete{Doc: place.Doc, Path: place.Path.Key("value")},
				yamledit.Set{Doc: place.Doc, Path: place.Path.Key("valueFrom"), Value: secretKeyRef(want)})
			x.Wants = append(x.Wants, want)
		}
		f.Want = []check.Want{want}
		x.Resolves = append(x.Resolves, f)
	}
	by, err := p.sealer.seal(secret)
	if err != nil {
		return nil, "sealing it: " + err.Error()
	}
	for i := range x.Resolves {
		want := x.Resolves[i].Want[0].(check.Refer)
		want.By = by
		x.Resolves[i].Want = []check.Want{want}
	}
	meta := map[string]any{"name": by.Name}
	if d.written.Namespace != "" {
		meta["namespace"] = by.Namespace
	}
	text, err := manifest(by, meta)
	if err != nil {
		return nil, err.Error()
	}
	x.parts = []part{{file: d.place.File, ops: ops, edits: []yamledit.Edit{documentBehind(d.data, text)}}}
	return x, ""
}

// variable is the value of the variable that a finding is about. The file must hold it as it is rendered: a patch may have
// changed it.
func (p *prover) variable(d *secretDocument, f *check.Finding) (value, reason string) {
	place, missing, ok := p.loc.Field(f.Object, f.Path)
	if !ok || len(missing) > 0 || place.File != d.place.File {
		return "", fmt.Sprintf("%s does not hold it: a patch adds it; move it to a Secret there", d.place.File)
	}
	var rendered any
	if err := json.Unmarshal(f.Object.JSON, &rendered); err != nil {
		return "", err.Error()
	}
	value, _ = lookup(rendered, f.Path).(string)
	file, err := yamledit.Parse(d.data)
	if err != nil {
		return "", err.Error()
	}
	if n, ok := file.Find(place.Doc, place.Path); !ok || n.Value != value {
		return "", fmt.Sprintf("%s has another value for it than what is rendered: a patch changes it; move it to a Secret there", d.place.File)
	}
	return value, ""
}

// lookup follows a path through decoded JSON; nil when it leads nowhere.
func lookup(v any, p render.Path) any {
	for _, s := range p {
		switch x := v.(type) {
		case map[string]any:
			v = x[s.Key]
		case []any:
			if s.Index >= len(x) {
				return nil
			}
			v = x[s.Index]
		default:
			return nil
		}
	}
	return v
}

func secretKeyRef(w check.Refer) map[string]any {
	return map[string]any{"secretKeyRef": map[string]any{"name": w.Secret, "key": w.Key}}
}

// secretKey is what the API takes as a key of a Secret (validation.IsConfigMapKey).
var secretKey = regexp.MustCompile(`^[-._a-zA-Z0-9]{1,253}$`)

// keyFor is the key of a value: the variable's name, with the container's before it where another container has another
// value for it. "" when there is none.
func keyFor(s *corev1.Secret, f *check.Finding, name, value string) string {
	for _, key := range []string{name, f.Container + "." + name} {
		if old, taken := s.Data[key]; secretKey.MatchString(key) && (!taken || string(old) == value) {
			return key
		}
	}
	return ""
}

// freeName is a name for a Secret that nothing in the namespace has, neither rendered nor planned in this run.
func (p *prover) freeName(d *secretDocument) string {
	base := d.object.Name + "-env"
	for i := 1; ; i++ {
		name := base
		if i > 1 {
			name = fmt.Sprintf("%s-%d", base, i)
		}
		key := d.namespace + "\x00" + name
		if !p.secretNames()[key] {
			p.takenNames[key] = true
			return name
		}
	}
}

// secretNames are the namespaces and names of all Secrets, and of what makes Secrets.
func (p *prover) secretNames() map[string]bool {
	if p.takenNames != nil {
		return p.takenNames
	}
	p.takenNames = map[string]bool{}
	for i := range p.before.Sources {
		src := &p.before.Sources[i].Source
		for _, d := range p.objects[src.ID] {
			part := strings.Split(d.id, "\x00")
			switch part[1] {
			case "Secret", "SealedSecret", "ExternalSecret":
				o := render.Object{APIVersion: part[0], Kind: part[1], Namespace: part[2], Name: part[3]}
				p.takenNames[check.NamespaceOf(src, &o)+"\x00"+o.Name] = true
			}
		}
	}
	return p.takenNames
}

// documentBehind puts a document at the end of a file, with its line breaks, and without a last one where the file has none.
func documentBehind(data []byte, text string) yamledit.Edit {
	nl := "\n"
	if strings.Contains(string(data), "\r\n") {
		nl = "\r\n"
	}
	text = "---\n" + strings.TrimSuffix(text, "\n")
	if strings.HasSuffix(string(data), "\n") {
		text += "\n"
	} else {
		text = "\n" + text
	}
	return yamledit.Edit{Start: len(data), End: len(data), New: strings.ReplaceAll(text, "\n", nl)}
}
