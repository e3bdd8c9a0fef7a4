package web

import (
	"net/http"
	"net/url"
	"strings"

	"tare/internal/layer"
	"tare/internal/outline"
	"tare/internal/screen"
	"tare/internal/tree"
	"tare/internal/units"
	"tare/internal/weigh"
)

// How many rows one answer has.
const (
	someRows = 200
	mostRows = 1000
)

// Row is a file or directory as a view shows it. Names are safe to show; ID names it in
// further requests about the same image or pair.
type Row struct {
	ID   int32  `json:"id"`
	Name string `json:"name"`
	Path string `json:"path"`
	Kind string `json:"kind"`
	Link string `json:"link,omitempty"` // of a symbolic or hard link, where it leads
	// Sign is outline's mark, What the same in words: what the range of layers does to it,
	// or how two images differ.
	Sign string `json:"sign,omitempty"`
	What string `json:"what,omitempty"`
	// Size are bytes that the range leaves, Hidden those that it hides; of two images the
	// live bytes of the first, with Other and Change.
	Size     int64  `json:"size"`
	Transfer *int64 `json:"transfer,omitempty"` // apportioned; null if a blob is not known
	Hidden   int64  `json:"hidden"`
	Other    *int64 `json:"other,omitempty"`
	Change   *int64 `json:"change,omitempty"`
	Files    int32  `json:"files"`
	// Layer is the one that wrote what stands there, from 0; By the one that hides it,
	// with Fate.
	Layer   *int32 `json:"layer,omitempty"`
	By      *int32 `json:"by,omitempty"`
	Fate    string `json:"fate,omitempty"`
	Package string `json:"package,omitempty"`
	Folder  bool   `json:"folder"` // something is shown in it
}

// Layer is a layer of an image.
type Layer struct {
	Instruction string       `json:"instruction"`
	Transfer    units.Amount `json:"transfer"`
	Live        int64        `json:"live"`
	Waste       int64        `json:"waste"`
}

// images lists the images and their layers.
func (h *handler) images(*http.Request, url.Values) (any, error) {
	type one struct {
		Name   string  `json:"name"`
		Layers []Layer `json:"layers"`
	}
	out := []one{}
	for _, i := range h.Images {
		o := one{Name: screen.Safe(i.Name), Layers: []Layer{}}
		for k := range i.Facts.Tree.Lists {
			text := strings.Join(strings.Fields(i.Facts.Image.StepOf(k).Instruction()), " ")
			o.Layers = append(o.Layers, Layer{Instruction: screen.Safe(text), Transfer: units.Known(0)})
		}
		for _, c := range i.Facts.Cells {
			l := &o.Layers[c.Layer]
			l.Transfer = l.Transfer.Plus(c.Transfer)
			if c.Fate == tree.Live {
				l.Live += c.Files
			} else {
				l.Waste += c.Files
			}
		}
		out = append(out, o)
	}
	return map[string]any{"images": out}, nil
}

// Listing is the content of a directory, or what was found.
type Listing struct {
	Self Row   `json:"self"` // the directory; of what was found the root
	Rows []Row `json:"rows"`
	// Total are all rows, of which some are listed; Next is where the next ones begin, 0 if
	// there are none.
	Total int `json:"total"`
	Next  int `json:"next,omitempty"`
}

// files lists a directory.
func (h *handler) files(r *http.Request, q url.Values) (any, error) {
	l, t, s, i, err := h.at(r, q)
	if err != nil {
		return nil, err
	}
	return h.list(l, t, s, i, t.Children(nil, i, s, l.order), q, false)
}

// search lists what a filter keeps.
func (h *handler) search(r *http.Request, q url.Values) (any, error) {
	l, err := h.views.looked(q)
	if err != nil {
		return nil, err
	}
	if l.text == "" {
		return nil, bad("q: what is looked for?")
	}
	t, s, err := h.views.sum(r.Context(), l)
	if err != nil {
		return nil, err
	}
	return h.list(l, t, s, 0, t.Found(s, l.order), q, true)
}

