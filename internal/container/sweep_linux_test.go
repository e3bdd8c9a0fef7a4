package container

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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

// Where an engine's directory is too deep for sockets, what a killed tare left is found
// again by the next one all the same; a directory that is somebody else's is let be.
func TestUseTempDir(t *testing.T) {
	short := t.TempDir()
	for _, c := range []struct {
		name, root string
		foreign    fs.FileMode // of a directory that stands where the short one would
		own        bool        // TMPDIR is the engine's own
	}{
		{"a short path", filepath.Join(short, "home"), 0, true},
		{"a long path", filepath.Join(short, strings.Repeat("long", 30)), 0, true},
		{"a long path, and a name that others may write to", filepath.Join(short, strings.Repeat("open", 30)), 0o777, false},
	} {
		t.Setenv("TMPDIR", short)
		if err := os.MkdirAll(filepath.Join(c.root, "tmp"), 0o755); err != nil {
			t.Fatal(err)
		}
		if c.foreign != 0 {
			sum := sha256.Sum256([]byte(filepath.Join(c.root, "tmp")))
			at := filepath.Join(short, fmt.Sprintf("tare-%d-%x", os.Geteuid(), sum[:5]))
			if err := os.Mkdir(at, c.foreign); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(at, c.foreign); err != nil {
				t.Fatal(err)
			}
		}
		if err := UseTempDir(c.root); err != nil {
			t.Fatal(err)
		}
		tmp := os.Getenv("TMPDIR")
		if (tmp != short) != c.own || len(tmp) > maxTempDir {
			t.Errorf("%s: TMPDIR is %s", c.name, tmp)
		}
		if !c.own {
			continue
		}
		left := filepath.Join(tmp, "buildkit-mount1")
		if err := os.MkdirAll(filepath.Join(left, "merged"), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv("TMPDIR", short)
		if err := UseTempDir(c.root); err != nil {
			t.Fatal(err)
		}
		if os.Getenv("TMPDIR") != tmp {
			t.Errorf("%s: the next tare's is %s, not %s", c.name, os.Getenv("TMPDIR"), tmp)
		}
		if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: what was left is still there: %v", c.name, err)
		}
	}
}
