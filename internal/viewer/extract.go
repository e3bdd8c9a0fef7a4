package viewer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"tare/internal/layer"
	"tare/internal/outline"
	"tare/internal/tree"
	"tare/internal/units"
)

// extraction writes entries of an image below a directory that it made, and nowhere else:
// os.Root keeps every name inside, whatever links stand there, and nothing that exists is
// written over.
type extraction struct {
	root  *os.Root
	tree  *tree.Tree
	names map[tree.Ref][]string // where the content of a file goes, below root
	links []symlink
	dirs  map[string]fs.FileMode

	files, bytes  int64
	away, devices int
}

type symlink struct{ name, to string }

// Extract implements tui.Source: it writes files with their permission bits, and symbolic
// links that stay inside. Owners, times, set-uid bits and devices are left out.
func (s *Session) Extract(ctx context.Context, image int, items []outline.Item, name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" {
		return "", errors.New("extract: no name was given")
	}
	if len(items) == 0 {
		return "", errors.New("extract: nothing is there in this range of layers")
	}
	t := s.facts[image].Tree
	if _, err := os.Lstat(name); err == nil {
		return "", fmt.Errorf("extract: %s exists: nothing was written", name)
	}
	if e := t.Content(items[0].Ref); len(items) == 1 && e.Kind != layer.Dir {
		return s.extractFile(ctx, image, items[0].Ref, name)
	}
	if err := os.Mkdir(name, 0o755); err != nil {
		return "", fmt.Errorf("extract: %w", err)
	}
	text, err := s.extractDir(ctx, image, items, name)
	if err != nil {
		// It was not there before.
		return "", fmt.Errorf("extract: %w", errors.Join(err, os.RemoveAll(name)))
	}
	return text, nil
}

func (s *Session) extractFile(ctx context.Context, image int, r tree.Ref, name string) (string, error) {
	t := s.facts[image].Tree
	if to, link := t.Target(r); link {
		r = to
	}
	e := t.Entry(r)
	if e.Kind != layer.File {
		return "", fmt.Errorf("extract: it is a %s, not a file", e.Kind)
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm(e))
	if err != nil {
		return "", fmt.Errorf("extract: %w", err)
	}
	err = s.set.ReadEntries(ctx, image, int(r.Layer), []*layer.Entry{e}, func(_ int, r io.Reader) error {
		_, err := io.Copy(f, r)
		return err
	})
	if err = errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("extract: %w", errors.Join(err, os.Remove(name)))
	}
	return fmt.Sprintf("extracted %s to %s", units.Bytes(e.Size), name), nil
}

// perm are the permission bits that an extracted file gets: no set-uid, and always
// readable for who extracted it.
func perm(e *layer.Entry) fs.FileMode { return fs.FileMode(e.Mode)&0o777 | 0o400 }

func (s *Session) extractDir(ctx context.Context, image int, items []outline.Item, name string) (string, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = root.Close() }()
	x := &extraction{root: root, tree: s.facts[image].Tree, names: map[tree.Ref][]string{}, dirs: map[string]fs.FileMode{}}
	for _, i := range items {
		if err := x.plan(i); err != nil {
			return "", err
		}
	}
	if err := x.contents(ctx, s, image); err != nil {
		return "", err
	}
	// Links come last: nothing is written through one.
	for _, l := range x.links {
		if err := x.root.Symlink(l.to, l.name); err != nil {
			return "", err
		}
	}
	for dir, mode := range x.dirs {
		if err := x.root.Chmod(dir, mode); err != nil {
			return "", err
		}
	}
	return x.text(name), nil
}

// plan makes a directory, or says where a file or link goes.
func (x *extraction) plan(i outline.Item) error {
	_, name, below := strings.Cut(i.Path, "/")
	if !below {
		return nil // the directory itself
	}
	name = filepath.FromSlash(name)
	if !filepath.IsLocal(name) {
		return fmt.Errorf("%q is no name for a file here", i.Path)
	}
	e := x.tree.Entry(i.Ref)
	if e.Kind == layer.Dir {
		x.dirs[name] = fs.FileMode(e.Mode)&0o777 | 0o700
		return x.root.MkdirAll(name, 0o755)
	}
	if err := x.root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	switch e.Kind {
	case layer.File, layer.Link:
		r := i.Ref
		if to, link := x.tree.Target(r); link {
			r = to
		}
		if x.tree.Entry(r).Kind != layer.File {
			x.devices++
			return nil
		}
		x.names[r] = append(x.names[r], name)
	case layer.Symlink:
		if strings.HasPrefix(e.Link, "/") || !filepath.IsLocal(filepath.FromSlash(path.Join(path.Dir(filepath.ToSlash(name)), e.Link))) {
			x.away++
			return nil
		}
		x.links = append(x.links, symlink{name, e.Link})
	default:
		x.devices++
	}
	return nil
}

// contents writes the files, each layer in one pass.
func (x *extraction) contents(ctx context.Context, s *Session, image int) error {
	layers := map[int32][]tree.Ref{}
	for r := range x.names {
		layers[r.Layer] = append(layers[r.Layer], r)
	}
	for k, refs := range layers {
		slices.SortFunc(refs, func(a, b tree.Ref) int { return cmp.Compare(x.tree.Entry(a).Offset, x.tree.Entry(b).Offset) })
		var entries []*layer.Entry
		for _, r := range refs {
			entries = append(entries, x.tree.Entry(r))
		}
		err := s.set.ReadEntries(ctx, image, int(k), entries, func(n int, r io.Reader) error {
			return x.file(x.names[refs[n]], entries[n], r)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// file writes a file under its names.
func (x *extraction) file(names []string, e *layer.Entry, r io.Reader) error {
	f, err := x.root.OpenFile(names[0], os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm(e))
	if err != nil {
		return err
	}
	n, err := io.Copy(f, r)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	x.files, x.bytes = x.files+1, x.bytes+n
	for _, other := range names[1:] {
		if err := x.root.Link(names[0], other); err != nil {
			return err
		}
		x.files++
	}
	return nil
}

func (x *extraction) text(name string) string {
	s := fmt.Sprintf("extracted %s, %s, to %s", units.Plural(x.files, "file"), units.Bytes(x.bytes), name)
	var without []string
	if x.away > 0 {
		without = append(without, units.Plural(x.away, "symbolic link")+" to elsewhere")
	}
	if x.devices > 0 {
		without = append(without, units.Plural(x.devices, "device"))
	}
	if len(without) > 0 {
		s += "; left out " + strings.Join(without, " and ")
	}
	return s
}
