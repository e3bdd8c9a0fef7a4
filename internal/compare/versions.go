package compare

import (
	"fmt"
	"slices"
	"strings"
)

// Versions are all versions of a package that is installed several times, the least
// first, as text: "1.0, 2.0 (2 copies)". Equal texts are equal sets.
func Versions(list []string) string {
	list = slices.Sorted(slices.Values(list))
	var out []string
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n] == list[0] {
			n++
		}
		v := list[0]
		if n > 1 {
			v = strings.TrimSpace(v + fmt.Sprintf(" (%d copies)", n))
		}
		out = append(out, v)
		list = list[n:]
	}
	return strings.Join(out, ", ")
}
