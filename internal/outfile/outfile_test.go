package outfile_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tare/internal/outfile"
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func put(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}

// names lists a directory.
func names(t *testing.T, dir string) string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range list {
		out = append(out, e.Name())
	}
	return strings.Join(out, " ")
}

var errBroken = errors.New("broken")

// half writes something and fails.
func half(w io.Writer) error {
	if _, err := io.WriteString(w, "half"); err != nil {
		return err
	}
	return errBroken
}

func TestFailureKeepsWhatWasThere(t *testing.T) {
	dir := t.TempDir()
	old := put(t, filepath.Join(dir, "a.tar"), "good")
	if err := outfile.Write(context.Background(), old, half); !errors.Is(err, errBroken) {
		t.Fatal(err)
	}
	if got := read(t, old); got != "good" {
		t.Errorf("the file has %q", got)
	}
	if err := outfile.Write(context.Background(), filepath.Join(dir, "new"), half); !errors.Is(err, errBroken) {
		t.Fatal(err)
	}
	if got := names(t, dir); got != "a.tar" {
		t.Errorf("left: %s", got)
	}
}

// While an output is written nothing has its name, and one that was interrupted gets none.
func TestNothingShowsBeforeCommit(t *testing.T) {
	dir := t.TempDir()
	o, err := outfile.Create(context.Background(), filepath.Join(dir, "x"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(o, "text"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("x is there already: %v", err)
	}
	if err := o.Commit(); err != nil {
		t.Fatal(err)
	}
	o.Discard()
	if got := read(t, filepath.Join(dir, "x")); got != "text" {
		t.Errorf("got %q", got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	err = outfile.Write(ctx, filepath.Join(dir, "y"), func(w io.Writer) error {
		cancel()
		_, err := io.WriteString(w, "late")
		return err
	})
	if !errors.Is(err, context.Canceled) || names(t, dir) != "x" {
		t.Errorf("after an interruption: %v, %s", err, names(t, dir))
	}
}

func TestReplaceKeepsModeAndLinks(t *testing.T) {
	dir := t.TempDir()
	file := put(t, filepath.Join(dir, "real"), "old and longer")
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"link": "real", "sub/up": "../link", "dangling": "sub/made"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"real", "link", "sub/up"} {
		if err := outfile.WriteBytes(context.Background(), filepath.Join(dir, name), []byte(name)); err != nil {
			t.Fatal(err)
		}
		if got := read(t, file); got != name {
			t.Errorf("%s: the file has %q", name, got)
		}
		if fi, _ := os.Stat(file); fi.Mode().Perm() != 0o640 {
			t.Errorf("%s: mode %s", name, fi.Mode())
		}
	}
	if err := outfile.WriteBytes(context.Background(), filepath.Join(dir, "dangling"), []byte("made")); err != nil {
		t.Fatal(err)
	}
	for _, link := range []string{"link", "sub/up", "dangling"} {
		if fi, _ := os.Lstat(filepath.Join(dir, link)); fi.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("%s is no link any more", link)
		}
	}
	if got := read(t, filepath.Join(dir, "sub", "made")); got != "made" {
		t.Errorf("through a dangling link: %q", got)
	}
}

func TestErrorsNameTheOutput(t *testing.T) {
	dir := t.TempDir()
	for name, want := range map[string]string{
		dir:                              "it is a directory",
		dir + "/":                        "it names a directory, not a file",
		"":                               "it names a directory, not a file",
		filepath.Join(dir, "no", "file"): "make the directory " + filepath.Join(dir, "no") + " first",
	} {
		err := outfile.WriteBytes(context.Background(), name, nil)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "write "+name+": ") {
			t.Errorf("%q: %v, want %q", name, err, want)
		}
	}
	loop := filepath.Join(dir, "loop")
	if err := os.Symlink("loop", loop); err != nil {
		t.Fatal(err)
	}
	if err := outfile.WriteBytes(context.Background(), loop, nil); err == nil {
		t.Error("a loop of links was written to")
	}
}
