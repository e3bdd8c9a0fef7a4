package weigh

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tare/internal/layer"
	"tare/internal/packages"
	"tare/internal/secret"
	"tare/internal/tree"
)

// Node is a part of an image's files: the image, a layer, a package or class, a
// directory, a file. The parts of a node sum up to it in every measure. Those of an image
// are its layers, and those of a layer its packages and classes.
type Node struct {
	Name     string `json:"name"`
	Bytes    int64  `json:"bytes"`              // of files
	Waste    int64  `json:"waste,omitempty"`    // the part of Bytes that no container sees
	Tar      int64  `json:"tar,omitempty"`      // in the layers' tars, with headers and padding
	Transfer int64  `json:"transfer,omitempty"` // in the compressed blobs, apportioned
	Read     int64  `json:"read,omitempty"`     // live bytes of files that a trace saw opened, executed or mapped
	Looked   int64  `json:"looked,omitempty"`   // live bytes of files that a trace saw looked at and not opened
	// Added are the live bytes that the image compared with does not have at the same path
	// with the same content. Gone are that image's which this one lacks: they are no part
	// of Bytes.
	Added int64 `json:"added,omitempty"`
	Gone  int64 `json:"gone,omitempty"`
	Files int64 `json:"files,omitempty"` // how many there are
	// Kind is a package's kind; empty for all that is no package.
	Kind string `json:"kind,omitempty"`
	// Rest says that the node stands for small parts that were taken together.
	Rest bool `json:"rest,omitempty"`
	// Has names, of an image, which of "tar", "transfer", "read" and "added" are known, and
	// Against the image that it is compared with.
	Has     []string `json:"has,omitempty"`
	Against string   `json:"against,omitempty"`
	Parts   []Node   `json:"parts,omitempty"` // the largest first
}

// add adds the measures of o.
func (n *Node) add(o *Node) {
	n.Bytes += o.Bytes
	n.Waste += o.Waste
	n.Tar += o.Tar
	n.Transfer += o.Transfer
	n.Read += o.Read
	n.Looked += o.Looked
	n.Added += o.Added
	n.Gone += o.Gone
	n.Files += o.Files
}

// MapOptions say how finely a map divides an image, and what it is held against.
type MapOptions struct {
	// Parts is how many parts the whole is worth: what is smaller than one is taken
	// together with its like.
	Parts int
	// Against is an image to be compared with, if any, and Name its name.
	Against *Facts
	Name    string
	// Touched says of live bytes whether they were read, or only looked at; nil without a
	// complete trace of the image.
	Touched func(tree.Ref) (read, looked bool)
}

// grower is a Node while it is put together.
type grower struct {
	Node
	// own is the part of a file where a directory of the same layer has its path, too.
	own  Node
	kids map[string]*grower
}

func (g *grower) kid(name string) *grower {
	if g.kids == nil {
		g.kids = map[string]*grower{}
	}
	k := g.kids[name]
	if k == nil {
		k = &grower{}
		g.kids[name] = k
	}
	return k
}

// Map divides the files of an image by layer, then by package or class, then by
// directory. Small parts are taken together with their like, so that the map of an image
// with very many files stays small.
func (f *Facts) Map(name string, o MapOptions) Node {
	root := &grower{}
	sent, other := true, o.Against.contents()
	for k, list := range f.Tree.Lists {
		sent = sent && f.share[k] != nil
		rest := Node{Name: "directories, links, empty files", Tar: f.Image.Layers[k].Index.Trailer}
		if f.share[k] != nil && !f.repeated(k) {
			rest.Transfer = f.Image.Layers[k].Shares.Trailer
		}
		step := root.kid(fmt.Sprintf("%d %s", k+1, secret.Mask(f.Image.StepOf(k).Instruction())))
		for i := range list {
			e, r := &list[i], tree.Ref{Layer: int32(k), Entry: int32(i)}
			n := Node{Bytes: e.Size, Tar: e.Span, Transfer: f.Share(r).Or(0), Files: 1}
			if e.Size == 0 { // only files have contents
				n.Files = 0
				rest.add(&n)
				continue
			}
			if f.Tree.Bytes(r).Class != tree.Live {
				n.Waste = e.Size
			} else {
				n.compare(e, other, o.Touched, r)
			}
			root.add(&n)
			step.add(&n)
			step.path(f, r, &n)
		}
		step.rest(root, &rest)
	}
	root.gone(o, other)
	m := root.node(name, root.weight()/int64(max(1, o.Parts)), 0)
	m.Has, m.Against = []string{"tar"}, o.Name
	if sent {
		m.Has = append(m.Has, "transfer")
	}
	if o.Touched != nil {
		m.Has = append(m.Has, "read")
	}
	if o.Against != nil {
		m.Has = append(m.Has, "added")
	}
	return m
}

