package compare

import (
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

// StageSum says what a stage kept out of the image: what it has that the image has
// not.
type StageSum struct {
	Name string `json:"name"`
	Live int64  `json:"live"` // bytes that a container of the stage would see
	// LeftBehind are those of them whose path is not in the image and whose content
	// is not, either: what the image would carry if the last stage went on from this
	// one instead of starting over.
	LeftBehind int64 `json:"leftBehind"`
	// Toolchain is the part of LeftBehind that only builds need.
	Toolchain int64 `json:"toolchain"`
}

func stageSum(s Stage, f *weigh.Facts) StageSum {
	paths, contents := map[string]bool{}, map[weigh.Content]bool{}
	f.Live(func(_ tree.Ref, e *layer.Entry) {
		paths[e.Path] = true
		contents[weigh.Content{Sum: e.Sum, Size: e.Size}] = true
	})
	out := StageSum{Name: s.Name, Live: s.Facts.Sizes.Live}
	s.Facts.Live(func(r tree.Ref, e *layer.Entry) {
		if paths[e.Path] || contents[weigh.Content{Sum: e.Sum, Size: e.Size}] {
			return
		}
		out.LeftBehind += e.Size
		if p := s.Facts.Owner(r); p != nil && packages.BuildTool(p.Key()) || s.Facts.Class(r) == weigh.Development {
			out.Toolchain += e.Size
		}
	})
	return out
}
