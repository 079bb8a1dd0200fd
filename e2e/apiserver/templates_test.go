package apiserver

import (
	"fmt"
	"slices"
)

// addRendered adds the pods and templates in everything that syncgate renders below a directory. What does not render
// is left out: it fails the gate before anything is judged.
func (s *podSet) addRendered(dir string) error {
	objects, err := render(dir)
	if err != nil {
		return err
	}
	for _, o := range objects {
		object, err := decode(o.Object)
		if err != nil {
			return fmt.Errorf("reading what %s renders: %w", o.Source, err)
		}
		if err := s.addObject(o.Source, object); err != nil {
			return err
		}
	}
	return nil
}

func (s *podSet) addObject(source string, object map[string]any) error {
	meta, _ := object["metadata"].(map[string]any)
	from := fmt.Sprintf("%s %v %v", source, object["kind"], meta["name"])
	if object["apiVersion"] == "v1" && object["kind"] == "Pod" {
		return s.add(from, object)
	}
	var templates []map[string]any
	findTemplates(object, &templates)
	for _, template := range templates {
		if object["kind"] == "StatefulSet" {
			mountClaims(object, template)
		}
		if err := s.add(from, template); err != nil {
			return err
		}
	}
	return nil
}

// findTemplates collects what looks like a pod's template anywhere inside a value, below its top.
func findTemplates(value any, out *[]map[string]any) {
	var children []any
	switch v := value.(type) {
	case map[string]any:
		for _, child := range v {
			children = append(children, child)
		}
	case []any:
		children = v
	}
	for _, child := range children {
		if m, ok := child.(map[string]any); ok && isTemplate(m) {
			*out = append(*out, m)
			continue
		}
		findTemplates(child, out)
	}
}

func isTemplate(m map[string]any) bool {
	spec, ok := m["spec"].(map[string]any)
	if !ok {
		return false
	}
	containers, ok := spec["containers"].([]any)
	if !ok || len(containers) == 0 {
		return false
	}
	_, ok = containers[0].(map[string]any)
	return ok
}

// mountClaims gives a pod the volumes of its set's claims, as the StatefulSet's controller does.
func mountClaims(set, template map[string]any) {
	outer, _ := set["spec"].(map[string]any)
	claims, _ := outer["volumeClaimTemplates"].([]any)
	inner, _ := template["spec"].(map[string]any)
	volumes, _ := inner["volumes"].([]any)
	for _, c := range claims {
		claim, _ := c.(map[string]any)
		meta, _ := claim["metadata"].(map[string]any)
		volumes = slices.DeleteFunc(volumes, func(v any) bool {
			m, ok := v.(map[string]any)
			return ok && m["name"] == meta["name"]
		})
		volumes = append(volumes, map[string]any{"name": meta["name"],
			"persistentVolumeClaim": map[string]any{"claimName": meta["name"]}})
	}
	if len(claims) > 0 {
		inner["volumes"] = volumes
	}
}
