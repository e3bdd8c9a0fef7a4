package touch

import (
	"slices"

	"tare/internal/layer"
	"tare/internal/tree"
	"tare/internal/weigh"
)

// Contents tells of the contents of an image whether the trace saw them read, or only looked
// at, whichever of their names was used. It is nil for another image, and where the trace is
// not complete: nothing can be concluded then.
func (t *Trace) Contents(f *weigh.Facts) func(tree.Ref) (read, looked bool) {
	if !t.Complete || !t.Of(f.Image.ConfigID.Digest, f.Image.Manifest.Digest) {
		return nil
	}
	levels, top := map[tree.Ref]level{}, len(f.Tree.Lists)-1
	for i := range t.Files {
		r, ok := f.Tree.At(t.Files[i].Path, top)
		if !ok {
			continue
		}
		if to, linked := f.Tree.Target(r); linked {
			r = to
		}
		if f.Tree.Entry(r).Kind != layer.File {
			continue
		}
		l := looked
		if slices.ContainsFunc(t.Files[i].How, func(h How) bool { return h == Open || h == Exec || h == Map }) {
			l = read
		}
		levels[r] = max(levels[r], l)
	}
	return func(r tree.Ref) (bool, bool) { return levels[r] == read, levels[r] == looked }
}
