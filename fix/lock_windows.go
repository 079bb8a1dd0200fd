package fix

import (
	"errors"
	"os"
	"syscall"
)

const noFollow = 0

// openLocked opens a file so that nobody else can until it is closed: Windows shares a file as its first opener says.
// errBusy says that another one has it.
func openLocked(name string, flag int) (*os.File, error) {
	path, err := syscall.UTF16PtrFromString(name)
	if err != nil {
		return nil, err
	}
	access, how := uint32(syscall.GENERIC_READ), uint32(syscall.OPEN_EXISTING)
	if flag&os.O_RDWR != 0 {
		access |= syscall.GENERIC_WRITE
	}
	if flag&os.O_CREATE != 0 {
		how = syscall.OPEN_ALWAYS
	}
	const alone = 0
	h, err := syscall.CreateFile(path, access, alone, nil, how, syscall.FILE_ATTRIBUTE_NORMAL|syscall.FILE_FLAG_OPEN_REPARSE_POINT, 0)
	switch {
	case errors.Is(err, errSharing):
		return nil, errBusy
	case err != nil:
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	return os.NewFile(uintptr(h), name), nil
}

// errSharing is ERROR_SHARING_VIOLATION.
const errSharing = syscall.Errno(32)

// removeLocked closes a file and removes it: Windows removes no open one. Who opens it in between finds it empty, and keeps it.
func removeLocked(f *os.File) error {
	if err := errors.Join(f.Truncate(0), f.Close()); err != nil {
		return err
	}
	if err := os.Remove(f.Name()); !errors.Is(err, errSharing) {
		return err
	}
	return nil
}
