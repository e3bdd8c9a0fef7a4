package weigh

import (
	"fmt"
	"slices"
	"strings"

	"tare/internal/layer"
	"tare/internal/suggest"
	"tare/internal/tree"
)

// nearest is how many names an error offers in place of one that is not there.
const nearest = 5

// similar names the installed package that was most likely meant and the first others, or
// those whose names have the word in them.
func (f *Facts) similar(name string) string {
	var all, within []string
	for _, id := range f.Final {
		have := f.Packages[id].Name
		if !slices.Contains(all, have) {
			all = append(all, have)
		}
		if strings.Contains(have, name) && !slices.Contains(within, have) {
			within = append(within, have)
		}
	}
	if len(all) == 0 {
		return "no packages"
	}
	if len(within) > 0 {
		all = within
	}
	slices.Sort(all)
	text := strings.Join(all[:min(nearest, len(all))], ", ")
	if more := len(all) - nearest; more > 0 {
		text += fmt.Sprintf(" and %d more (tare weigh --show packages --top 0 IMAGE lists them)", more)
	}
	return text + suggest.Meant(name, all)
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
