package buildkit

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestListenLongPath has a socket whose path is longer than the kernel allows.
func TestListenLongPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long/", 30))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := listenUnix(filepath.Join(dir, "s.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	fi, err := os.Stat(filepath.Join(dir, "s.sock"))
	if err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("%v %v: others can reach it", fi.Mode(), err)
	}
	short, done, err := shortPath(filepath.Join(dir, "s.sock"))
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
