package fix

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestHelm fixes the charts of testdata/helm, each a txtar archive as those of TestFix: one for each way in which
// templates reach a field.
func TestHelm(t *testing.T) {
	files, err := filepath.Glob("../testdata/helm/*.txtar")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d archives: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { testFix(t, file) })
	}
}
