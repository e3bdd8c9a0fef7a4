package viewer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
	root         *os.Root
	plan         *outline.Plan
	files, bytes int64
}

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
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, outline.Perm(e))
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

func (s *Session) extractDir(ctx context.Context, image int, items []outline.Item, name string) (string, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = root.Close() }()
	t := s.facts[image].Tree
	plan, err := outline.NewPlan(t, items)
	if err != nil {
		return "", err
	}
	x := &extraction{root: root, plan: plan}
	for _, d := range plan.Dirs {
		if err := root.Mkdir(filepath.FromSlash(d.Name), 0o755); err != nil {
			return "", err
		}
	}
	err = plan.ByLayer(func(k int, files []outline.PlannedFile) error {
		entries := make([]*layer.Entry, len(files))
		for n := range files {
			entries[n] = t.Entry(files[n].Ref)
		}
		return s.set.ReadEntries(ctx, image, k, entries, func(n int, r io.Reader) error {
			return x.file(files[n].Names, entries[n], r)
		})
	})
	if err != nil {
		return "", err
	}
	// Links come last: nothing is written through one.
	for _, l := range plan.Links {
		if err := root.Symlink(l.To, filepath.FromSlash(l.Name)); err != nil {
			return "", err
		}
	}
	for _, d := range plan.Dirs {
		if err := root.Chmod(filepath.FromSlash(d.Name), d.Mode); err != nil {
			return "", err
		}
	}
	return x.text(name), nil
}

// file writes a file under its names.
func (x *extraction) file(names []string, e *layer.Entry, r io.Reader) error {
	f, err := x.root.OpenFile(filepath.FromSlash(names[0]), os.O_WRONLY|os.O_CREATE|os.O_EXCL, outline.Perm(e))
	if err != nil {
		return err
	}
	n, err := io.Copy(f, r)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	x.files, x.bytes = x.files+1, x.bytes+n
	for _, other := range names[1:] {
		if err := x.root.Link(filepath.FromSlash(names[0]), filepath.FromSlash(other)); err != nil {
			return err
		}
		x.files++
	}
	return nil
}

func (x *extraction) text(name string) string {
	s := fmt.Sprintf("extracted %s, %s, to %s", units.Plural(x.files, "file"), units.Bytes(x.bytes), name)
	if left := x.plan.LeftOut(); left != "" {
		s += "; left out " + left
	}
	return s
}
