package check

import (
	"os"
	"testing"

	"github.com/syncgate/syncgate/render"
)

func TestMain(m *testing.M) {
	render.RunIfWorker()
	os.Exit(m.Run())
}
