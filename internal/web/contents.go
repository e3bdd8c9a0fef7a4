package web

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tare/internal/layer"
	"tare/internal/outline"
	"tare/internal/screen"
	"tare/internal/tree"
)

// maxText is how much of a file is shown, in bytes.
const maxText = 1 << 20

// Text is the beginning of a file.
type Text struct {
	Path  string `json:"path"`
	Bytes int64  `json:"bytes"`
	Layer int32  `json:"layer"`
	Text  string `json:"text"` // safe to show; empty of what is no text
	// Binary says that it is no text, Shortened that there is more of it.
	Binary    bool `json:"binary"`
	Shortened bool `json:"shortened"`
	// Versions are all that layers have at the path, lowest first, if they are several.
	Versions []Version `json:"versions,omitempty"`
}

// Version is what a layer has at a path, and what became of it: the layer that hides it, and
// how. Layers are counted from 0.
type Version struct {
	Layer int32  `json:"layer"`
	Bytes int64  `json:"bytes"`
	By    *int32 `json:"by,omitempty"`
	Fate  string `json:"fate"`
}

// errEnough ends the reading of a layer.
var errEnough = errors.New("enough was read")

// chosen is what of an image a request is about.
type chosen struct {
	looked
	table *outline.Table
	node  int32
	image int // whose entries they are
	side  int // of the table
	top   int // layers above are away
	ref   tree.Ref
	known bool // there is an entry; directories need none
}

func (h *handler) chosen(q url.Values) (c chosen, err error) {
	if c.looked, err = h.views.looked(q); err != nil {
		return c, err
	}
	c.table = h.views.table(c.pair)
	if c.node, err = node(c.table, q); err != nil {
		return c, err
	}
	c.image, c.ref, c.known = h.version(c.looked, c.table, c.node)
	if c.top = c.view.To; c.with < 0 {
		c.image = c.pair.image
		return c, nil
	}
	if !c.known {
		c.image = c.with
	}
	if c.image == c.with {
		c.side = 1
	}
	c.top = len(h.Images[c.image].Facts.Tree.Lists) - 1
	return c, nil
}

// chosenFile is the file that is chosen; a hard link is the one that it names.
func (h *handler) chosenFile(c chosen) (tree.Ref, *layer.Entry, error) {
	t := h.Images[c.image].Facts.Tree
	if !c.known {
		return c.ref, nil, bad("/%s is a directory", c.table.Path(c.node))
	}
	r := c.ref
	if to, link := t.Target(r); link {
		r = to
	}
	e := t.Entry(r)
	switch e.Kind {
	case layer.File:
		return r, e, nil
	case layer.Symlink:
		return r, e, bad("/%s is a symbolic link to %s", c.table.Path(c.node), e.Link())
	}
	return r, e, bad("/%s is a %s", c.table.Path(c.node), e.Kind)
}

