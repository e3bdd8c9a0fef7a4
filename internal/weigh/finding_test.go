package weigh_test

import (
	"testing"

	"tare/internal/weigh"
)

func TestWhere(t *testing.T) {
	many := make([]int, 13)
	for want, s := range map[string]weigh.Savings{
		"line 7":                   {Places: 1, Lines: []int{7}, Layers: []int{3}},
		"layer 3":                  {Places: 1, Layers: []int{3}},
		"these 2 lines (7, 9)":     {Places: 2, Lines: []int{7, 9}, Layers: []int{3, 4}},
		"these 2 layers (3, 4)":    {Places: 2, Lines: []int{7}, Layers: []int{3, 4}},
		"these 13 layers":          {Places: 13, Layers: many},
		"these 3 layers (1, 2, 3)": {Places: 3, Layers: []int{1, 2, 3}},
	} {
		if got := s.Where(); got != want {
			t.Errorf("%+v: %q, want %q", s, got, want)
		}
	}
	for want, f := range map[string]weigh.Finding{"line 7": {Line: 7, Layer: 3}, "layer 3": {Layer: 3}, "–": {}} {
		if got := f.Where(); got != want {
			t.Errorf("%+v: %q, want %q", f, got, want)
		}
	}
}