func (h *handler) list(l looked, t *outline.Table, s *outline.Sums, at int32, rows []int32, q url.Values, whole bool) (any, error) {
	from, err := number(q, "offset", 0, 1<<31-1, 0)
	if err != nil {
		return nil, err
	}
	most, err := number(q, "limit", 1, mostRows, someRows)
	if err != nil {
		return nil, err
	}
	out := Listing{Self: h.row(l, t, s, at), Rows: []Row{}, Total: len(rows)}
	end := min(from+most, len(rows))
	for _, i := range rows[min(from, len(rows)):end] {
		row := h.row(l, t, s, i)
		if whole {
			row.Name = row.Path
		}
		out.Rows = append(out.Rows, row)
	}
	if end < len(rows) {
		out.Next = end
	}
	return out, nil
}

// at is the node that a request names, by id or by path, in its view.
func (h *handler) at(r *http.Request, q url.Values) (l looked, t *outline.Table, s *outline.Sums, i int32, err error) {
	if l, err = h.views.looked(q); err != nil {
		return l, nil, nil, 0, err
	}
	if t, s, err = h.views.sum(r.Context(), l); err != nil {
		return l, nil, nil, 0, err
	}
	i, err = node(t, q)
	return l, t, s, i, err
}

func node(t *outline.Table, q url.Values) (int32, error) {
	if !q.Has("id") && !q.Has("path") {
		return 0, nil // the root
	}
	if q.Get("id") != "" {
		n, err := number(q, "id", 0, len(t.Nodes)-1, 0)
		return int32(n), err
	}
	i, ok := t.Find(strings.Trim(q.Get("path"), "/"))
	if !ok {
		return 0, &problem{http.StatusNotFound, "no layer has " + q.Get("path")}
	}
	return i, nil
}

// row is what a view shows of a node.
func (h *handler) row(l looked, t *outline.Table, s *outline.Sums, i int32) Row {
	v := t.Values(s, i)
	r := Row{ID: i, Name: screen.Safe(t.Name(i)), Path: screen.Safe("/" + t.Path(i)), Kind: layer.Dir.String(),
		Sign: strings.TrimSpace(s.Sign[i].Mark()), What: s.Sign[i].String(), Size: v.Col[outline.Size], Files: v.Count, Folder: t.Parent(i, s)}
	if l.with >= 0 {
		r.Other, r.Change = &v.Col[outline.Transfer], &v.Col[outline.HiddenSum]
	} else {
		r.Hidden = v.Col[outline.HiddenSum]
		if !s.Unknown {
			r.Transfer = &v.Col[outline.Transfer]
		}
	}
	image, ref, ok := h.version(l, t, i)
	if !ok {
		return r
	}
	f := h.Images[image].Facts
	h.entry(&r, f, ref)
	return r
}

// entry fills in what is known of the entry that stands for a node.
func (h *handler) entry(r *Row, f *weigh.Facts, ref tree.Ref) {
	e := f.Tree.Entry(ref)
	r.Kind, r.Layer = e.Kind.String(), &ref.Layer
	if e.Kind == layer.Symlink || e.Kind == layer.Link {
		r.Link = screen.Safe(e.Link())
	}
	if p := f.Owner(ref); p != nil {
		r.Package = screen.Safe(p.Name)
	}
	if state := f.Tree.Name(ref); state.Class != tree.Live {
		r.By, r.Fate = &state.By, state.Class.String()
	}
}

// version is the entry that stands for a node: of two images that of the second, if a
// container sees something there, else of the first.
func (h *handler) version(l looked, t *outline.Table, i int32) (image int, r tree.Ref, ok bool) {
	if l.with < 0 {
		r, ok = t.Version(i, 0, l.view.To)
		return l.image, r, ok
	}
	for side, n := range []int{l.with, l.image} {
		f := h.Images[n].Facts.Tree
		e, is := t.Version(i, 1-side, len(f.Lists)-1)
		if !is {
			continue
		}
		if f.Seen(e, len(f.Lists)-1) {
			return n, e, true
		}
		if !ok {
			image, r, ok = n, e, true
		}
	}
	return image, r, ok
}
