// Package seen compares what containers see of images: paths, kinds, contents, permissions,
// numeric owners, links and extended attributes. Times are not compared, since each build
// has its own. It is a pure function of the images' ledgers.
package seen

import (
	"tare/internal/layer"
	"tare/internal/tree"
	"tare/internal/weigh"
)

// Aspects are in what two entries of one path differ.
type Aspects uint8

const (
	Missing    Aspects = 1 << iota // one image does not have it
	Kind                           // file, directory, symbolic link, …
	Content                        // of a regular file
	Mode                           // permissions
	Owner                          // numeric user and group
	Link                           // where a symbolic link leads, or which names are one file
	Attributes                     // extended ones
)

// String names the first of them.
func (a Aspects) String() string {
	for n, s := range []string{"is in only one of them", "is of another kind", "has another content", "has other permissions", "has another owner", "is linked otherwise", "has other attributes"} {
		if a&(1<<n) != 0 {
			return s
		}
	}
	return "is the same"
}

// Entry is what is compared of a path.
type Entry struct {
	*layer.Entry
	content *layer.Entry
	name    string // of several names of one file the first; else its own
}

// Of is all that a container sees of an image.
func Of(f *weigh.Facts) map[string]Entry {
	out := map[string]Entry{}
	first := map[*layer.Entry]string{}
	for n, list := range f.Tree.Lists {
		for k := range list {
			r := tree.Ref{Layer: int32(n), Entry: int32(k)}
			e := f.Tree.Entry(r)
			if e.Kind >= layer.Whiteout || f.Tree.Name(r).Class != tree.Live { // whiteouts and the like are nothing that is seen
				continue
			}
			c := f.Tree.Content(r)
			if name, ok := first[c]; !ok || e.Path < name {
				first[c] = e.Path
			}
			out[e.Path] = Entry{Entry: e, content: c}
		}
	}
	for path, e := range out {
		e.name = first[e.content]
		out[path] = e
	}
	return out
}

// Differences are the paths that differ between two images, and in what.
func Differences(a, b map[string]Entry) map[string]Aspects {
	out := map[string]Aspects{}
	for path, x := range a {
		y, ok := b[path]
		if !ok {
			out[path] = Missing
			continue
		}
		if d := differ(x, y); d != 0 {
			out[path] = d
		}
	}
	for path := range b {
		if _, ok := a[path]; !ok {
			out[path] = Missing
		}
	}
	return out
}

func differ(x, y Entry) (d Aspects) {
	a, b := x.content, y.content
	if a.Kind != b.Kind {
		return Kind
	}
	if a.Size != b.Size || a.Sum != b.Sum {
		d |= Content
	}
	if a.Mode != b.Mode && a.Kind != layer.Symlink {
		d |= Mode
	}
	if a.UID() != b.UID() || a.GID() != b.GID() {
		d |= Owner
	}
	if x.name != y.name || a.Link() != b.Link() {
		d |= Link
	}
	if a.Xattrs() != b.Xattrs() {
		d |= Attributes
	}
	return d
}
