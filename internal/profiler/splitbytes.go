package profiler

import (
	"tare/internal/layer"
	"tare/internal/profile"
	"tare/internal/tree"
	"tare/internal/weigh"
)

// layerBytes are what the layers of an image add.
func layerBytes(w *profile.Weighed) []profile.Bytes {
	out := make([]profile.Bytes, len(w.Report.Layers))
	for n, l := range w.Report.Layers {
		out[n] = profile.Bytes{Tar: l.Tar, Transfer: l.Transfer, Files: l.Files, Live: l.Live, Waste: l.Waste, Entries: l.Entries}
	}
	for _, x := range w.Report.Wasted {
		out[x.Destroyer-1].Caused += x.Files
	}
	return out
}

// removed is what the layers from first on write and others above them remove or replace.
// A directory that stands in several of them is none: what it costs is a header.
func removed(f *weigh.Facts, first int) (b profile.Bytes) {
	for n := first; n < len(f.Tree.Lists); n++ {
		for k := range f.Tree.Lists[n] {
			r := tree.Ref{Layer: int32(n), Entry: int32(k)}
			e := f.Tree.Entry(r)
			if e.Kind >= layer.Whiteout {
				continue
			}
			if e.Kind == layer.File && f.Tree.Bytes(r).Class != tree.Live {
				b.Files += e.Size
			}
			class := f.Tree.Name(r).Class
			if class == tree.Live || e.Kind == layer.Dir && (class == tree.OverwrittenSame || class == tree.MetadataOnly || class == tree.OverwrittenChanged) {
				continue
			}
			b.Tar += e.Span
			b.Transfer = b.Transfer.Plus(f.Share(r))
			b.Entries++
		}
	}
	b.Waste, b.Caused = b.Files, b.Files
	return b
}
