//go:build unix

package render

import (
	"io/fs"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// directory is an open directory below a root. The names it takes are those of its entries: no path, and no link is
// followed. It asks the system itself, since an os.Root looks at each entry that it lists, and finds out of each file
// whether it can be polled: that is half of what reading a repository takes.
type directory struct {
	file *os.File
	fd   int
}

func openDirectory(root *os.Root) (*directory, error) {
	f, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	return &directory{file: f, fd: int(f.Fd())}, nil
}

// enter opens a directory in d.
func (d *directory) enter(base string) (*directory, error) {
	fd, err := d.open(base, unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	return &directory{file: os.NewFile(uintptr(fd), base), fd: fd}, nil
}

func (d *directory) close() { d.file.Close() }

func (d *directory) lstat(base string) (fileInfo, error) {
	defer runtime.KeepAlive(d)
	var st unix.Stat_t
	err := again(func() error { return unix.Fstatat(d.fd, base, &st, unix.AT_SYMLINK_NOFOLLOW) })
	if err != nil {
		return fileInfo{}, err
	}
	return fileInfo{mode: fileTypes[uint32(st.Mode)&unix.S_IFMT], size: st.Size}, nil
}

var fileTypes = map[uint32]fs.FileMode{
	unix.S_IFREG:  0,
	unix.S_IFDIR:  fs.ModeDir,
	unix.S_IFLNK:  fs.ModeSymlink,
	unix.S_IFIFO:  fs.ModeNamedPipe,
	unix.S_IFSOCK: fs.ModeSocket,
	unix.S_IFBLK:  fs.ModeDevice,
	unix.S_IFCHR:  fs.ModeDevice | fs.ModeCharDevice,
}

func (d *directory) list(base string) ([]fs.DirEntry, error) {
	fd, err := d.open(base, unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), base)
	defer f.Close()
	return f.ReadDir(-1)
}

// read fills buf with what a file holds. A pipe that took the file's place has nothing.
func (d *directory) read(base string, buf []byte) (n int, err error) {
	fd, err := d.open(base, unix.O_NONBLOCK)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	for n < len(buf) {
		got := 0
		err := again(func() error { got, err = unix.Read(fd, buf[n:]); return err })
		if err != nil || got == 0 {
			return n, err
		}
		n += got
	}
	return n, errGrown
}

func (d *directory) readlink(base string) (string, error) {
	defer runtime.KeepAlive(d)
	for buf := make([]byte, 256); ; buf = make([]byte, 2*len(buf)) {
		n := 0
		var err error
		err = again(func() error { n, err = unix.Readlinkat(d.fd, base, buf); return err })
		if err != nil {
			return "", err
		}
		if n < len(buf) {
			return string(buf[:n]), nil
		}
	}
}

func (d *directory) open(base string, flags int) (fd int, err error) {
	defer runtime.KeepAlive(d)
	err = again(func() error {
		fd, err = unix.Openat(d.fd, base, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC|flags, 0)
		return err
	})
	return fd, err
}

// again repeats a system call that a signal interrupts.
func again(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}
