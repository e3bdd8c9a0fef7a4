package weigh_test

import (
	"slices"
	"testing"

	"tare/internal/units"
	"tare/internal/weigh"
)

func TestWhere(t *testing.T) {
	many := make([]int, 13)
	for want, s := range map[string]weigh.Savings{
		"line 7":                {Places: 1, Lines: []int{7}, Layers: []int{3}},
		"layer 3":               {Places: 1, Layers: []int{3}},
		"these 2 lines (7, 9)":  {Places: 2, Lines: []int{7, 9}, Layers: []int{3, 4}},
		"these 2 layers (3, 4)": {Places: 2, Lines: []int{7}, Layers: []int{3, 4}},
		"these 13 layers":       {Places: 13, Layers: many},
		"these 12 layers (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)": {Places: 12, Layers: many[:12]},
		"these 3 layers (1, 2, 3)":                             {Places: 3, Layers: []int{1, 2, 3}},
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

// What saves less than the threshold is small and in no sum; the rest counts what it adds.
func TestSave(t *testing.T) {
	list := []weigh.Finding{
		{Rule: "secret-file", Severity: weigh.Secret, Layer: 9, Tar: 900_000},
		{Rule: "large-context", Line: 2, Sent: 5_000_000},
		{Rule: "a", Line: 7, Layer: 3, Tar: 500_000, AddsTar: 500_000, AddsTransfer: units.Known(50), AddsLive: 5},
		{Rule: "b", Line: 4, Layer: 2, Tar: 400_000, AddsTar: 100_000, AddsTransfer: units.Known(10), AddsLive: 1},
		{Rule: "c", Line: 5, Layer: 4, Tar: 99_999, AddsTar: 99_999},
		{Rule: "d", Line: 5, Layer: 4, Tar: 76, AddsTar: 76},
		{Rule: "slow", Line: 6, Seconds: 12},
	}
	small := func() (out []string) {
		for _, f := range list {
			if f.Small {
				out = append(out, f.Rule)
			}
		}
		return out
	}
	s := weigh.Save(list, 10_000_000, units.Threshold)
	if got := small(); !slices.Equal(got, []string{"c", "d"}) || s.Tar != 600_000 || s.Transfer != units.Known(60) || s.Live != 6 || s.Overlap != 300_000 || s.Where() != "these 2 lines (4, 7)" {
		t.Errorf("%v, %+v", got, s)
	}
	if !slices.Equal(s.Lines, []int{4, 7}) || !slices.Equal(s.Layers, []int{2, 3}) || weigh.All(list) != 1_000_000-300_000+75 || weigh.All(list[3:4]) != 100_000 {
		t.Errorf("%+v, %d", s, weigh.All(list))
	}
	// One percent of a large image is more.
	if s = weigh.Save(list, 45_000_000, units.Threshold); s.Tar != 500_000 || len(small()) != 3 {
		t.Errorf("%v, %+v", small(), s)
	}
	if s = weigh.Save(list, 10_000_000, units.Material{}); s.Tar != 700_075 || len(small()) != 0 || s.Places != 3 {
		t.Errorf("%v, %+v", small(), s)
	}
	if s = weigh.Save(list, 10_000_000, units.Material{Bytes: 6_000_000}); s.Tar != 0 || s.Places != 0 || len(small()) != 5 || list[0].Small || list[6].Small {
		t.Errorf("%v, %+v", small(), s)
	}
	// Several findings of one place are one place; what has none is in no list of places.
	several := []weigh.Finding{{Rule: "a", Layer: 5, Tar: 10, AddsTar: 10}, {Rule: "b", Layer: 2, Tar: 10, AddsTar: 10}, {Rule: "c", Layer: 5, Tar: 10, AddsTar: 10}, {Rule: "d", Line: 3, Tar: 10, AddsTar: 10}, {Rule: "e", Line: 3, Tar: 10, AddsTar: 10}}
	if s = weigh.Save(several, 100, units.Material{}); !slices.Equal(s.Layers, []int{2, 5}) || !slices.Equal(s.Lines, []int{3}) || s.Places != 3 || s.Tar != 50 {
		t.Errorf("%+v", s)
	}
	// What is exactly as much as matters does.
	edge := []weigh.Finding{{Rule: "sent", Sent: 100}, {Rule: "less", Sent: 99}, {Rule: "second", Seconds: 1}, {Rule: "shorter", Seconds: 0.9}, {Rule: "nothing"}, {Rule: "a byte", Sent: 1}}
	weigh.Save(edge, 100_000, units.Material{Bytes: 100})
	for i, want := range []bool{false, true, false, true, true, true} {
		if edge[i].Small != want {
			t.Errorf("%s: small %v", edge[i].Rule, edge[i].Small)
		}
	}
	if s = weigh.Save(nil, 0, units.Threshold); s.Places != 0 {
		t.Errorf("%+v", s)
	}
}
