package socket_test

import (
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"tare/internal/socket"
)

// TestListenLongPath has a socket whose path is longer than the kernel allows.
func TestListenLongPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long/", 30))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := socket.Listen(filepath.Join(dir, "s.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	fi, err := os.Stat(filepath.Join(dir, "s.sock"))
	if err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("%v %v: others can reach it", fi.Mode(), err)
	}
	short, done, err := socket.Short(filepath.Join(dir, "s.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	c, err := net.Dial("unix", short)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
}

// The mode is 0600 whatever the umask, and was never more, for whoever looks meanwhile.
func TestMode(t *testing.T) {
	defer unix.Umask(unix.Umask(0))
	for _, mask := range []int{0, 0o022, 0o077, 0o777} {
		unix.Umask(mask)
		dir, err := os.MkdirTemp("", "tare-s-")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		path := filepath.Join(dir, "s")
		var stop atomic.Bool
		wider, seen := fs.FileMode(0), 0
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for !stop.Load() {
				if fi, err := os.Lstat(path); err == nil {
					seen++
					wider |= fi.Mode().Perm() &^ 0o600
				}
			}
		}()
		for range 200 {
			l, err := socket.Listen(path)
			if err != nil {
				t.Fatal(err)
			}
			if fi, err := os.Lstat(path); err != nil || fi.Mode().Perm() != 0o600 {
				t.Errorf("umask %o: %v %v", mask, fi.Mode(), err)
			}
			_ = l.Close()
			_ = os.Remove(path)
		}
		stop.Store(true)
		<-ended
		if wider != 0 {
			t.Errorf("umask %o: the mode had %o for a moment", mask, wider)
		}
		t.Logf("umask %o: seen %d times", mask, seen)
	}
}
