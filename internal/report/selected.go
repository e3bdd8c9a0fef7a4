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

// SelectedParts are the parts of a Selected.
var SelectedParts = []string{"summary", "files"}

// Selected lays out the files that a query picked.
func Selected(s *weigh.Selection, o SelectedOptions) Document {
	z := sizes{o.Exact}
	head := Para{Place: Place{Part: "summary"}, Heading: true, Text: fmt.Sprintf("%s: %s, %s of files, %s of transfer, %s of tar", Safe(s.Name), units.Plural(int(s.Total.Count), "file"), z.text(s.Total.Files), s.Total.Transfer.Text(z.text), z.text(s.Total.Tar))}
	if o.Tree {
		return Document{head, directories(s, o, z)}
	}
	t := Table{Place: Place{Part: "files"}, Subject: Safe(s.Name), Columns: []Column{number("SIZE"), number("TRANSFER"), number("LAYER"), text("STATE"), text("OWNER").spare(1), text("PATH").cut(Path)}}
	for _, f := range s.List {
		state := f.State
		if f.By > 0 {
			state += " by " + strconv.Itoa(f.By)
		}
		owner := f.Owner
		if owner == "" {
			owner = "– " + string(f.Class)
		}
		t.add(z.of(f.Size), z.amount(f.Transfer), count(f.Layer), words(state), words(Safe(owner)), words("/"+Safe(f.Path)))
	}
	if more := s.Total.Count - int64(len(s.List)); more > 0 {
		t.Page = fmt.Sprintf("and %d more", more)
		t.Note = t.Page + " (--top 0 lists all)"
	}
	return Document{head, t}
}

// dir is a directory with what is in it, in bytes.
type dir struct {
	name     string
	size     int64
	transfer units.Amount
	files    int
	kids     map[string]*dir
}

func directories(s *weigh.Selection, o SelectedOptions, z sizes) Block {
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
	t := Table{Place: Place{Part: "files"}, Subject: Safe(s.Name), Columns: []Column{number("SIZE"), number("TRANSFER"), number("FILES"), text("PATH").cut(Path)}}
	root.rows(&t, "", "", o.Top, z, root.size)
	return t
}

func (d *dir) add(f weigh.StateFile) {
	d.size += f.Size
	d.transfer = d.transfer.Plus(f.Transfer)
	d.files++
}

func (d *dir) rows(t *Table, lead, mark string, top int, z sizes, whole int64) {
	t.add(z.of(d.size), z.amount(d.transfer), count(d.files), words(mark+Safe(d.name))).Bar = part(d.size, whole)
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
			rest.transfer = rest.transfer.Plus(k.transfer)
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
		k.rows(t, lead+l, lead+m, top, z, whole)
	}
	if n > 0 {
		t.add(z.of(rest.size), z.amount(rest.transfer), count(rest.files), words(lead+"└ "+units.Plural(n, "more name"))).Bar = part(rest.size, whole)
	}
}
