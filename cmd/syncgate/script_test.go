package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/syncgate/syncgate/render"
)

// asCommand makes the test binary behave as syncgate.
const asCommand = "SYNCGATE_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	render.RunIfWorker()
	if os.Getenv(asCommand) != "" {
		main()
	}
	testscript.Main(m, map[string]func(){
		"syncgate": main,
	})
}

// TestScript runs the scripts of testdata/script through the binary. With UPDATE_SCRIPTS=1 in the environment it
// rewrites their golden parts.
func TestScript(t *testing.T) {
	demo, err := filepath.Abs("../../testdata/demo")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script",
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("DEMO", demo)
			return nil
		},
	})
}
