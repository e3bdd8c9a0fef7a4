// Package workspace makes copies of build contexts in which files are changed, to see
// what a commit would cost. The original is never written to.
package workspace

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

// ErrNoFile says that a build context does not have the file that is to be changed.
var ErrNoFile = errors.New("the context has no such file")

// Copy is a copy of a build context.
type Copy struct {
	Dir              string // the copy
	from, dockerfile string
}

// New makes a copy of a context below tmp, as far as the builder gets to see it. Files
// are linked where the file system allows; changes write new ones.
func New(tmp, from, file string) (*Copy, error) {
	dir, err := os.MkdirTemp(tmp, "context-")
	if err != nil {
		return nil, err
	}
	c := &Copy{Dir: filepath.Join(dir, filepath.Base(from)), from: from, dockerfile: file}
	if err = os.Mkdir(c.Dir, 0o755); err == nil {
		err = buildcontext.Walk(from, file, []string{tmp, os.TempDir()}, c.add)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("copy the build context %s: %w", from, err), os.RemoveAll(dir))
	}
	return c, nil
}

// Remove removes the copy.
func (c *Copy) Remove() { _ = os.RemoveAll(filepath.Dir(c.Dir)) }

func (c *Copy) add(rel string, d fs.DirEntry) error {
	from, to := filepath.Join(c.from, filepath.FromSlash(rel)), filepath.Join(c.Dir, filepath.FromSlash(rel))
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

// Change replaces a file of the copy by what change makes of the original's content. It
// returns ErrNoFile (wrapped) if the original does not have the file.
func (c *Copy) Change(file string, change func(orig []byte) ([]byte, error)) error {
	if !filepath.IsLocal(filepath.FromSlash(file)) {
		return fmt.Errorf("%q is not a file below the build context", file)
	}
	root, err := os.OpenRoot(c.Dir) // a link in the context leads nowhere else
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	name := filepath.FromSlash(file)
	orig, err := os.ReadFile(filepath.Join(c.from, name))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", name, ErrNoFile)
	}
	if err != nil {
		return err
	}
	body, err := change(orig)
	if err != nil {
		return err
	}
	fi, err := root.Stat(name)
	if errors.Is(err, fs.ErrNotExist) { // but it is in the original
		if x, ok := buildcontext.Excluded(c.from, c.dockerfile, file); ok {
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

// Put writes a file of the copy, which the original need not have.
func (c *Copy) Put(file string, body []byte) error {
	if !filepath.IsLocal(filepath.FromSlash(file)) {
		return fmt.Errorf("%q is not a file below the build context", file)
	}
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	name := filepath.FromSlash(file)
	mode, at := fs.FileMode(0o644), time.Unix(1e9, 0)
	if fi, err := os.Stat(filepath.Join(c.from, name)); err == nil {
		mode, at = fi.Mode().Perm(), fi.ModTime().Truncate(time.Second)
	}
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) { // it may be the original, linked
		return err
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if err := root.WriteFile(name, body, mode); err != nil {
		return err
	}
	return root.Chtimes(name, at, at)
}

// Delete removes a file of the copy.
func (c *Copy) Delete(file string) error {
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	return root.Remove(filepath.FromSlash(file))
}

// Touch makes files differ by a line that means nothing to what reads them. Different
// nonces make different files.
func (c *Copy) Touch(nonce string, files ...string) error {
	for _, f := range files {
		if err := c.Change(f, func(orig []byte) ([]byte, error) { return Touched(f, orig, nonce), nil }); err != nil {
			return err
		}
	}
	return nil
}

// Touched is the content of a file with a comment more, in the language that its name
// tells, of the same length whatever the nonce.
func Touched(name string, orig []byte, nonce string) []byte {
	mark := "#"
	switch filepath.Ext(name) {
	case ".go", ".c", ".h", ".cc", ".cpp", ".js", ".mjs", ".ts", ".java", ".rs", ".kt", ".swift":
		mark = "//"
	case ".json":
		return append(bytes.TrimRight(bytes.Clone(orig), "\n"), []byte(strings.Repeat(" ", 1+spaces(nonce))+"\n")...)
	}
	sep := ""
	if len(orig) > 0 && orig[len(orig)-1] != '\n' {
		sep = "\n"
	}
	return append(bytes.Clone(orig), sep+mark+" "+nonce+"\n"...)
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
