package outfile_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tare/internal/outfile"
)

// A device stays one, also through a link.
func TestDevicesAreWrittenInto(t *testing.T) {
	dir := t.TempDir()
	null := filepath.Join(dir, "null")
	if err := unix.Mknod(null, unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))); err != nil {
		t.Skip("needs to make a device: ", err)
	}
	if f, err := os.OpenFile(null, os.O_WRONLY, 0); err != nil {
		t.Skip("devices cannot be used here: ", err)
	} else {
		_ = f.Close()
	}
	full := filepath.Join(dir, "full")
	if err := unix.Mknod(full, unix.S_IFCHR|0o666, int(unix.Mkdev(1, 7))); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink("null", link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{null, link} {
		if err := outfile.WriteBytes(context.Background(), name, []byte("text")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := outfile.Write(context.Background(), name, half); !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := outfile.WriteBytes(context.Background(), full, []byte("text")); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("full: %v", err)
	}
	for _, name := range []string{null, full} {
		if fi, err := os.Lstat(name); err != nil || fi.Mode()&os.ModeCharDevice == 0 {
			t.Errorf("%s is no device any more: %v %v", name, fi.Mode(), err)
		}
	}
	if got := names(t, dir); got != "full link null" {
		t.Errorf("left: %s", got)
	}
}

func TestPipes(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if err := outfile.WriteBytes(ctx, pipe, []byte("x")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("nobody reads: %v", err)
	}
	got := make(chan string)
	go func() {
		b, _ := os.ReadFile(pipe)
		got <- string(b)
	}()
	want := strings.Repeat("0123456789", 100_000) // more than a pipe holds
	if err := outfile.WriteBytes(context.Background(), pipe, []byte(want)); err != nil {
		t.Fatal(err)
	}
	if s := <-got; s != want {
		t.Errorf("read %d bytes, want %d", len(s), len(want))
	}
	if fi, _ := os.Lstat(pipe); fi.Mode()&os.ModeNamedPipe == 0 {
		t.Error("the pipe is no pipe any more")
	}
}

// An open file of the process is written where it stands: a log goes on.
func TestDescriptors(t *testing.T) {
	file := put(t, filepath.Join(t.TempDir(), "log"), "before ")
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for _, dir := range []string{"/dev/fd", "/proc/self/fd"} {
		if err := outfile.WriteBytes(context.Background(), fmt.Sprintf("%s/%d", dir, f.Fd()), []byte("more ")); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, file); got != "before more more " {
		t.Errorf("got %q", got)
	}
}

// mounted mounts a tmpfs with options, or skips.
func mounted(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skip("needs to mount: ", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

func TestFullDisk(t *testing.T) {
	dir := mounted(t, "size=64k")
	old := put(t, filepath.Join(dir, "old"), "good")
	big := make([]byte, 1<<20)
	for _, name := range []string{old, filepath.Join(dir, "new")} {
		err := outfile.WriteBytes(context.Background(), name, big)
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "make room") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if read(t, old) != "good" || names(t, dir) != "old" {
		t.Errorf("%q, left %s", read(t, old), names(t, dir))
	}
}

// A file that is mounted by itself can be written, but not replaced.
func TestMountedFile(t *testing.T) {
	dir := mounted(t, "size=1m")
	a, b := put(t, filepath.Join(dir, "a"), "long old text"), put(t, filepath.Join(dir, "b"), "")
	if err := unix.Mount(a, b, "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Unmount(b, unix.MNT_DETACH) }()
	if err := outfile.Write(context.Background(), b, half); !errors.Is(err, errBroken) {
		t.Fatal(err)
	}
	if got := read(t, a); got != "long old text" {
		t.Errorf("after a failure: %q", got)
	}
	if err := outfile.WriteBytes(context.Background(), b, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if got := read(t, a); got != "new" || names(t, dir) != "a b" {
		t.Errorf("%q, left %s", got, names(t, dir))
	}
}

// helperEnv makes this test program write to an output until it is killed.
const helperEnv = "OUTFILE_TEST_WRITE"

func TestMain(m *testing.M) {
	if name := os.Getenv(helperEnv); name != "" {
		_ = outfile.Write(context.Background(), name, func(w io.Writer) error {
			for {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return err
				}
				_, _ = os.Stdout.WriteString(".")
				time.Sleep(time.Millisecond)
			}
		})
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func TestKillLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	old := put(t, filepath.Join(dir, "old"), "good")
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), helperEnv+"="+old)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = io.ReadFull(out, make([]byte, 3)) // some is written
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if read(t, old) != "good" || names(t, dir) != "old" {
		t.Errorf("%q, left %s", read(t, old), names(t, dir))
	}
}

// What a writer left in its last moment, or on a file system without nameless files,
// goes with the next output beside it; what a live one has does not.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	dead, live := put(t, filepath.Join(dir, ".tare-output-DEAD"), ""), put(t, filepath.Join(dir, ".tare-output-LIVE"), "")
	f, err := os.Open(live)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if err := outfile.WriteBytes(context.Background(), filepath.Join(dir, "x"), nil); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); got != ".tare-output-LIVE x" {
		t.Errorf("%s was to go; there is %s", dead, got)
	}
}
