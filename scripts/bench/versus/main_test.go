//go:build unix

package main

import (
	"strings"
	"testing"
)

// around has values about a middle, which differ by a percent at most.
func around(middle float64) (out []float64) {
	for i := range 11 {
		out = append(out, middle*(1+float64(i%5-2)/200))
	}
	return out
}

func TestCompare(t *testing.T) {
	for name, c := range map[string]struct {
		old, now []float64
		slower   bool
		said     string
	}{
		"much slower":      {around(100), around(120), true, "worse"},
		"slower, a little": {around(100), around(103), false, "p = 0.000"},
		"faster":           {around(100), around(80), false, "0.80"},
		"the same":         {around(100), around(100), false, "the same"},
		"noise":            {[]float64{50, 100, 150, 60, 140, 90, 110}, []float64{70, 160, 170, 60, 150, 95, 120}, false, "the same"},
	} {
		row, slower := compare(samples{c.old, c.now}, 5)
		if slower != c.slower || !strings.Contains(row, c.said) || strings.Contains(row, "worse") != c.slower {
			t.Errorf("%s: %v %s", name, slower, row)
		}
	}
}

// TestWallTimeAloneIsNoRegression: another program may have had the processor.
func TestWallTimeAloneIsNoRegression(t *testing.T) {
	list := []work{{name: "x"}}
	same, slow := samples{around(100), around(100)}, samples{around(100), around(150)}
	if _, bad := judge(list, [][]samples{{same, same, slow}}, 5); bad != 0 {
		t.Errorf("%d figures are worse", bad)
	}
	text, bad := judge(list, [][]samples{{slow, slow, same}}, 5)
	if bad != 2 || strings.Count(text, "**worse**") != 2 {
		t.Errorf("%d figures are worse:\n%s", bad, text)
	}
}
