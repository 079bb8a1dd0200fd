package render

import (
	"encoding/json"
	"fmt"
	"strings"
)

// header is what every object carries.
type header struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   *json.RawMessage  `json:"metadata"`
	Items      []json.RawMessage `json:"items"`
}

type objectMeta struct {
	Name         string `json:"name"`
	GenerateName string `json:"generateName"`
	Namespace    string `json:"namespace"`
}

// toObjects turns a document into objects: one, or the items of a List at any depth. text is what Object.Text gets.
func toObjects(d document, text string) ([]Object, error) {
	return appendObjects(nil, d.json, d.index, nil, text)
}

func appendObjects(out []Object, raw json.RawMessage, doc int, at Path, text string) ([]Object, error) {
	var h header
	if err := unmarshalHeader(raw, &h); err != nil {
		return nil, err
	}
	switch {
	case h.Kind == "":
		return nil, &Error{Msg: "an object has no kind", Hint: "every document needs apiVersion and kind"}
	case h.APIVersion == "":
		return nil, &Error{Msg: fmt.Sprintf("an object of kind %s has no apiVersion", h.Kind),
			Hint: "every document needs apiVersion and kind"}
	}
	if isList(h) {
		if len(at) > 2*maxListDepth {
			return nil, &Error{Msg: "lists within lists without end", Limit: true}
		}
		for i, item := range h.Items {
			var err error
			if out, err = appendObjects(out, item, doc, at.Key("items").At(i), ""); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	o := Object{APIVersion: h.APIVersion, Kind: h.Kind, JSON: raw, Text: text, Doc: doc, At: at}
	if h.Metadata != nil {
		var m objectMeta
		if err := json.Unmarshal(*h.Metadata, &m); err != nil {
			return nil, &Error{Msg: fmt.Sprintf("metadata of a %s cannot be read: %v", h.Kind, err)}
		}
		o.Namespace, o.Name = m.Namespace, m.Name
		if o.Name == "" {
			o.Name = m.GenerateName
		}
	}
	return append(out, o), nil
}

const maxListDepth = 20

func unmarshalHeader(raw json.RawMessage, h *header) error {
	if len(raw) == 0 || raw[0] != '{' {
		return &Error{Msg: "a document is no object", Hint: "expected a mapping with apiVersion and kind"}
	}
	if err := json.Unmarshal(raw, h); err != nil {
		return &Error{Msg: fmt.Sprintf("an object cannot be read: %v", err),
			Hint: "apiVersion and kind must be strings, metadata a mapping"}
	}
	return nil
}

// isList reports whether an object is a list of objects, as client-go's meta.IsListType has it: a kind that ends in
// List and holds items.
func isList(h header) bool {
	return strings.HasSuffix(h.Kind, "List") && h.Items != nil
}
