package main

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/syncgate/syncgate/render"
)

// boundFlags say what one source may use while it renders. What is not positive means the default.
type boundFlags struct {
	timeout       time.Duration
	memory        int64 // MiB
	output, input int64 // MiB
	objects       int
	depth         int
	files         int
}

func (f *boundFlags) register(fs *pflag.FlagSet) {
	d := render.DefaultLimits
	fs.DurationVar(&f.timeout, "render-timeout", d.Time, "how much processor time one source may take to render")
	fs.Int64Var(&f.memory, "render-memory", d.Memory>>20, "how much memory one source may take to render, in MiB")
	fs.IntVar(&f.objects, "max-objects", d.Objects, "how many objects one source may render")
	fs.Int64Var(&f.output, "max-output", d.Output>>20, "how large the objects of one source may be, in MiB")
	fs.IntVar(&f.depth, "max-depth", d.Depth, "how deeply a document may be nested")
	fs.IntVar(&f.files, "max-files", d.Files, "how many files one source may read")
	fs.Int64Var(&f.input, "max-input", d.Input>>20, "how large the files that one source reads may be together, in MiB")
}

func (f *boundFlags) limits() render.Limits {
	return render.Limits{Time: f.timeout, Memory: f.memory << 20, Output: f.output << 20, Objects: f.objects, Depth: f.depth,
		Files: f.files, Input: f.input << 20}
}
