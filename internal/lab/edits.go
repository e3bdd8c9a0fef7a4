package lab

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	cfs "github.com/containerd/continuity/fs"

	"tare/internal/buildcontext"
)

// errNoFile says that an edit does not apply to a context.
var errNoFile = errors.New("the context has no such file")

// file is what an edit changes; "" for one of the base.
func (e Edit) file() string {
	switch {
	case e.Append != nil:
		return e.Append.File
	case e.Replace != nil:
		return e.Replace.File
	}
	return e.Touch
}

// workspace is a copy of a build context in which edits are made.
type workspace struct{ dir, from, dockerfile string }

// newWorkspace makes a copy of a context below tmp, as far as the builder gets to see
// it. Files are linked where the file system allows; edits write new ones.
func newWorkspace(tmp, from, file string) (*workspace, error) {
	dir, err := os.MkdirTemp(tmp, "context-")
	if err != nil {
		return nil, err
	}
	w := &workspace{dir: filepath.Join(dir, filepath.Base(from)), from: from, dockerfile: file}
	if err = os.Mkdir(w.dir, 0o755); err == nil {
		err = buildcontext.Walk(from, file, []string{tmp, os.TempDir()}, w.copy)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("copy the build context %s: %w", from, err), os.RemoveAll(dir))
	}
	return w, nil
}

func (w *workspace) copy(rel string, d fs.DirEntry) error {
	from, to := filepath.Join(w.from, filepath.FromSlash(rel)), filepath.Join(w.dir, filepath.FromSlash(rel))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil { // of an exception to what is ignored
		return err
	}
	fi, err := d.Info()
	if err != nil {
		return err
	}
	switch {
	case d.IsDir():
		if err := os.Mkdir(to, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return os.Chmod(to, fi.Mode().Perm()|0o700)
	case fi.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	case !fi.Mode().IsRegular():
		return nil // builders take no pipes and devices from a context
	}
	if os.Link(from, to) == nil {
		return nil
	}
	if err := cfs.CopyFile(to, from); err != nil {
		return err
	}
	return errors.Join(os.Chmod(to, fi.Mode()), os.Chtimes(to, fi.ModTime(), fi.ModTime()))
}

func (w *workspace) remove() { _ = os.RemoveAll(filepath.Dir(w.dir)) }

// apply makes an edit to the file as it is in the original context. Edits with
// different nonces differ.
func (w *workspace) apply(e Edit, nonce string) error {
	root, err := os.OpenRoot(w.dir) // a link in the context leads nowhere else
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	name := filepath.FromSlash(e.file())
	orig, err := os.ReadFile(filepath.Join(w.from, name))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", name, errNoFile)
	}
	if err != nil {
		return err
	}
	body, err := e.change(orig, nonce)
	if err != nil {
		return fmt.Errorf("edit %s of %s: %w", e.Name, name, err)
	}
	fi, err := root.Stat(name)
	if errors.Is(err, fs.ErrNotExist) { // but it is in the original
		if x, ok := buildcontext.Excluded(w.from, w.dockerfile, e.file()); ok {
			return fmt.Errorf("%s: it is excluded from the build context by %s, so no edit of it changes the image", name, x)
		}
	}
	if err != nil {
		return err
	}
	// Never into the file: it may be the original, linked.
	if err := root.Remove(name); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fi.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	// A time that is the same in every repetition: it is part of the layer.
	at := fi.ModTime().Truncate(time.Second)
	return root.Chtimes(name, at, at)
}

func (e Edit) change(orig []byte, nonce string) ([]byte, error) {
	switch {
	case e.Append != nil:
		return append(bytes.Clone(orig), strings.ReplaceAll(e.Append.Text, "{n}", nonce)...), nil
	case e.Replace != nil:
		if !bytes.Contains(orig, []byte(e.Replace.Old)) {
			return nil, fmt.Errorf("%q does not occur in it", clip(e.Replace.Old))
		}
		return bytes.Replace(orig, []byte(e.Replace.Old), []byte(strings.ReplaceAll(e.Replace.New, "{n}", nonce)), 1), nil
	}
	// A comment in most languages, and of the same length whatever the nonce.
	mark := "#"
	switch filepath.Ext(e.Touch) {
	case ".go", ".c", ".h", ".cc", ".cpp", ".js", ".mjs", ".ts", ".java", ".rs", ".kt", ".swift":
		mark = "//"
	case ".json":
		return append(bytes.TrimRight(bytes.Clone(orig), "\n"), []byte(strings.Repeat(" ", 1+spaces(nonce))+"\n")...), nil
	}
	sep := ""
	if len(orig) > 0 && orig[len(orig)-1] != '\n' {
		sep = "\n"
	}
	return append(bytes.Clone(orig), sep+mark+" "+nonce+"\n"...), nil
}

// spaces makes a number of a nonce: JSON has no comments, so that only white space
// can differ.
func spaces(nonce string) int {
	n := 0
	for _, c := range nonce {
		n = (n*31 + int(c)) % 5003
	}
	return n
}

// varies tells whether another nonce makes another change; one that does not can be
// built only once before its result is in the cache.
func (e Edit) varies() bool {
	switch {
	case e.Base != "":
		return e.Base == "bump"
	case e.Append != nil:
		return strings.Contains(e.Append.Text, "{n}")
	case e.Replace != nil:
		return strings.Contains(e.Replace.New, "{n}")
	}
	return true
}

// Touched makes a copy of a context below tmp in which files have one line more, as an
// Edit with Touch makes it. cleanup removes it.
func Touched(tmp, dir, dockerfile string, files []string, nonce string) (copied string, cleanup func(), err error) {
	w, err := newWorkspace(tmp, dir, dockerfile)
	if err != nil {
		return "", nil, err
	}
	for _, f := range files {
		if !filepath.IsLocal(f) {
			err = fmt.Errorf("%q is not a file below the build context", f)
		} else {
			err = w.apply(Edit{Name: f, Touch: f}, nonce)
		}
		if err != nil {
			w.remove()
			return "", nil, err
		}
	}
	return w.dir, w.remove, nil
}
