package preview

import (
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"tare/internal/buildcontext"
	"tare/internal/engine"
	"tare/internal/layer"
	"tare/internal/profile"
	"tare/internal/secret"
)

// context are the files of a build context.
type context struct {
	dir   string
	files map[string]profile.File
	paths map[int64]string // in the context, by the number that an entry has in place of a time
}

// list lists what a builder would get. No file is opened.
func list(dir, dockerfile string) (*context, error) {
	c := &context{dir: dir, files: map[string]profile.File{}, paths: map[int64]string{}}
	err := buildcontext.Sent(dir, dockerfile, nil, func(rel string, d fs.DirEntry) error {
		fi, err := d.Info()
		if err != nil {
			return nil //nolint:nilerr // gone while we look
		}
		f := profile.File{Mode: uint32(fi.Mode()), Size: fi.Size()}
		if fi.Mode()&fs.ModeSymlink != 0 {
			f.Link, _ = os.Readlink(filepath.Join(dir, filepath.FromSlash(rel)))
		}
		c.files[rel] = f
		return nil
	})
	return c, err
}

// take is what a source of a COPY takes.
func take(src string, exclude []string) engine.Take {
	return engine.Take{Source: "/" + strings.TrimPrefix(src, "/"), Wildcard: true, Follow: true, Exclude: exclude}
}

// archive tells whether ADD unpacks a file.
func archive(name string) bool {
	for _, ext := range []string{".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".txz", ".tar.zst"} {
		if strings.HasSuffix(name, ext) {
			return true
		}
	}
	return false
}

// entry is a regular file as a layer has it, without its path there.
func (c *context) entry(name string) (layer.Entry, bool) {
	f := c.files[name]
	if !fs.FileMode(f.Mode).IsRegular() {
		return layer.Entry{}, false
	}
	n := int64(len(c.paths) + 1)
	c.paths[n] = name
	e := layer.Entry{Kind: layer.File, Size: f.Size, Mtime: n, Mode: uint16(fs.FileMode(f.Mode).Perm())}
	e.Sum[0], e.Sum[1], e.Sum[2], e.Sum[3] = byte(n), byte(n>>8), byte(n>>16), byte(n>>24) // none is known to be another's copy
	return e, true
}

// below is where a file of a source comes to lie below the destination: what is in a
// directory lies there by its path in it, a file by its name if the destination is a directory.
func (c *context) below(src, name string, whole bool) string {
	parts, depth := strings.Split(name, "/"), 0
	if s := strings.Trim(path.Clean("/"+src), "/"); s != "" {
		depth = strings.Count(s, "/") + 1
	}
	if len(parts) > depth {
		return strings.Join(parts[depth:], "/")
	}
	if whole {
		return path.Base(name)
	}
	return ""
}

// look looks at the first bytes of a file, as is done when a layer is read.
func (c *context) look(e *layer.Entry) {
	f, err := os.OpenInRoot(c.dir, filepath.FromSlash(c.paths[e.Mtime]))
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	head, err := io.ReadAll(io.LimitReader(f, secret.Head))
	if err == nil {
		e.Mark = secret.Look(e.Path, head)
	}
}
