package chart

import (
	"fmt"
	"slices"
	"strings"
)

// Names are the names of all charts.
var Names = []string{"layers", "waterfall", "pareto", "treemap", "gantt", "growth", "bases"}

// Name is the name of a chart as it is now; "strata" is the earlier name of layers.
func Name(name string) string {
	if name == "strata" {
		return "layers"
	}
	return name
}

// Error says that a report has no chart of a name.
type Error struct {
	Report string   // the command whose report it is
	Chart  string   // empty if any would have done
	Have   []string // those that it has
}

// Error names the charts that there are.
func (e *Error) Error() string {
	if len(e.Have) == 0 {
		return "there is no chart of this: one needs several images, files or measured times"
	}
	return fmt.Sprintf("--chart %s: %s has only: %s", e.Chart, e.Report, strings.Join(e.Have, ", "))
}

// Select are the pictures of a name, or all. It returns an *Error where there is none.
func Select(list []Picture, report, name string) ([]Picture, error) {
	var out []Picture
	var have []string
	for _, p := range list {
		if !slices.Contains(have, p.ID) {
			have = append(have, p.ID)
		}
		if name == "" || p.ID == name {
			out = append(out, p)
		}
	}
	if len(out) == 0 {
		return nil, &Error{report, name, have}
	}
	return out, nil
}
