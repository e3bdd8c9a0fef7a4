package socket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// Listen makes a socket with mode 0600 from its first moment, and listens on it. The file
// stays when the listener is closed. The mode that a socket has before it is bound, less
// the umask, is the one that its file gets: so the umask, which is the whole process's,
// needs no change.
func Listen(path string) (net.Listener, error) {
	short, done, err := Short(path)
	if err != nil {
		return nil, err
	}
	defer done()
	c := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		cerr := raw.Control(func(fd uintptr) { err = unix.Fchmod(int(fd), 0o600) })
		return errors.Join(err, cerr)
	}}
	l, err := c.Listen(context.Background(), "unix", short)
	if err != nil {
		return nil, err
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := os.Chmod(path, 0o600); err != nil { // a umask may have taken more
		return nil, errors.Join(err, l.Close(), os.Remove(path))
	}
	return l, nil
}

// Short is a path that the kernel takes for a socket: a long one goes through its
// directory's descriptor, until done is called.
func Short(path string) (short string, done func(), err error) {
	if len(path) <= Longest {
		return path, func() {}, nil
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", d.Fd(), filepath.Base(path)), func() { _ = d.Close() }, nil
}
