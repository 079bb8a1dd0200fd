//go:build !unix && !windows

package fix

import (
	"errors"
	"os"
)

const noFollow = 0

// openLocked only opens the file where files are not locked.
func openLocked(name string, flag int) (*os.File, error) { return os.OpenFile(name, flag, 0o600) }

func removeLocked(f *os.File) error { return errors.Join(f.Close(), os.Remove(f.Name())) }
