package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tare/internal/units"
	"tare/internal/weigh"
)

// SelectedOptions choose how picked files are shown.
type SelectedOptions struct {
	Exact bool
	Tree  bool // as directories
	Depth int  // levels of the tree
	Top   int  // entries of each directory; 0 for all
}

// Selected lays out the files that a query picked.
func Selected(s *weigh.Selection, o SelectedOptions) Document {
	size := sizer(o.Exact)
	head := Para{Heading: true, Text: fmt.Sprintf("%s: %s, %s of files, %s of transfer, %s of tar", Safe(s.Name), units.Plural(int(s.Total.Count), "file"), size(s.Total.Files), size(s.Total.Transfer), size(s.Total.Tar))}
	if o.Tree {
		return Document{head, directories(s, o, size)}
	}
	g := Grid{Head: []string{"SIZE", "TRANSFER", "LAYER", "STATE", "OWNER", "PATH"}, Right: []bool{true, true, true}, Wide: []bool{false, false, false, false, true}}
	for _, f := range s.List {
		state := f.State
		if f.By > 0 {
			state += " by " + strconv.Itoa(f.By)
		}
		owner := f.Owner
		if owner == "" {
			owner = "– " + string(f.Class)
		}
		g.Rows = append(g.Rows, []string{size(f.Size), size(f.Transfer), strconv.Itoa(f.Layer), state, clip(Safe(owner), 24), "/" + Safe(f.Path)})
	}
	if more := s.Total.Count - int64(len(s.List)); more > 0 {
		g.Note = fmt.Sprintf("and %d more (--top 0 lists all)", more)
	}
	return Document{head, g}
}

// dir is a directory with what is in it, in bytes.
type dir struct {
	name           string
	size, transfer int64
	files          int
	kids           map[string]*dir
}

func directories(s *weigh.Selection, o SelectedOptions, size func(int64) string) Block {
	root := &dir{name: "/", kids: map[string]*dir{}}
	for _, f := range s.List {
		at := root
		at.add(f)
		parts := strings.Split(f.Path, "/")
		for n, p := range parts {
			if n == o.Depth {
				break
			}
			kid := at.kids[p]
			if kid == nil {
				kid = &dir{name: p, kids: map[string]*dir{}}
				at.kids[p] = kid
			}
			if n < len(parts)-1 {
				kid.name = p + "/"
			}
			kid.add(f)
			at = kid
		}
	}
	g := Grid{Head: []string{"SIZE", "TRANSFER", "FILES", "PATH"}, Right: []bool{true, true, true}}
	root.rows(&g, "", "", o.Top, size, root.size)
	return g
}

func (d *dir) add(f weigh.StateFile) {
	d.size += f.Size
	d.transfer += f.Transfer
	d.files++
}

func (d *dir) rows(g *Grid, lead, mark string, top int, size func(int64) string, whole int64) {
	g.Rows = append(g.Rows, []string{size(d.size), size(d.transfer), strconv.Itoa(d.files), mark + Safe(d.name)})
	g.Part = append(g.Part, part(d.size, whole))
	var kids []*dir
	for _, k := range d.kids {
		kids = append(kids, k)
	}
	slices.SortFunc(kids, func(a, b *dir) int { return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(a.name, b.name)) })
	var rest dir
	n := 0
	if top > 0 && len(kids) > top {
		for _, k := range kids[top:] {
			rest.size += k.size
			rest.transfer += k.transfer
			rest.files += k.files
			n++
		}
		kids = kids[:top]
	}
	for i, k := range kids {
		m, l := "├ ", "│ "
		if i == len(kids)-1 && n == 0 {
			m, l = "└ ", "  "
		}
		k.rows(g, lead+l, lead+m, top, size, whole)
	}
	if n > 0 {
		g.Rows = append(g.Rows, []string{size(rest.size), size(rest.transfer), strconv.Itoa(rest.files), lead + "└ " + units.Plural(n, "more name")})
		g.Part = append(g.Part, part(rest.size, whole))
	}
}
