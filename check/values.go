package check

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/syncgate/syncgate/render"
)

// Values are the secret values of rendered objects, so that text that quotes the sources can be shown without them. The
// zero value holds none. It is safe for use by several goroutines.
type Values struct {
	mu    sync.Mutex
	known map[string]bool
	long  *strings.Replacer // nil when both must be made anew
	short *regexp.Regexp    // nil when there are none
}

// shown stands for a secret value.
const shown = "*****"

// Add takes the values of a Secret, and the credentials in the environment of pods.
func (v *Values) Add(o *render.Object, pods []Pod) {
	for _, e := range SecretValues(o) {
		if !e.isPlaceholder() && !e.isPublic() {
			v.put(e.Written)
			v.put(e.Value)
		}
	}
	for _, e := range credentialsInEnv(pods) {
		v.put(e.Value)
	}
}

// AddObject is Add for an object whose pods were not looked for.
func (v *Values) AddObject(o *render.Object) {
	pods, err := podsIn(o)
	if err != nil {
		pods = nil
	}
	v.Add(o, pods)
}

// put takes a value, and the parts of it that stand on lines of their own, as YAML may write them.
func (v *Values) put(value string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.known == nil {
		v.known = map[string]bool{}
	}
	add := func(s string) {
		if s = strings.TrimSpace(s); len(s) < minValue || !strings.ContainsFunc(s, isAlnum) || !utf8.ValidString(s) {
			return // binary values stand in no text, but as they are written
		}
		quoted := strconv.Quote(s)
		for _, form := range []string{s, quoted[1 : len(quoted)-1], strings.ReplaceAll(s, "'", "''")} {
			if !v.known[form] {
				v.known[form], v.long = true, nil
			}
		}
	}
	add(value)
	for _, part := range strings.FieldsFunc(value, func(r rune) bool { return r == '\n' || r == '\r' || r == '\t' }) {
		if add(part); len(value) > longValue {
			for _, word := range strings.Fields(part) {
				if len(word) >= longPart {
					add(word)
				}
			}
		}
	}
}

const (
	minValue  = 3  // shorter ones are in every text
	shortest  = 8  // from here on a value counts inside of a word, too
	longValue = 60 // a value that YAML may fold
	longPart  = 12
)

// Mask replaces secret values in a text by stars.
func (v *Values) Mask(text string) string {
	v.mu.Lock()
	if v.long == nil {
		v.compile()
	}
	long, short := v.long, v.short
	v.mu.Unlock()
	text = long.Replace(text)
	if short != nil {
		text = short.ReplaceAllString(text, shown)
	}
	return text
}

// compile prepares for masking, the longest value first. Short values count between the bounds of words alone.
func (v *Values) compile() {
	list := make([]string, 0, len(v.known))
	for s := range v.known {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	var pairs, words []string
	for _, s := range list {
		if len(s) < shortest {
			words = append(words, edge(s[0])+regexp.QuoteMeta(s)+edge(s[len(s)-1]))
		} else {
			pairs = append(pairs, s, shown)
		}
	}
	v.long, v.short = strings.NewReplacer(pairs...), nil
	if len(words) > 0 {
		v.short = regexp.MustCompile(strings.Join(words, "|"))
	}
}

// edge is the bound of a word, where a value begins or ends with a part of one.
func edge(c byte) string {
	if c == '_' || isAlnum(rune(c)) && c < 0x80 {
		return `\b`
	}
	return ""
}

// MaskObject returns an object's JSON as render.MaskSecret does, credentials in the environment of pods masked as well.
func MaskObject(o *render.Object) (json.RawMessage, error) {
	raw, err := render.MaskSecret(o)
	if err != nil || o.Kind == "Secret" {
		return raw, err
	}
	if !bytes.Contains(raw, []byte(`"env"`)) {
		return raw, nil
	}
	var root any
	if err := json.Unmarshal(raw, &root); err != nil {
		return nil, err
	}
	_, err = podsIn(o)
	if !maskEnv(root, err != nil) {
		return raw, nil
	}
	return json.Marshal(root)
}

// maskEnv masks credentials in lists of variables anywhere below v, all values of them when the object is no valid pod, and
// reports whether there were any.
func maskEnv(v any, all bool) (found bool) {
	switch x := v.(type) {
	case map[string]any:
		for k, v := range x {
			list, ok := v.([]any)
			if k == "env" && !ok && all {
				x[k], found = shown, true
				continue
			}
			if found = maskEnv(v, all) || found; k != "env" {
				continue
			}
			for _, item := range list {
				found = maskVariable(item, all) || found
			}
		}
	case []any:
		for _, v := range x {
			found = maskEnv(v, all) || found
		}
	}
	return found
}

func maskVariable(item any, all bool) bool {
	m, ok := item.(map[string]any)
	name, _ := m["name"].(string)
	if value := m["value"]; !ok || value == nil || !all && credentialIn(name, textOf(value)) == "" {
		return false
	}
	m["value"] = shown
	return true
}
