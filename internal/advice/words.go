package advice

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// and joins words: "a, b and c".
func and(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}

// some are the first words of a list: "a, b and 4 more".
func some(list []string, most int) string {
	if len(list) <= most {
		return and(list)
	}
	return strings.Join(list[:most], ", ") + fmt.Sprintf(" and %d more", len(list)-most)
}

// sorted are the keys of a map in order.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
