package compare

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"tare/internal/layer"
	"tare/internal/parts/elffile"
	"tare/internal/tree"
	"tare/internal/weigh"
)

// Inside divides how the programs and libraries changed that both images have, by the kinds
// of their sections, in bytes: those of 256 KiB and more whose sections are known.
type Inside struct {
	Changed int          `json:"changed"` // files
	Delta   SectionSums  `json:"delta"`   // of all that changed
	Files   []InsideFile `json:"files"`   // those that changed most, at most 20
}

// InsideFile is a program or library that changed.
type InsideFile struct {
	Path string `json:"path"`
	// Was is its earlier path, where that was another: the name of a library has its version.
	Was   string      `json:"was,omitempty"`
	From  int64       `json:"from"` // its size
	To    int64       `json:"to"`
	Delta SectionSums `json:"delta"` // sums up to To − From
}

// SectionSums are differences, by the kind of section. Total is their sum.
type SectionSums struct {
	Code    int64 `json:"code"`
	Data    int64 `json:"data"`
	Debug   int64 `json:"debug"`
	Symbols int64 `json:"symbols"`
	GPU     int64 `json:"gpu"`
	Rest    int64 `json:"rest"`
	Total   int64 `json:"total"`
}

// maxChanged bounds the list of files.
const maxChanged = 20

func sectionSums(a, b elffile.Sums) SectionSums {
	return SectionSums{b.Code - a.Code, b.Data - a.Data, b.Debug - a.Debug, b.Symbols - a.Symbols, b.GPU - a.GPU, b.Rest - a.Rest, b.Size() - a.Size()}
}

func (s *SectionSums) add(d SectionSums) {
	s.Code += d.Code
	s.Data += d.Data
	s.Debug += d.Debug
	s.Symbols += d.Symbols
	s.GPU += d.GPU
	s.Rest += d.Rest
	s.Total += d.Total
}

// moved is how many bytes changed their place or number, at least.
func (s *SectionSums) moved() (n int64) {
	for _, d := range []int64{s.Code, s.Data, s.Debug, s.Symbols, s.GPU, s.Rest} {
		n += max(d, -d)
	}
	return n
}

// divided is a live file whose sections are known.
type divided struct {
	path string
	sums elffile.Sums
	sum  layer.Sum
}

func dividedFiles(f *weigh.Facts) (list []divided) {
	f.Live(func(r tree.Ref, e *layer.Entry) {
		if s, ok := f.Sections(r); ok {
			list = append(list, divided{e.Path, s, e.Sum})
		}
	})
	return list
}

// stem is a library's path without its version: libx.so.1.2 is libx.so.
func stem(p string) string {
	dir, base := path.Split(p)
	if i := strings.Index(base, ".so."); i > 0 {
		base = base[:i+3]
	}
	return dir + base
}

// inside pairs programs and libraries by their paths, and what is left by their paths
// without versions, where there is one of them on each side. It is nil if none changed.
func inside(a, b *weigh.Facts) *Inside {
	before := map[string]divided{}
	for _, d := range dividedFiles(a) {
		before[d.path] = d
	}
	out := &Inside{Files: []InsideFile{}}
	note := func(was, is divided) {
		if was.sum == is.sum && was.sums.Size() == is.sums.Size() {
			return
		}
		f := InsideFile{Path: is.path, From: was.sums.Size(), To: is.sums.Size(), Delta: sectionSums(was.sums, is.sums)}
		if was.path != is.path {
			f.Was = was.path
		}
		out.Changed++
		out.Delta.add(f.Delta)
		out.Files = append(out.Files, f)
	}
	news := map[string][]divided{}
	for _, d := range dividedFiles(b) {
		if was, ok := before[d.path]; ok {
			note(was, d)
			delete(before, d.path)
		} else {
			news[stem(d.path)] = append(news[stem(d.path)], d)
		}
	}
	olds := map[string][]divided{}
	for _, d := range before {
		olds[stem(d.path)] = append(olds[stem(d.path)], d)
	}
	for s, list := range news {
		if len(list) == 1 && len(olds[s]) == 1 {
			note(olds[s][0], list[0])
		}
	}
	if out.Changed == 0 {
		return nil
	}
	slices.SortFunc(out.Files, func(x, y InsideFile) int {
		return cmp.Or(cmp.Compare(y.Delta.moved(), x.Delta.moved()), strings.Compare(x.Path, y.Path))
	})
	out.Files = out.Files[:min(maxChanged, len(out.Files))]
	return out
}
