package weigh

import (
	"fmt"
	"strings"

	"tare/internal/layer"
	"tare/internal/tree"
)

// LiveAt are the live files that a path or a pattern (see Query.Path) means; whole says
// that it was one path. A link means the file that it leads to. It returns ErrNothing
// (wrapped) where there is none, and an error for an invalid pattern.
func (f *Facts) LiveAt(pattern string) (list []tree.Ref, whole bool, err error) {
	if pattern == "" {
		return nil, false, fmt.Errorf("path %q: %w in this image", pattern, ErrNothing)
	}
	last := len(f.Tree.Lists) - 1
	if path := strings.Trim(pattern, "/"); path != "" && strings.Contains(pattern, "/") || last < 0 {
		if r, ok := f.Tree.Follow(path, last); ok {
			if to, link := f.Tree.Target(r); link {
				r = to
			}
			if f.Tree.Entry(r).Kind == layer.File {
				return []tree.Ref{r}, true, nil
			}
		}
	}
	match, err := glob(pattern)
	if err != nil {
		return nil, false, err
	}
	f.Live(func(r tree.Ref, e *layer.Entry) {
		if match(e.Path) {
			list = append(list, r)
		}
	})
	if len(list) > 0 {
		return list, false, nil
	}
	if err := f.missing(pattern, match); err != nil {
		return nil, false, err
	}
	return nil, false, fmt.Errorf("path %q: %w among the files that a container sees", pattern, ErrNothing)
}

// LiveClasses are the live files by class; only Class, Count and Live are set.
func (f *Facts) LiveClasses() (out []ClassSum) {
	at := map[Class]int{}
	for i := range f.Cells {
		c := &f.Cells[i]
		if c.Class == Structure || c.Fate != tree.Live {
			continue
		}
		n, ok := at[c.Class]
		if !ok {
			n = len(out)
			at[c.Class] = n
			out = append(out, ClassSum{Class: c.Class})
		}
		out[n].Count += c.Count
		out[n].Live += c.Files
	}
	return out
}
