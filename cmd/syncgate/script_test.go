package main

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/syncgate/syncgate/render"
)

// asCommand makes the test binary behave as syncgate.
const asCommand = "SYNCGATE_TEST_AS_COMMAND"

// peakFile names a file that the test binary, as a command, writes its peak of memory to.
const peakFile = "SYNCGATE_TEST_PEAK_FILE"

func TestMain(m *testing.M) {
	render.RunIfWorker()
	if os.Getenv(asCommand) != "" {
		code := run(os.Args[1:], stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
		if file := os.Getenv(peakFile); file != "" {
			os.WriteFile(file, []byte(strconv.FormatInt(peakMemory(), 10)), 0o644)
		}
		os.Exit(code)
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
