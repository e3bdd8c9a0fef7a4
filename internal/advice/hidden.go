package advice

import (
	"slices"

	"tare/internal/layer"
	"tare/internal/tree"
)

// hiding is what one layer hides of others.
type hiding struct {
	*heap
	writers map[int32]bool
}

// hidden gathers what the Dockerfile's own layers hide in ways of the given classes, by
// the layer that hides. writer names the layer to blame for an entry, and whether the rule
// is about it.
func (img *Image) hidden(writer func(tree.Ref) (int32, bool), classes ...tree.Class) []hiding {
	all := &heaps{img: img}
	writers := map[int32]map[int32]bool{}
	img.Hidden(func(r tree.Ref, e *layer.Entry) {
		s := img.Tree.Bytes(r)
		if s.By == r.Layer || !img.own(s.By) || !slices.Contains(classes, s.Class) {
			return
		}
		from, about := writer(r)
		if !about {
			return
		}
		all.at(s.By).add(img.avoidable(r, s, e))
		if writers[s.By] == nil {
			writers[s.By] = map[int32]bool{}
		}
		writers[s.By][from] = true
	})
	var out []hiding
	for _, h := range all.list {
		out = append(out, hiding{h, writers[h.layer]})
	}
	return out
}

// avoidable is the copy that need not be: the hidden one, but for what the base image
// wrote, which nobody can change, the one that was written over it.
func (img *Image) avoidable(r tree.Ref, s tree.State, e *layer.Entry) tree.Ref {
	if img.own(r.Layer) {
		return r
	}
	if above, ok := img.Tree.In(int(s.By), e.Path); ok {
		return above
	}
	return r
}

// other is the line that wrote what a layer hides, if it is one.
func (h hiding) other() int {
	if len(h.writers) != 1 {
		return 0
	}
	for k := range h.writers {
		return h.img.Lines[int(k)]
	}
	return 0
}

// from names the writers: "line 3", "the base image".
func (h hiding) from() string {
	mine := map[int32]bool{}
	for k := range h.writers {
		if h.img.own(k) {
			mine[k] = true
		}
	}
	switch {
	case len(mine) == 0:
		return "the base image"
	}
	return h.img.places(mine)
}

// found makes the finding of a layer that hides others' files.
func (h hiding) found(text, remedy string) Finding {
	f := h.finding(text, remedy)
	f.Other = h.other()
	return f
}

// The writers that rules are about: the base image, the Dockerfile's own, and of what was deleted a
// COPY or ADD, however often it was changed since, or another instruction.
func (img *Image) baseLayer(r tree.Ref) (int32, bool) { return r.Layer, !img.own(r.Layer) }

func (img *Image) ownLayer(r tree.Ref) (int32, bool) { return r.Layer, img.own(r.Layer) }

func (img *Image) copied(r tree.Ref) (int32, bool) {
	first, _ := img.origin(r)
	return first, img.own(first) && img.copies(first)
}

func (img *Image) ran(r tree.Ref) (int32, bool) {
	first, _ := img.origin(r)
	return r.Layer, img.own(first) && !img.copies(first)
}
