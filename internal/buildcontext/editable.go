package buildcontext

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"tare/internal/suggest"
)

// Context is a build context in which files are looked up. Close it.
type Context struct {
	dir, file string // absolute
	root      *os.Root
}

// Open opens the build context dir of a Dockerfile.
func Open(dir, dockerfile string) (*Context, error) {
	var c Context
	var err error
	if c.dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	if c.file, err = filepath.Abs(dockerfile); err != nil {
		return nil, err
	}
	c.root, err = os.OpenRoot(c.dir)
	return &c, err
}

// Close closes it.
func (c *Context) Close() error { return c.root.Close() }

// Dir is the directory, as an absolute path.
func (c *Context) Dir() string { return c.dir }

// IsFile tells whether there is a regular file of this name; name has slashes.
func (c *Context) IsFile(name string) bool {
	fi, err := c.root.Lstat(filepath.FromSlash(name))
	return err == nil && fi.Mode().IsRegular()
}

// Read is the content of a file, without leaving the context.
func (c *Context) Read(name string) ([]byte, error) {
	f, err := c.root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(f)
}

// Editable tells why an edit of a file, named with slashes, cannot change what a build
// makes: it is not there, no file, or not sent to the builder. nil if it can.
func (c *Context) Editable(name string) error {
	rel := filepath.Clean(filepath.FromSlash(name))
	if name == "" {
		return errors.New("want a file of the build context")
	}
	if !filepath.IsLocal(rel) {
		return fmt.Errorf("it is not in the build context %s%s", c.dir, c.fromHere(name))
	}
	fi, err := c.root.Lstat(rel)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the build context %s has no such file%s", c.dir, c.nearby(name))
	case err != nil: // a link that leads out of the context, or nobody may read it
		return fmt.Errorf("it cannot be reached in the build context: %w", unwrapped(err))
	case fi.IsDir():
		return fmt.Errorf("it is a directory: name a file%s", c.has(filepath.ToSlash(rel)))
	case fi.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("it is a symbolic link: name the file that it leads to%s", c.leads(rel))
	case !fi.Mode().IsRegular():
		return errors.New("it is not a regular file, and no builder takes it")
	}
	if real := c.real(rel); real != "" && real != filepath.ToSlash(rel) {
		return fmt.Errorf("it is reached through a symbolic link: name it as %s", real)
	}
	return c.Sent(rel)
}

// Sent is an error for a file that the builder does not get, and says which line of an
// ignore file keeps it out.
func (c *Context) Sent(rel string) error {
	rel = filepath.ToSlash(rel)
	out, err := Left(c.dir, c.file, rel)
	if err != nil || !out {
		return err
	}
	by := "an ignore file"
	if x, ok := Excluded(c.dir, c.file, rel); ok {
		by = x.String()
	}
	return fmt.Errorf("it is excluded from the build context by %s, so no edit of it changes the image", by)
}

// real is where a file of the context stands, symbolic links followed; "" if that is not
// known.
func (c *Context) real(rel string) string {
	dir, err := filepath.EvalSymlinks(c.dir)
	if err != nil {
		return ""
	}
	at, err := filepath.EvalSymlinks(filepath.Join(c.dir, rel))
	if err != nil {
		return ""
	}
	if at, err = filepath.Rel(dir, at); err != nil || !filepath.IsLocal(at) {
		return ""
	}
	return filepath.ToSlash(at)
}

func (c *Context) leads(rel string) string {
	if to := c.real(rel); to != "" {
		return ", " + to
	}
	return ""
}

// fromHere is a hint at a file that was named as seen from the current directory.
func (c *Context) fromHere(name string) string {
	at, err := filepath.Abs(filepath.FromSlash(name))
	if err != nil {
		return ""
	}
	rel, err := filepath.Rel(c.dir, at)
	if err != nil || !filepath.IsLocal(rel) || rel == "." {
		return ""
	}
	if fi, err := c.root.Lstat(rel); err != nil || !fi.Mode().IsRegular() {
		return ""
	}
	return "; paths are those in the context: did you mean " + filepath.ToSlash(rel) + "?"
}

// most bounds what is looked through for a hint, and shown the files in it.
const most, shown = 20_000, 5

// files are those of the context that the builder gets, as far as a hint needs them.
func (c *Context) files() (list []string) {
	_ = Walk(c.dir, c.file, nil, func(rel string, d fs.DirEntry) error {
		if d.Type().IsRegular() {
			list = append(list, rel)
		}
		if len(list) >= most {
			return fs.SkipAll
		}
		return nil
	})
	return list
}

// nearby says which files somebody may have meant by one that does not exist: those of its
// name elsewhere, else one with a name like it, else what stands in its directory.
func (c *Context) nearby(name string) string {
	if here := c.fromHere(name); here != "" {
		return here
	}
	all := c.files()
	want := path.Clean(filepath.ToSlash(name))
	var same []string
	for _, f := range all {
		if strings.EqualFold(path.Base(f), path.Base(want)) {
			same = append(same, f)
		}
	}
	if near := suggest.Nearest(want, all); len(same) == 0 && near != "" {
		same = []string{near}
	}
	if len(same) > 0 {
		return ": did you mean " + suggest.Enumerate(same[:min(len(same), shown)]) + "?"
	}
	return c.has(path.Dir(want))
}

// has names files of a directory of the context, or of the next one above it that has any.
func (c *Context) has(dir string) string {
	all := c.files()
	for ; ; dir = path.Dir(dir) {
		var list []string
		for _, f := range all {
			if path.Dir(f) == dir {
				list = append(list, f)
			}
		}
		for _, f := range all { // further down
			if len(list) == 0 && strings.HasPrefix(f, dir+"/") {
				list = append(list, f)
			}
		}
		if n := len(list); n > 0 {
			some := strings.Join(list[:min(n, shown)], ", ")
			if n > shown {
				some += ", …"
			}
			return ": there is " + some
		}
		if dir == "." || dir == "/" {
			return ""
		}
	}
}

// unwrapped is what went wrong, without the operation and the path.
func unwrapped(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
