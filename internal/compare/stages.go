package compare

import (
	"github.com/opencontainers/go-digest"

	"tare/internal/layer"
	"tare/internal/packages"
	"tare/internal/tree"
	"tare/internal/weigh"
)

// Stage is an earlier stage of a Dockerfile, built by itself.
type Stage struct {
	Name  string
	Facts *weigh.Facts
}

// StageSum says what a stage, or all together, kept out of the image: what it has that
// the image has not. All are bytes that a container of the stage would see, but for Waste.
type StageSum struct {
	Name string `json:"name"`
	Live int64  `json:"live"`
	// LeftBehind are those of them whose path is not in the image and whose content
	// is not, either: what the image would carry if the last stage went on from this
	// one instead of starting over.
	LeftBehind int64 `json:"leftBehind"`
	// Toolchain is the part of LeftBehind that only builds need.
	Toolchain int64 `json:"toolchain"`
	// Replaced are those whose path is in the image, with other content, and whose own
	// content is not.
	Replaced int64 `json:"replaced"`
	// Waste is what the stage's layers that the image does not have hide: no container
	// of the stage sees it, and an image that went on from it would carry it.
	Waste int64 `json:"waste"`
}

// stageFile is a file of a stage that the image lacks.
type stageFile struct {
	size                int64
	replaced, toolchain bool
}

// stageSums weigh the stages of an image, and all of them together: of several stages
// that hold a path the largest file counts, since one image has a path once.
func stageSums(stages []Stage, f *weigh.Facts) ([]StageSum, *StageSum) {
	if len(stages) == 0 {
		return nil, nil
	}
	paths, contents := map[string]bool{}, map[weigh.Content]bool{}
	f.Live(func(_ tree.Ref, e *layer.Entry) {
		paths[e.Path] = true
		contents[weigh.Content{Sum: e.Sum, Size: e.Size}] = true
	})
	have := map[digest.Digest]bool{}
	for k := range f.Image.Layers {
		have[f.Image.Layers[k].DiffID] = true
	}
	var out []StageSum
	all := &StageSum{}
	files, live, waste := map[string]stageFile{}, map[string]int64{}, map[digest.Digest]int64{}
	for _, s := range stages {
		sum := StageSum{Name: s.Name, Live: s.Facts.Sizes.Live}
		s.Facts.Live(func(r tree.Ref, e *layer.Entry) {
			live[e.Path] = max(live[e.Path], e.Size)
			if contents[weigh.Content{Sum: e.Sum, Size: e.Size}] {
				return
			}
			x := stageFile{e.Size, paths[e.Path], forBuilds(s.Facts, s.Facts.OwnerID(r), s.Facts.Class(r))}
			sum.add(x, 1)
			if was := files[e.Path]; was.size < x.size {
				all.add(was, -1)
				all.add(x, 1)
				files[e.Path] = x
			}
		})
		hidden := map[digest.Digest]int64{}
		for i := range s.Facts.Cells {
			if c := &s.Facts.Cells[i]; c.Fate != tree.Live {
				hidden[s.Facts.Image.Layers[c.Layer].DiffID] += c.Files
			}
		}
		for id, n := range hidden {
			if !have[id] {
				sum.Waste += n
				waste[id] = max(waste[id], n)
			}
		}
		out = append(out, sum)
	}
	for _, n := range live {
		all.Live += n
	}
	for _, n := range waste {
		all.Waste += n
	}
	return out, all
}

func (s *StageSum) add(f stageFile, times int64) {
	switch {
	case f.replaced:
		s.Replaced += times * f.size
		return
	case f.toolchain:
		s.Toolchain += times * f.size
	}
	s.LeftBehind += times * f.size
}

// forBuilds tells whether a file is what only builds need: a compiler, build tool or
// package of headers, or headers and static libraries that no package owns.
func forBuilds(f *weigh.Facts, owner int32, class weigh.Class) bool {
	if owner >= 0 {
		return packages.BuildTool(f.Packages[owner].Key())
	}
	return class == weigh.Development
}

// toolchainOf are the live bytes of an image that only builds need.
func toolchainOf(f *weigh.Facts) (n int64) {
	for i := range f.Cells {
		if c := &f.Cells[i]; c.Fate == tree.Live && forBuilds(f, c.Owner, c.Class) {
			n += c.Files
		}
	}
	return n
}
