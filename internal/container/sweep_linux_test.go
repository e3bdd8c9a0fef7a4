package container

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// What a killed tare left goes with all that is mounted on it or below, and never the
// files of what was mounted.
func TestRemoveTree(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to mount")
	}
	top := t.TempDir()
	other := filepath.Join(top, "snapshot")
	left := filepath.Join(top, "real", "left")
	for _, d := range []string{other, filepath.Join(left, "merged"), filepath.Join(left, "rootfs")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	precious := filepath.Join(other, "precious")
	if err := os.WriteFile(precious, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", filepath.Join(top, "link")); err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{"merged", "rootfs", "rootfs"} {
		if err := unix.Mount(other, filepath.Join(left, at), "", unix.MS_BIND, ""); err != nil {
			t.Skip("needs to mount: ", err)
		}
	}
	if err := RemoveTree(filepath.Join(top, "link", "left")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
	if _, err := os.Stat(precious); err != nil {
		t.Errorf("what was mounted lost its files: %v", err)
	}
}
