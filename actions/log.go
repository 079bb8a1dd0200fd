package actions

import (
	"bytes"
	"fmt"
	"io"
)

// Quote has the runner take what write writes for text: nothing in it is a command, whatever it is
// (docs.github.com, "Workflow commands", stop-commands).
func Quote(w io.Writer, write func(io.Writer) error) error {
	word := token()
	fmt.Fprintf(w, "::stop-commands::%s\n", word)
	q := &lines{w: w}
	err := write(q)
	if q.open {
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "::%s::\n", word)
	return err
}

// lines remembers whether its last line has an end: a command must begin a line.
type lines struct {
	w    io.Writer
	open bool
}

func (l *lines) Write(p []byte) (int, error) {
	if len(p) > 0 {
		l.open = !bytes.HasSuffix(p, []byte("\n"))
	}
	return l.w.Write(p)
}
