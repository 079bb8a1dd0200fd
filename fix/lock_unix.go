//go:build unix

package fix

import (
	"errors"
	"os"
	"syscall"
)

// noFollow keeps a link under a file's name from being followed, and a pipe there from being waited for.
const noFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// openLocked opens a file and takes a lock of it that ends with the process. It does not wait: errBusy says that another one
// has it.
func openLocked(name string, flag int) (*os.File, error) {
	f, err := os.OpenFile(name, flag|noFollow, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, errBusy
	}
	return f, nil
}

// removeLocked removes a file and then gives up its lock, so that nobody locks it in between.
func removeLocked(f *os.File) error {
	err := os.Remove(f.Name())
	return errors.Join(err, f.Close())
}
