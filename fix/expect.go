package fix

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sort"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// expect is the object that a rendered one must become when exactly the wants are met.
func expect(raw json.RawMessage, wants []check.Want) (any, error) {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, err
	}
	for _, w := range wants {
		var err error
		switch w := w.(type) {
		case check.Set:
			v, err = put(v, w.Path, func(any) (any, error) { return plainJSON(w.Value) })
		case check.Add:
			v, err = put(v, w.Path, addTo(w.Member))
		case check.Mount:
			if v, err = put(v, w.Container.Key("volumeMounts"), addTo(mountOf(w))); err == nil {
				v, err = put(v, w.Pod.Key("volumes"), addTo(volumeOf(w)))
			}
		case check.Refer:
			v, err = put(v, w.Path, func(old any) (any, error) {
				m, ok := old.(map[string]any)
				if !ok {
					return nil, fmt.Errorf("is no mapping")
				}
				delete(m, "value")
				m["valueFrom"] = secretKeyRef(w)
				return m, nil
			})
		case check.Beside:
		case check.Replace:
			err = fmt.Errorf("the object has to go")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w, err)
		}
	}
	return v, nil
}

// addTo adds a member to a list that does not hold it yet.
func addTo(member any) func(any) (any, error) {
	return func(old any) (any, error) {
		m, err := plainJSON(member)
		if err != nil {
			return nil, err
		}
		list, ok := old.([]any)
		if old != nil && !ok {
			return nil, fmt.Errorf("is no list")
		}
		for _, x := range list {
			if reflect.DeepEqual(x, m) {
				return list, nil
			}
		}
		return append(list[:len(list):len(list)], m), nil
	}
}

// put changes what stands at a path, making mappings on the way where there are none.
func put(v any, p render.Path, change func(any) (any, error)) (any, error) {
	if len(p) == 0 {
		return change(v)
	}
	if p[0].IsIndex {
		list, ok := v.([]any)
		if !ok || p[0].Index >= len(list) {
			return nil, fmt.Errorf("there is no item %d", p[0].Index)
		}
		x, err := put(list[p[0].Index], p[1:], change)
		list[p[0].Index] = x
		return list, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		if v != nil {
			return nil, fmt.Errorf("%s stands in something that is no mapping", p[0].Key)
		}
		m = map[string]any{}
	}
	x, err := put(m[p[0].Key], p[1:], change)
	if err != nil {
		return nil, err
	}
	m[p[0].Key] = x
	return m, nil
}

// plainJSON brings a value into the form that decoding JSON gives.
func plainJSON(v any) (any, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var out any
	err = json.Unmarshal(raw, &out)
	return out, err
}

// sameObject compares an expected object with a rendered one. The order of volumes and mounts carries no meaning, and
// strategic merges change it.
func sameObject(want any, raw json.RawMessage) (bool, error) {
	var got any
	if err := json.Unmarshal(raw, &got); err != nil {
		return false, err
	}
	return reflect.DeepEqual(sortLists(want, ""), sortLists(got, "")), nil
}

// unordered lists the fields that are sets, with the key that identifies a member.
var unordered = map[string]string{"volumes": "name", "volumeMounts": "mountPath"}

func sortLists(v any, field string) any {
	switch x := v.(type) {
	case map[string]any:
		for k := range x {
			x[k] = sortLists(x[k], k)
		}
	case []any:
		for i := range x {
			x[i] = sortLists(x[i], "")
		}
		if key := unordered[field]; key != "" {
			id := func(v any) string {
				m, _ := v.(map[string]any)
				return fmt.Sprint(m[key])
			}
			sort.SliceStable(x, func(i, j int) bool { return id(x[i]) < id(x[j]) })
		}
	}
	return v
}