// text is the beginning of a file.
func (h *handler) text(r *http.Request, q url.Values) (any, error) {
	c, err := h.chosen(q)
	if err != nil {
		return nil, err
	}
	ref, e, err := h.chosenFile(c)
	if err != nil {
		return nil, err
	}
	var b []byte
	err = h.read(r.Context(), c.image, int(ref.Layer), []*layer.Entry{e}, func(_ int, r io.Reader) error {
		if b, err = io.ReadAll(io.LimitReader(r, maxText)); err != nil {
			return err
		}
		return errEnough
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	out := Text{Path: screen.Safe("/" + c.table.Path(c.node)), Bytes: e.Size, Layer: ref.Layer, Shortened: e.Size > int64(len(b)), Versions: h.versions(c)}
	if out.Shortened { // a character may be cut
		for n := 0; n < utf8.UTFMax && len(b) > 0 && !utf8.Valid(b[max(0, len(b)-utf8.UTFMax):]); n++ {
			b = b[:len(b)-1]
		}
	}
	if out.Binary = !utf8.Valid(b) || bytes.IndexByte(b, 0) >= 0; !out.Binary {
		out.Text = screen.Text(string(b))
	}
	return out, nil
}

// versions are all that layers have at a path; nothing if that is only one.
func (h *handler) versions(c chosen) (out []Version) {
	t := h.Images[c.image].Facts.Tree
	for _, r := range c.table.Entries(c.node, c.side) {
		e := t.Entry(r)
		if e.Kind == layer.Whiteout || e.Kind == layer.Opaque || e.Kind == layer.Meta {
			continue
		}
		v, state := Version{Layer: r.Layer, Bytes: e.Size}, t.Name(r)
		if v.Fate = state.Class.String(); state.Class != tree.Live {
			v.By = &state.By
		}
		out = append(out, v)
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// read reads files of a layer, when it is their turn.
func (h *handler) read(ctx context.Context, image, k int, entries []*layer.Entry, do func(n int, r io.Reader) error) error {
	select {
	case h.reads <- struct{}{}:
		defer func() { <-h.reads }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return h.Source.ReadEntries(ctx, image, k, entries, do)
}

// file sends a file as it is, and a directory as a tar.
func (h *handler) file(w http.ResponseWriter, r *http.Request, q url.Values) error {
	c, err := h.chosen(q)
	if err != nil {
		return err
	}
	t := h.Images[c.image].Facts.Tree
	name := c.table.Name(c.node)
	if c.node == 0 {
		name = h.Images[c.image].Name
	}
	if !c.known || t.Entry(c.ref).Kind == layer.Dir {
		if c.with >= 0 && c.side == 0 && c.table.Nodes[c.node].End > c.node+1 { // the second image need not have an entry for it
			second := c
			second.image, second.side, second.top = c.with, 1, len(h.Images[c.with].Facts.Tree.Lists)-1
			if len(c.table.Items(c.node, 1, second.top)) > 0 {
				c = second
			}
		}
		return h.directory(w, r, c, name)
	}
	ref, e, err := h.chosenFile(c)
	if err != nil {
		return err
	}
	attach(w, name, "application/octet-stream")
	w.Header().Set("Content-Length", strconv.FormatInt(e.Size, 10))
	if r.Method == http.MethodHead {
		return nil
	}
	out := &unhurried{w: w, c: http.NewResponseController(w)}
	err = h.read(r.Context(), c.image, int(ref.Layer), []*layer.Entry{e}, func(_ int, r io.Reader) error {
		_, err := io.Copy(out, r)
		return err
	})
	return out.end(err)
}

// directory sends what a container sees in a directory, as a tar without owners and set-uid
// bits. What is left out is said in a header.
func (h *handler) directory(w http.ResponseWriter, r *http.Request, c chosen, name string) error {
	t := h.Images[c.image].Facts.Tree
	items := c.table.Items(c.node, c.side, c.top)
	if len(items) == 0 {
		return &problem{http.StatusNotFound, "nothing is there in this range of layers"}
	}
	plan, err := outline.NewPlan(t, items)
	if err != nil {
		return err
	}
	attach(w, name+".tar", "application/x-tar")
	if left := plan.LeftOut(); left != "" {
		w.Header().Set("Tare-Left-Out", left)
	}
	if r.Method == http.MethodHead {
		return nil
	}
	out := &unhurried{w: w, c: http.NewResponseController(w)}
	return out.end(h.tar(r.Context(), out, c.image, plan, strings.TrimSuffix(fileName(name), ".")))
}

// tar writes a plan as a tar whose names begin with dir.
func (h *handler) tar(ctx context.Context, out io.Writer, image int, plan *outline.Plan, dir string) error {
	t, w := h.Images[image].Facts.Tree, tar.NewWriter(out)
	head := func(kind byte, name string, mode, size int64, link string, when time.Time) error {
		return w.WriteHeader(&tar.Header{Typeflag: kind, Name: dir + "/" + name, Mode: mode, Size: size, Linkname: link, ModTime: when})
	}
	if err := head(tar.TypeDir, "", 0o755, 0, "", time.Unix(0, 0)); err != nil {
		return err
	}
	for _, d := range plan.Dirs {
		if err := head(tar.TypeDir, d.Name+"/", int64(d.Mode), 0, "", time.Unix(0, 0)); err != nil {
			return err
		}
	}
	err := plan.ByLayer(func(k int, files []outline.PlannedFile) error {
		entries := make([]*layer.Entry, len(files))
		for n := range files {
			entries[n] = t.Entry(files[n].Ref)
		}
		return h.read(ctx, image, k, entries, func(n int, r io.Reader) error {
			e, names := entries[n], files[n].Names
			when := time.Unix(min(max(e.Mtime, 0), 1<<33), 0)
			if err := head(tar.TypeReg, names[0], int64(outline.Perm(e)), e.Size, "", when); err != nil {
				return err
			}
			if _, err := io.Copy(w, r); err != nil {
				return err
			}
			for _, other := range names[1:] {
				if err := head(tar.TypeLink, other, int64(outline.Perm(e)), 0, dir+"/"+names[0], when); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	for _, l := range plan.Links {
		if err := head(tar.TypeSymlink, l.Name, 0o777, 0, l.To, time.Unix(0, 0)); err != nil {
			return err
		}
	}
	return w.Close()
}
