package weigh

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tare/internal/layer"
	"tare/internal/tree"
)

// nearest is how many names an error offers in place of one that is not there.
const nearest = 5

// similar names the installed packages whose names are like one that is not there, or
// else the first ones.
func (f *Facts) similar(name string) string {
	if len(f.Final) == 0 {
		return "no packages"
	}
	type like struct {
		name string
		far  int
	}
	var list []like
	seen := map[string]bool{}
	for _, id := range f.Final {
		have := f.Packages[id].Name
		if seen[have] {
			continue
		}
		seen[have] = true
		list = append(list, like{have, distance(strings.ToLower(name), strings.ToLower(have))})
	}
	slices.SortStableFunc(list, func(a, b like) int {
		return cmp.Or(cmp.Compare(a.far, b.far), strings.Compare(a.name, b.name))
	})
	var names []string
	for _, l := range list[:min(nearest, len(list))] {
		names = append(names, l.name)
	}
	text := strings.Join(names, ", ")
	if more := len(list) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// distance is how many letters have to be changed, added or removed to make one name of
// another (Levenshtein); a name within the other is nearer than all that are not.
func distance(a, b string) int {
	if strings.Contains(a, b) || strings.Contains(b, a) {
		return 0
	}
	a, b = a[:min(64, len(a))], b[:min(64, len(b))]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			next := last
			if a[i] != b[j] {
				next = min(last, row[j], row[j+1]) + 1
			}
			last, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}

// missing is the error about a pattern that matches nothing at all in the image; nil if it
// matches something, if only a directory or a file in another state.
func (f *Facts) missing(pattern string, match func(string) bool) error {
	top := map[string]bool{}
	for k, list := range f.Tree.Lists {
		for i := range list {
			e := &list[i]
			if e.Kind == layer.Whiteout || e.Kind == layer.Opaque || e.Kind == layer.Meta {
				continue
			}
			if match(e.Path) {
				return nil
			}
			if f.Tree.Name(tree.Ref{Layer: int32(k), Entry: int32(i)}).Class == tree.Live {
				first, _, _ := strings.Cut(e.Path, "/")
				top[first] = true
			}
		}
	}
	var names []string
	for name := range top {
		if name != "" {
			names = append(names, "/"+name)
		}
	}
	slices.Sort(names)
	have := "no files"
	if len(names) > 0 {
		have = strings.Join(names[:min(2*nearest, len(names))], ", ")
		if more := len(names) - 2*nearest; more > 0 {
			have += fmt.Sprintf(" and %d more", more)
		}
	}
	return fmt.Errorf("path %q: %w in this image: it has %s", pattern, ErrNothing, have)
}
