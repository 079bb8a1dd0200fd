package render

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	kjson "sigs.k8s.io/json"
)

// header is what every object carries.
type header struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   *objectMeta       `json:"metadata"`
	Items      []json.RawMessage `json:"items"`
}

type objectMeta struct {
	Name         string `json:"name"`
	GenerateName string `json:"generateName"`
	Namespace    string `json:"namespace"`
}

// toObjects turns a document into objects: one, or the items of a List at any depth. text is what Object.Text gets.
func toObjects(d document, text string) ([]Object, error) {
	return appendObjects(nil, d.json, d.short(), d.index, nil, text)
}

// short is the smallest JSON that has all that a header needs.
func (d document) short() []byte {
	if d.head != nil {
		return d.head
	}
	return d.json
}

// appendObjects adds the objects in raw, whose header stands in head.
func appendObjects(out []Object, raw, head json.RawMessage, doc int, at Path, text string) ([]Object, error) {
	var h header
	if err := unmarshalHeader(head, &h); err != nil {
		return nil, inside(at, err)
	}
	name := "an object"
	if len(at) > 0 {
		name = at.String()
	}
	switch {
	case h.Kind == "":
		return nil, &Error{Msg: name + " has no kind", Hint: "every document needs apiVersion and kind"}
	case h.APIVersion == "":
		return nil, &Error{Msg: fmt.Sprintf("%s of kind %s has no apiVersion", name, h.Kind),
			Hint: "every document needs apiVersion and kind"}
	}
	if isList(h) {
		if len(at) >= 2*maxListDepth {
			return nil, &Error{Msg: fmt.Sprintf("lists within lists, more than %d deep", maxListDepth), Limit: true,
				Hint: "nobody needs them: flatten the list"}
		}
		for i, item := range h.Items {
			var err error
			if out, err = appendObjects(out, item, item, doc, at.Key("items").At(i), ""); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	// An empty group is the core group (schema.ParseGroupVersion).
	o := Object{APIVersion: strings.TrimPrefix(h.APIVersion, "/"), Kind: h.Kind, JSON: raw, Text: text, Doc: doc, At: at}
	if h.Metadata != nil {
		o.Namespace, o.Name = h.Metadata.Namespace, h.Metadata.Name
		if o.Name == "" {
			o.Name = h.Metadata.GenerateName
		}
	}
	return append(out, o), nil
}

const maxListDepth = 20

// unmarshalHeader reads a header as the API server does, by the exact names of fields: encoding/json would take KIND for
// kind. Its errors show no value.
func unmarshalHeader(raw json.RawMessage, h *header) error {
	if len(raw) == 0 || raw[0] != '{' {
		return &Error{Msg: "a document is no object", Hint: "expected a mapping with apiVersion and kind"}
	}
	err := kjson.UnmarshalCaseSensitivePreserveInts(raw, h)
	if err == nil {
		return nil
	}
	msg := "an object cannot be read"
	var te *json.UnmarshalTypeError
	if errors.As(err, &te) {
		msg = typeMismatch(te)
	}
	return &Error{Msg: msg, Hint: "apiVersion, kind and names are strings (quote them), metadata is a mapping, items a list"}
}

// typeMismatch says which field has the wrong type, without showing its value.
func typeMismatch(te *json.UnmarshalTypeError) string {
	found, _, _ := strings.Cut(te.Value, " ") // a number follows its name
	switch found {
	case "object":
		found = "mapping"
	case "array":
		found = "list"
	case "bool":
		found = "boolean"
	}
	want := "of another type"
	switch kind := te.Type.Kind().String(); {
	case kind == "struct" || kind == "map":
		want = "a mapping"
	case kind == "slice" || kind == "array":
		want = "a list"
	case strings.HasPrefix(kind, "int") || strings.HasPrefix(kind, "uint"):
		want = "a whole number"
	case strings.HasPrefix(kind, "float"):
		want = "a number"
	case kind == "bool":
		want = "a boolean"
	case kind == "string":
		want = "a string"
	}
	field := te.Field
	if field == "" {
		field = "it"
	}
	return fmt.Sprintf("%s must be %s, not a %s", field, want, found)
}

// inside says in which item of a List an error is.
func inside(at Path, err error) error {
	var e *Error
	if len(at) == 0 || !errors.As(err, &e) {
		return err
	}
	out := *e
	out.Msg = at.String() + ": " + e.Msg
	return &out
}

// isList reports whether a client takes an object apart: every object with items is a list to kubectl and Argo CD
// (unstructured.IsList). A kind that does not say so is one here when an item is an object; what else holds items is a
// custom resource.
func isList(h header) bool {
	if h.Items == nil || strings.HasSuffix(h.Kind, "List") {
		return h.Items != nil
	}
	for _, item := range h.Items {
		var inner header
		if unmarshalHeader(item, &inner) == nil && inner.Kind != "" {
			return true
		}
	}
	return false
}
