package compare

import (
	"fmt"
	"slices"

	"tare/internal/layer"
	"tare/internal/tree"
	"tare/internal/weigh"
)

// pairing is a path as containers of two images see it. What it points to is nil in the
// image that lacks the path.
type pairing struct {
	path     string
	a, b     *layer.Entry // hard links are the files that they name
	own      [2]int64     // bytes that the entries themselves carry: 0 for hard links
	relinked bool         // it is a hard link to another of the paths that both have
}

// differs says which facts differ; content tells whether they are among what a file holds,
// not only what describes it. times says whether modification times count.
func (p *pairing) differs(times bool) (what []string, content bool) {
	e, f := p.a, p.b
	switch {
	case e.Kind != f.Kind:
		what = append(what, "kind")
	case e.Sum != f.Sum || e.Size != f.Size:
		what = append(what, "content")
	}
	if e.Kind == f.Kind && e.Link() != f.Link() {
		what = append(what, "link")
	}
	content = len(what) > 0
	if e.Mode != f.Mode {
		what = append(what, fmt.Sprintf("mode %o → %o", e.Mode, f.Mode))
	}
	if e.UID() != f.UID() || e.GID() != f.GID() {
		what = append(what, fmt.Sprintf("owner %d:%d → %d:%d", e.UID(), e.GID(), f.UID(), f.GID()))
	}
	if e.Xattrs() != f.Xattrs() {
		what = append(what, "xattrs")
	}
	if times && (e.Mtime != f.Mtime || e.Nsec != f.Nsec) {
		what = append(what, "time")
	}
	if p.relinked && !content {
		what = append(what, "hard links")
	}
	return what, content
}

// walk visits every path that a container of either image sees, in their order.
func walk(a, b *weigh.Facts, visit func(*pairing)) {
	x, y := seen(a), seen(b)
	linkedA, linkedB := linked(a, x), linked(b, y)
	p := new(pairing)
	for len(x)+len(y) > 0 {
		c := 0
		switch {
		case len(x) == 0:
			c = 1
		case len(y) == 0:
			c = -1
		default:
			c = layer.ComparePaths(a.Tree.Entry(x[0]).Path, b.Tree.Entry(y[0]).Path)
		}
		*p = pairing{}
		var r, s tree.Ref
		if c <= 0 {
			r, x = x[0], x[1:]
			p.path, p.a, p.own[0] = a.Tree.Entry(r).Path, a.Tree.Content(r), a.Tree.Entry(r).Size
		}
		if c >= 0 {
			s, y = y[0], y[1:]
			p.path, p.b, p.own[1] = b.Tree.Entry(s).Path, b.Tree.Content(s), b.Tree.Entry(s).Size
		}
		if c == 0 {
			p.relinked = linkedA.first(a, r, p.path) != linkedB.first(b, s, p.path)
		}
		if p.path != "" {
			visit(p)
			continue
		}
		// An image whose layers say nothing of the root gets an ordinary one.
		if p.a == nil {
			p.a = usual(p.b)
		} else if p.b == nil {
			p.b = usual(p.a)
		}
		visit(p)
	}
}

// usual is the root directory as engines make it where no layer has one, with the time of
// another one.
func usual(as *layer.Entry) *layer.Entry {
	return &layer.Entry{Kind: layer.Dir, Mode: 0o755, Mtime: as.Mtime, Nsec: as.Nsec}
}

// seen lists what a container sees, in order of paths.
func seen(f *weigh.Facts) []tree.Ref {
	var out []tree.Ref
	top := len(f.Tree.Lists) - 1
	for k := range f.Tree.Lists {
		for i := range f.Tree.Lists[k] {
			if r := (tree.Ref{Layer: int32(k), Entry: int32(i)}); f.Tree.Seen(r, top) {
				out = append(out, r)
			}
		}
	}
	slices.SortFunc(out, func(x, y tree.Ref) int { return layer.ComparePaths(f.Tree.Entry(x).Path, f.Tree.Entry(y).Path) })
	return out
}

// names are, of files with several names, the first that both images have.
type names map[tree.Ref]string

// linked are the files that hard links of a list name.
func linked(f *weigh.Facts, list []tree.Ref) names {
	out := names{}
	for _, r := range list {
		if to, ok := f.Tree.Target(r); ok {
			out[to] = ""
		}
	}
	return out
}

// first is the first name, of those visited so far, of the file that stands at a path.
func (n names) first(f *weigh.Facts, r tree.Ref, path string) string {
	if to, ok := f.Tree.Target(r); ok {
		r = to
	}
	name, several := n[r]
	switch {
	case !several:
		return path
	case name == "":
		n[r] = path
		return path
	}
	return name
}

// entry notes a path that differs.
func (d *Diff) entry(p *pairing, o DiffOptions) {
	c := EntryChange{Path: p.path}
	switch {
	case p.b == nil:
		c.Change, c.Kind, c.From = "removed", p.a.Kind.String(), p.a.Size
		d.Count.Removed++
		d.Count.RemovedBytes += p.own[0]
	case p.a == nil:
		c.Change, c.Kind, c.To = "added", p.b.Kind.String(), p.b.Size
		d.Count.Added++
		d.Count.AddedBytes += p.own[1]
	default:
		what, content := p.differs(!o.IgnoreTimes)
		if len(what) == 0 {
			return
		}
		c.Kind, c.From, c.To, c.What = p.b.Kind.String(), p.a.Size, p.b.Size, what
		if content {
			c.Change = "content"
			d.Count.Content++
		} else {
			c.Change = "metadata"
			d.Count.Metadata++
		}
	}
	d.Files = append(d.Files, c)
}
