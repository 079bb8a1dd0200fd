package yamledit

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkPlan edits 20 places of a 2,000-line file.
func BenchmarkPlan(b *testing.B) {
	var in strings.Builder
	for i := range 125 {
		fmt.Fprintf(&in, `---
apiVersion: v1
kind: Pod # one of many
metadata:
  name: pod-%d
  labels:
    app: web
spec:
  containers:
  - name: web
    image: registry.example/web:1
    ports:
    - containerPort: 8080
    env:
    - name: A
      value: "1"
`, i)
	}
	var ops []Op
	for i := range 20 {
		ops = append(ops, Set{Doc: 6 * i, Path: path(b, "spec.containers[0].securityContext.runAsNonRoot"), Value: true})
	}
	data := []byte(in.String())
	for b.Loop() {
		if _, err := Plan(data, ops...); err != nil {
			b.Fatal(err)
		}
	}
}
