package experiment

import (
	"slices"
	"strings"
)

// Measured are the names of all that was measured, in the order of a table.
func (r *Record) Measured() []string {
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

// Title is a measure in words.
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
