package serve

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"tare/internal/socket"
)

// Socket is a listening socket whose path and lock are this process's.
type Socket struct {
	net.Listener
	Path string
	lock *lock
	gone sync.Once
}

// Listen listens on a socket that only its user can reach. One that a killed process left
// is replaced; one that somebody listens on, and any other file, is left alone.
func Listen(path string) (*Socket, error) {
	if len(path) > socket.Longest {
		return nil, fmt.Errorf("the socket's path has %d bytes, and the kernel takes %d at most: choose a shorter one with --socket (%s)", len(path), socket.Longest, path)
	}
	l, err := take(path+".lock", path)
	if err != nil {
		return nil, err
	}
	s := &Socket{Path: path, lock: l}
	err = makeRoom(path)
	if err == nil {
		if s.Listener, err = socket.Listen(path); err == nil {
			return s, nil
		}
		err = fmt.Errorf("listen on %s: %w", path, plain(err))
	}
	return nil, errors.Join(err, l.release())
}

// makeRoom removes a socket that nobody listens on.
func makeRoom(path string) error {
	fi, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("socket %s: %w", path, plain(err))
	case fi.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is there already and is not a socket: choose another path with --socket, or remove it", path)
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	switch {
	case err == nil:
		_ = c.Close()
		return fmt.Errorf("another program listens on %s: choose another path with --socket", path)
	case !errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("socket %s: %w", path, plain(err))
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove the socket that a killed tare left: %w", err)
	}
	return nil
}

// plain is an error without the path, which is said before.
func plain(err error) error {
	var e *fs.PathError
	var n *net.OpError
	var s *os.SyscallError
	if errors.As(err, &n) {
		err = n.Err
	}
	if errors.As(err, &s) {
		return s.Err
	}
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// Unlink takes the path away, so that nobody comes any more. Connections stay.
func (s *Socket) Unlink() {
	s.gone.Do(func() { // later the path may be another process's
		_ = os.Remove(s.Path)
		_ = s.Listener.Close()
	})
}

// Release gives the lock back. Nothing of the socket is left.
func (s *Socket) Release() error {
	s.Unlink()
	return s.lock.release()
}

// lock is a file that is locked as long as it is used, and removed then.
type lock struct{ *os.File }

// take locks a file. It says what is there: the path of the socket, and which process.
func take(path, holds string) (*lock, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
		if err != nil {
			return nil, fmt.Errorf("lock %s: %w", path, plain(err))
		}
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			b := make([]byte, 200)
			n, _ := f.ReadAt(b, 0)
			_ = f.Close()
			if !errors.Is(err, unix.EWOULDBLOCK) {
				return nil, fmt.Errorf("lock %s: %w", path, err)
			}
			return nil, &heldError{strings.TrimSpace(string(b[:n])), holds}
		}
		// Who had it before removed it while it was ours to wait for?
		mine, err1 := f.Stat()
		there, err2 := os.Lstat(path)
		if err1 == nil && err2 == nil && os.SameFile(mine, there) {
			_ = f.Truncate(0)
			_, _ = f.WriteAt([]byte(holds+"\n"+strconv.Itoa(os.Getpid())+"\n"), 0)
			return &lock{f}, nil
		}
		_ = f.Close()
	}
}

func (l *lock) release() error {
	return errors.Join(os.Remove(l.Name()), l.Close())
}

// heldError says that another process has a lock.
type heldError struct{ said, holds string }

func (e *heldError) Error() string {
	path, _, _ := strings.Cut(e.said, "\n")
	if path == "" {
		path = e.holds
	}
	return "another tare serves this already, on " + path
}

// place makes a path absolute, and the directory of the default path.
func place(path string, made bool) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if made {
		if err := os.MkdirAll(filepath.Dir(abs), 0o700); err != nil {
			return "", fmt.Errorf("socket %s: %w", abs, err)
		}
	}
	return abs, nil
}