// compare fills in what a trace and another image say of a live file. What both have is
// taken off the other's list.
func (n *Node) compare(e *layer.Entry, other map[string]*layer.Entry, touched func(tree.Ref) (bool, bool), r tree.Ref) {
	if touched != nil {
		if read, looked := touched(r); read {
			n.Read = e.Size
		} else if looked {
			n.Looked = e.Size
		}
	}
	if other == nil {
		return
	}
	if was := other[e.Path]; was != nil && was.Sum == e.Sum && was.Size == e.Size {
		delete(other, e.Path)
	} else {
		n.Added = e.Size
	}
}

// contents are the live files of an image by path; nil for no image.
func (f *Facts) contents() map[string]*layer.Entry {
	if f == nil {
		return nil
	}
	out := map[string]*layer.Entry{}
	f.Live(func(_ tree.Ref, e *layer.Entry) {
		if e.Size > 0 {
			out[e.Path] = e
		}
	})
	return out
}

// path adds a file below a layer.
func (g *grower) path(f *Facts, r tree.Ref, n *Node) {
	owner, kind := string(f.Class(r)), ""
	if id := f.owner[r.Layer][r.Entry]; id >= 0 {
		owner, kind = packageTitle(&f.Packages[id]), string(f.Packages[id].Type)
	}
	at := g.kid(owner)
	at.Kind = kind
	at.add(n)
	for _, p := range strings.Split(f.Tree.Entry(r).Path, "/") {
		at = at.kid(p)
		at.add(n)
	}
	at.own.add(n)
}

// rest puts what is no file's content below a layer.
func (g *grower) rest(root *grower, n *Node) {
	if n.Tar == 0 {
		return
	}
	root.add(n)
	g.add(n)
	k := g.kid(n.Name)
	k.Rest = true
	k.add(n)
}

// gone puts what only the other image has beside the layers, as one more.
func (g *grower) gone(o MapOptions, lost map[string]*layer.Entry) {
	if len(lost) == 0 {
		return
	}
	at := g.kid("only in " + o.Name)
	o.Against.Live(func(r tree.Ref, e *layer.Entry) {
		if lost[e.Path] == e {
			n := &Node{Gone: e.Size}
			g.add(n)
			at.add(n)
			at.path(o.Against, r, n)
		}
	})
}

func packageTitle(p *packages.Package) string { return p.Name + " " + p.Version }

// weight is what a part is worth in the measure in which it is largest.
func (n *Node) weight() int64 { return max(n.Bytes, n.Gone) }

// node makes a Node; parts of at most least bytes are taken together, and directories
// with nothing but one directory in them become one. Layers and packages stay.
func (g *grower) node(name string, least int64, level int) Node {
	n := g.Node
	n.Name = name
	rest, count := Node{Rest: true}, 0
	if len(g.kids) > 0 && g.own.Files+g.own.Gone > 0 {
		rest.add(&g.own)
		count++
	}
	for kid, k := range g.kids {
		for level > 1 && len(k.kids) == 1 && k.own.Files+k.own.Gone == 0 {
			for only, next := range k.kids {
				kid, k = kid+"/"+only, next
			}
		}
		if k.Rest {
			n.Parts = append(n.Parts, k.node(kid, least, level+1))
			continue
		}
		if k.weight() <= least {
			rest.add(&k.Node)
			count++
			continue
		}
		n.Parts = append(n.Parts, k.node(kid, least, level+1))
	}
	slices.SortFunc(n.Parts, func(a, b Node) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(b.Gone, a.Gone), strings.Compare(a.Name, b.Name))
	})
	if count > 0 && len(n.Parts) > 0 {
		rest.Name = fmt.Sprintf("%d smaller", count)
		n.Parts = append(n.Parts, rest)
	}
	return n
}
