package check

import (
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/syncgate/syncgate/render"
)

// TestMaskBinaryValues masks the values of a Secret that holds short binary ones: as they are written, since no text holds
// them otherwise.
func TestMaskBinaryValues(t *testing.T) {
	written := base64.StdEncoding.EncodeToString([]byte("\xbd\xea2\xc8\xf5k"))
	raw, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "a"},
		"data": map[string]any{"key": written, "password": base64.StdEncoding.EncodeToString([]byte("hunter2"))}})
	if err != nil {
		t.Fatal(err)
	}
	var v Values
	v.AddObject(&render.Object{APIVersion: "v1", Kind: "Secret", Name: "a", JSON: raw})
	if got, want := v.Mask("key: "+written+", password: hunter2"), "key: *****, password: *****"; got != want {
		t.Errorf("masked: %q, want %q", got, want)
	}
}
