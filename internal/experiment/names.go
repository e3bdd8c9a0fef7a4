package experiment

import (
	"slices"
	"strings"
)

// MeasureNames are the names of all that was measured, in the order of a table.
func MeasureNames(r *Record) []string {
	var names []string
	for i := range r.Variants {
		for _, m := range r.Variants[i].Measures {
			if !slices.Contains(names, m.Name) {
				names = append(names, m.Name)
			}
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	return names
}

// MaxEdits is how many edits any variant has.
func MaxEdits(r *Record) int {
	n := 0
	for _, v := range r.Variants {
		n = max(n, len(v.Edits))
	}
	return n
}

// EditName is the name of an edit by its number.
func EditName(r *Record, n int) string {
	for _, v := range r.Variants {
		if n < len(v.Edits) {
			return v.Edits[n].Name
		}
	}
	return ""
}

// order is that of the measures in a table.
var order = []string{BuildCold, BuildUnchanged, Rebuild, StartFirst, StartExit, StartReady, PeakMemory, "pull-cold-", "pull-shared-"}

func rank(name string) int {
	for n, o := range order {
		if strings.HasPrefix(name, o) {
			return n
		}
	}
	return len(order)
}

// Title says what a measure is, in words.
func Title(name string) string {
	switch name {
	case BuildCold:
		return "build, no cache"
	case BuildUnchanged:
		return "build, unchanged"
	case StartFirst:
		return "start to first output"
	case StartExit:
		return "start to exit"
	case StartReady:
		return "start to answer"
	case PeakMemory:
		return "peak memory"
	}
	if e, ok := strings.CutPrefix(name, Rebuild); ok {
		return "rebuild after " + e
	}
	if m, ok := strings.CutPrefix(name, "pull-cold-"); ok {
		return "pull at " + strings.TrimSuffix(m, "mbit") + " Mbit/s"
	}
	if m, ok := strings.CutPrefix(name, "pull-shared-"); ok {
		return "pull at " + strings.TrimSuffix(m, "mbit") + " Mbit/s with the other images present"
	}
	return name
}

// HelpOf says how a measure comes about.
func HelpOf(name string) string {
	if strings.HasPrefix(name, "pull-") {
		return "modelled"
	}
	return "median, interval"
}
