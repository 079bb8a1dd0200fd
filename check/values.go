package check

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/syncgate/syncgate/render"
)

// Values are the secret values of rendered objects, so that text that quotes the sources can be shown without them. The
// zero value holds none. It is safe for use by several goroutines.
type Values struct {
	mu    sync.Mutex
	known map[string]bool
	re    *regexp.Regexp // nil when it must be made anew
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
		if s = strings.TrimSpace(s); len(s) < minValue || !strings.ContainsFunc(s, isAlnum) {
			return
		}
		quoted := strconv.Quote(s)
		for _, form := range []string{s, quoted[1 : len(quoted)-1], strings.ReplaceAll(s, "'", "''")} {
			if !v.known[form] {
				v.known[form], v.re = true, nil
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
	re := v.pattern()
	if re == nil {
		return text
	}
	return re.ReplaceAllString(text, shown)
}

// pattern matches all values, the longest first.
func (v *Values) pattern() *regexp.Regexp {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.re != nil || len(v.known) == 0 {
		return v.re
	}
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
	for i, s := range list {
		if q := regexp.QuoteMeta(s); len(s) < shortest {
			list[i] = edge(s[0]) + q + edge(s[len(s)-1])
		} else {
			list[i] = q
		}
	}
	v.re = regexp.MustCompile(strings.Join(list, "|"))
	return v.re
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
	pods, err := podsIn(o)
	if err != nil {
		return raw, nil // it says nothing about pods
	}
	found := credentialsInEnv(pods)
	if len(found) == 0 {
		return raw, nil
	}
	var root any
	if err := json.Unmarshal(raw, &root); err != nil {
		return nil, err
	}
	for _, e := range found {
		if m, ok := dig(root, e.Path[:len(e.Path)-1]).(map[string]any); ok {
			m["value"] = shown
		}
	}
	return json.Marshal(root)
}
