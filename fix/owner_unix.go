//go:build unix

package fix

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// errOwner says that a file would change hands.
var errOwner = errors.New("belongs to another user or group, which a new file in its place would not; run as its owner")

// keepOwner gives a new file the owner and group of another, where it has not got them from its maker and its directory.
func keepOwner(f *os.File, like fs.FileInfo) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	want, ok1 := like.Sys().(*syscall.Stat_t)
	have, ok2 := info.Sys().(*syscall.Stat_t)
	if !ok1 || !ok2 || want.Uid == have.Uid && want.Gid == have.Gid {
		return nil
	}
	if err := f.Chown(int(want.Uid), int(want.Gid)); err != nil {
		return errOwner
	}
	return nil
}
