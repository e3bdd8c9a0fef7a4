package weigh

import (
	"cmp"
	"slices"

	"tare/internal/layer"
	"tare/internal/parts/elffile"
	"tare/internal/tree"
)

// Inside sums up what the larger programs and libraries (ELF files of 256 KiB and more) of
// an image are made of: those whose table of sections was read when the layer was. Bytes are
// those of live files.
type Inside struct {
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
	// The kinds of sections: they sum up to Bytes. Rest are headers, padding and what no
	// section covers.
	Code    int64 `json:"code"`
	Data    int64 `json:"data"`
	Debug   int64 `json:"debug"`
	Symbols int64 `json:"symbols"`
	GPU     int64 `json:"gpu"`
	Rest    int64 `json:"rest"`
	// Largest are the files with most debug information, symbols and GPU code.
	Largest []InsideFile `json:"largest"`
}

// InsideFile is a program or library with debug information, symbols or GPU code.
type InsideFile struct {
	Path    string `json:"path"`
	Size    int64  `json:"size"`
	Debug   int64  `json:"debug"`
	Symbols int64  `json:"symbols"`
	GPU     int64  `json:"gpu"`
	Owner   string `json:"owner,omitempty"`
}

// notable is what a file has beside code and data.
func (f *InsideFile) notable() int64 { return f.Debug + f.Symbols + f.GPU }

// Sections divide a program or library; ok is false for files of which that is not known.
func (f *Facts) Sections(r tree.Ref) (s elffile.Sums, ok bool) {
	e := f.Tree.Entry(r)
	s, ok = f.Image.Layers[r.Layer].Index.Inside[e.Path]
	return s, ok && s.Size() == e.Size
}

// inside sums up the live programs and libraries that are known; nil if there are none.
func (f *Facts) inside(top int) *Inside {
	out := &Inside{Largest: []InsideFile{}}
	f.Live(func(r tree.Ref, e *layer.Entry) {
		s, ok := f.Sections(r)
		if !ok {
			return
		}
		out.Files++
		out.Bytes += e.Size
		out.Code += s.Code
		out.Data += s.Data
		out.Debug += s.Debug
		out.Symbols += s.Symbols
		out.GPU += s.GPU
		out.Rest += s.Rest
		file := InsideFile{Path: e.Path, Size: e.Size, Debug: s.Debug, Symbols: s.Symbols, GPU: s.GPU}
		if p := f.Owner(r); p != nil {
			file.Owner = Describe(p)
		}
		if file.notable() > 0 {
			out.Largest = append(out.Largest, file)
		}
	})
	if out.Files == 0 {
		return nil
	}
	slices.SortFunc(out.Largest, func(a, b InsideFile) int {
		return cmp.Or(cmp.Compare(b.notable(), a.notable()), layer.ComparePaths(a.Path, b.Path))
	})
	if top > 0 {
		out.trim(top)
	}
	return out
}

// trim bounds the list; nil has none.
func (in *Inside) trim(top int) {
	if in != nil {
		in.Largest = in.Largest[:min(top, len(in.Largest))]
	}
}
