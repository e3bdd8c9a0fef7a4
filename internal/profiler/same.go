package profiler

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"tare/internal/layer"
	"tare/internal/tree"
	"tare/internal/weigh"
)

// aspects are in what two entries of one path differ.
type aspects uint8

const (
	missing aspects = 1 << iota // one image does not have it
	kind
	content
	mode
	owner
	link // where a symbolic link leads, or which names are one file
	attributes
)

// String names the first of them.
func (a aspects) String() string {
	for n, s := range []string{"is in only one of them", "is of another kind", "has another content", "has other permissions", "has another owner", "is linked otherwise", "has other attributes"} {
		if a&(1<<n) != 0 {
			return s
		}
	}
	return "is the same"
}

// same tells whether the parts of a line leave the files that the line leaves: paths,
// kinds, contents, permissions, numeric owners, links and extended attributes of all that a
// container sees. Times are not compared: each run has its own. Files that differ between
// two runs of the whole line, too, are returned; any other difference is a refusal.
func (x *splitter) same(ctx context.Context, parts weighedBuild) (varying []string, err error) {
	if err := x.ground(parts); err != nil {
		return nil, err
	}
	whole := seen(x.whole.Facts)
	diff := differences(whole, seen(parts.Facts))
	if len(diff) == 0 {
		return nil, nil
	}
	again, err := x.build(ctx, []string{x.line.Again()})
	if err != nil {
		return nil, err
	}
	if err := x.ground(again); err != nil {
		return nil, err
	}
	noise := differences(whole, seen(again.Facts))
	for _, path := range slices.Sorted(maps.Keys(diff)) {
		if diff[path]&^noise[path] != 0 {
			return nil, refusal(fmt.Sprintf("built command by command its result is not the line's: /%s %s (of %d paths that differ)", path, diff[path]&^noise[path], len(diff)))
		}
		varying = append(varying, "/"+path)
	}
	return varying, nil
}

// ground tells whether a build stands on the layers that the line stands on.
func (x *splitter) ground(b weighedBuild) error {
	below, layers := x.below(), b.Facts.Image.Layers
	for n, id := range below {
		if n >= len(layers) || layers[n].DiffID.String() != id {
			return refusal("what stands before it was not in the build cache, and came out otherwise")
		}
	}
	return nil
}

// entry is what is compared of a path.
type entry struct {
	*layer.Entry
	content *layer.Entry
	name    string // of several names of one file the first; else its own
}

// seen is all that a container sees of an image.
func seen(f *weigh.Facts) map[string]entry {
	out := map[string]entry{}
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
			out[e.Path] = entry{Entry: e, content: c}
		}
	}
	for path, e := range out {
		e.name = first[e.content]
		out[path] = e
	}
	return out
}

// differences are the paths that differ between two images, and in what.
func differences(a, b map[string]entry) map[string]aspects {
	out := map[string]aspects{}
	for path, x := range a {
		y, ok := b[path]
		if !ok {
			out[path] = missing
			continue
		}
		if d := differ(x, y); d != 0 {
			out[path] = d
		}
	}
	for path := range b {
		if _, ok := a[path]; !ok {
			out[path] = missing
		}
	}
	return out
}

func differ(x, y entry) (d aspects) {
	a, b := x.content, y.content
	if a.Kind != b.Kind {
		return kind
	}
	if a.Size != b.Size || a.Sum != b.Sum {
		d |= content
	}
	if a.Mode != b.Mode && a.Kind != layer.Symlink {
		d |= mode
	}
	if a.UID != b.UID || a.GID != b.GID {
		d |= owner
	}
	if x.name != y.name || a.Link != b.Link {
		d |= link
	}
	if a.Xattrs != b.Xattrs {
		d |= attributes
	}
	return d
}
