package chart_test

import (
	"testing"

	"tare/internal/chart"
	"tare/internal/weigh"
)

// Squarify fills its rectangle: areas are in proportion, nothing overlaps or sticks out.
func TestSquarify(t *testing.T) {
	for _, sizes := range [][]int64{{6, 6, 4, 3, 2, 2, 1}, {1}, {1000000, 1, 1}, {5, 5, 5, 5, 5}} {
		var nodes []weigh.Node
		var sum int64
		for _, n := range sizes {
			nodes = append(nodes, weigh.Node{Bytes: n})
			sum += n
		}
		for _, size := range [][2]float64{{600, 400}, {100, 700}} {
			for i, r := range chart.Squarify(nodes, 10, 20, size[0], size[1]) {
				want := size[0] * size[1] * float64(sizes[i]) / float64(sum)
				if got := r[2] * r[3]; got < want*0.999 || got > want*1.001 {
					t.Errorf("%v in %v: part %d has area %f, not %f", sizes, size, i, got, want)
				}
				if r[0] < 9.99 || r[1] < 19.99 || r[0]+r[2] > 10.01+size[0] || r[1]+r[3] > 20.01+size[1] {
					t.Errorf("%v in %v: part %d sticks out: %v", sizes, size, i, r)
				}
			}
		}
	}
}
