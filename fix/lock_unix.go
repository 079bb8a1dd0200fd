//go:build unix

package fix

import (
	"os"
	"syscall"
)

// noFollow keeps a link under the journal's name from being followed.
const noFollow = syscall.O_NOFOLLOW

// lock takes a lock that ends with the process. It does not wait.
func lock(f *os.File) error {
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return errBusy
	}
	return nil
}
