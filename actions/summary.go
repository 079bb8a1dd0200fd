package actions

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxSummary is what GitHub takes for one step's summary, in bytes: of more it shows nothing
// (docs.github.com, "Workflow commands", step isolation and limits).
const maxSummary = 1 << 20

// Summarize appends to the step's summary what write writes, in at most max bytes. Where there is no room, or no summary, it
// writes nothing.
func (e *Environment) Summarize(write func(w io.Writer, max int) error) error {
	if e.summary == "" {
		return nil
	}
	f, err := os.OpenFile(e.summary, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("opening the job summary: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("opening the job summary: %w", err)
	}
	var b bytes.Buffer
	max := maxSummary - int(info.Size()) - 2
	if max < 16<<10 {
		return nil
	}
	if err := write(&b, max); err != nil {
		return err
	}
	if b.Len() > max {
		return fmt.Errorf("the job summary takes %d more bytes, and %d were to be written", max, b.Len())
	}
	b.WriteString("\n\n")
	_, err = f.Write(b.Bytes())
	return errors.Join(err, f.Close())
}
