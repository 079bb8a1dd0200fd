package fix

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// swaps are the objects of one source that patches take away, and those that they put there.
type swaps struct {
	gone    map[string]bool           // by objectKey
	planned map[string]*check.Planned // by nameKey
	arrived map[string]bool
}

func swapsOf(source string, wanted map[string][]check.Want) *swaps {
	s := &swaps{gone: map[string]bool{}, planned: map[string]*check.Planned{}, arrived: map[string]bool{}}
	for at, wants := range wanted {
		id, key, _ := strings.Cut(at, "\x00")
		if id != source {
			continue
		}
		for _, w := range wants {
			switch w := w.(type) {
			case check.Replace:
				s.gone[key] = true
				s.plan(key, w.By)
			case check.Refer:
				s.plan(key, w.By)
			case check.Beside:
				if w.In == source {
					s.planned[strings.Join([]string{w.By.APIVersion, w.By.Kind, w.By.Namespace, w.By.Name}, "\x00")] = w.By
				}
			}
		}
	}
	return s
}

// plan notes an object that is to be there, in the namespace that the object at key says: none where that says none.
func (s *swaps) plan(key string, by *check.Planned) {
	part := strings.Split(key, "\x00")
	s.planned[strings.Join([]string{by.APIVersion, by.Kind, part[2], by.Name}, "\x00")] = by
}

// next is the index of the object after i that stays.
func (s *swaps) next(old []digest, i int) int {
	for i++; i < len(old) && s.gone[old[i].id]; i++ {
	}
	return i
}

// arrives holds an object against the planned one, and says what is wrong. Unsealing it takes the controller's key, which is
// not here: the text is the one that was made of the values, and stands under their keys.
func (s *swaps) arrives(o *render.Object) (reason string) {
	key := nameKey(o)
	if s.arrived[key] {
		return fmt.Sprintf("%s would be there twice", o.ID())
	}
	s.arrived[key] = true
	var got struct {
		Metadata struct{ Annotations map[string]any }
		Spec     any
		Data     any
	}
	if err := json.Unmarshal(o.JSON, &got); err != nil {
		return err.Error()
	}
	want, err := plainJSON(s.planned[key].Spec)
	switch {
	case err != nil:
		return err.Error()
	case !reflect.DeepEqual(got.Spec, want) && o.Kind == "LimitRange":
		return fmt.Sprintf("something changes %s on its way to the cluster", o.ID())
	case !reflect.DeepEqual(got.Spec, want) || got.Data != nil:
		return fmt.Sprintf("something changes %s on its way to the cluster, and it could not be unsealed", o.ID())
	}
	for k := range got.Metadata.Annotations {
		if strings.HasPrefix(k, "sealedsecrets.bitnami.com/") && strings.HasSuffix(k, "-wide") {
			return fmt.Sprintf("the annotation %s gives %s another scope", k, o.ID())
		}
	}
	return ""
}
