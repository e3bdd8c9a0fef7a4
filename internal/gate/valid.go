package gate

import (
	"errors"

	"tare/internal/units"
)

// Check tells what is wrong with an image that was read from a file: what refers to layers
// and instructions that are not there, and sums that are not those of its layers.
func (s *Subject) Check() error {
	broken := errors.New("it is damaged, or somebody wrote in it: save it again")
	layer := func(k int) bool { return k >= -1 && k < len(s.Layers) }
	sum := Amounts{Transfer: units.Known(s.Metadata)}
	for k := range s.Layers {
		sum = sum.plus(s.Layers[k].Amounts)
		for by := range s.Layers[k].Hidden {
			if !layer(by) {
				return broken
			}
		}
	}
	if sum != (Amounts{s.Sizes.Tar, s.Sizes.Transfer, s.Sizes.Live}) {
		return broken
	}
	for _, h := range s.Steps {
		if !layer(h.Layer) {
			return broken
		}
	}
	if s.Source == nil {
		return nil
	}
	seen := map[int]bool{}
	for i := range s.Source.Lines {
		l := &s.Source.Lines[i]
		if l.Below < -1 || l.Below >= len(s.Source.Lines) {
			return broken
		}
		for _, n := range l.Needs {
			if n < 0 || n >= len(s.Source.Lines) {
				return broken
			}
		}
		for _, k := range l.Layers {
			if k < 0 || !layer(k) || seen[k] {
				return broken
			}
			seen[k] = true
		}
	}
	return nil
}
