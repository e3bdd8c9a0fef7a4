package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// engineMissing says why containers cannot run here, or nil.
var engineMissing = sync.OnceValue(func() error {
	if _, err := exec.LookPath("runc"); err != nil {
		return errors.New("no runc on PATH (apt-get install runc)")
	}
	if os.Geteuid() == 0 {
		return mountable()
	}
	for _, tool := range []string{"newuidmap", "newgidmap"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("not root, and no %s on PATH (apt-get install uidmap)", tool)
		}
	}
	return nil
})

// mountable tries what root may be forbidden inside a container.
func mountable() error {
	dir, err := os.MkdirTemp("", "tare-test-mount-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, ""); err != nil {
		return fmt.Errorf("root may not mount here: %w", err)
	}
	return unix.Unmount(dir, unix.MNT_DETACH)
}

// needEngine skips a test that runs containers where that is not possible.
func needEngine(t testing.TB) {
	t.Helper()
	if err := engineMissing(); err != nil {
		t.Skipf("needs the build engine: %v", err)
	}
}

func needRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

// mountsBelow lists what is mounted under a directory.
func mountsBelow(dir string) []string {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return []string{err.Error()}
	}
	defer func() { _ = f.Close() }()
	var out []string
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if at := strings.Fields(sc.Text())[4]; strings.HasPrefix(at, dir+"/") {
			out = append(out, at)
		}
	}
	return out
}
