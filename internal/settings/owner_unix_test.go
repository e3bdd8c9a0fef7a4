//go:build unix

package settings

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A file that others can write, or that is another's, is refused.
func TestPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte("weigh: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, fine := range map[os.FileMode]bool{0o600: true, 0o644: true, 0o444: true, 0o664: false, 0o602: false, 0o666: false} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := read(t.Context(), path, true)
		if fine && err != nil || !fine && (err == nil || !strings.Contains(err.Error(), "can be written by others") || !strings.Contains(err.Error(), "chmod go-w")) {
			t.Errorf("%s: %v", mode, err)
		}
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := read(t.Context(), pipe, false); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Error(err)
	}
	if os.Geteuid() != 0 {
		t.Skip("only root gives files to others")
	}
	if err := os.Chown(path, 12345, -1); err != nil {
		t.Fatal(err)
	}
	if _, err := read(t.Context(), path, false); err == nil || !strings.Contains(err.Error(), "belongs to another user") {
		t.Error(err)
	}
}
