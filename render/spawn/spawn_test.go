package spawn

import (
	"strings"
	"testing"
)

func TestChildKnowsNoSecrets(t *testing.T) {
	t.Setenv("GITHUB_TOKEN", "s3cret")
	for _, v := range environ("/tmp/x") {
		if strings.Contains(v, "s3cret") || strings.HasPrefix(v, "PATH=/") {
			t.Errorf("a child's environment holds %s", v)
		}
	}
}

func TestHeadKeepsTheFatalError(t *testing.T) {
	h := &head{}
	h.Write([]byte(strings.Repeat("warning ", 5000)))
	h.Write([]byte("x\nfatal error: stack overflow\nmore"))
	if s := h.String(); !strings.HasPrefix(s, "fatal error: stack overflow") {
		t.Errorf("kept %.60q", s)
	}
}
