package weigh

import (
	"cmp"
	"slices"

	"tare/internal/packages"
	"tare/internal/tree"
)

// Describe names a package in one line: "apk py3-pip 23.0.1-r0".
func Describe(p *packages.Package) string {
	s := string(p.Type) + " " + p.Name
	if p.Version != "" {
		s += " " + p.Version
	}
	return s
}

// Installed are the packages that are installed in the end, as a Result has them.
func (f *Facts) Installed() []Package {
	r := new(Result)
	f.packages(r)
	return r.Packages
}

func (f *Facts) packages(r *Result) {
	rows := map[int32]*Package{}
	r.Packages = make([]Package, len(f.Final))
	for n, id := range f.Final {
		p := &f.Packages[id]
		row := &r.Packages[n]
		*row = Package{Type: p.Type, Name: p.Name, Version: p.Version, Arch: p.Arch, Source: p.Source, Location: p.Location, Declared: p.Declared,
			Layers: []int{}, Needs: []string{}, NeededBy: []string{}, Classes: map[Class]int64{}, Contains: p.Contains}
		if p.Known {
			row.Explicit = &p.Explicit
		}
		rows[id] = row
	}
	for n, id := range f.Final {
		p := &f.Packages[id]
		for _, list := range [][]int{p.Needs, p.Wants} {
			for _, m := range list {
				r.Packages[n].Needs = append(r.Packages[n].Needs, r.Packages[m].Name)
				r.Packages[m].NeededBy = append(r.Packages[m].NeededBy, p.Name)
			}
		}
	}
	for i := range f.Cells {
		c := &f.Cells[i]
		row := rows[c.Owner]
		if row == nil || c.Class == Structure {
			continue
		}
		row.Count += c.Count
		row.Transfer = row.Transfer.Plus(c.Transfer)
		if !slices.Contains(row.Layers, c.Layer+1) {
			row.Layers = append(row.Layers, c.Layer+1)
		}
		if c.Fate != tree.Live {
			row.Waste += c.Files
			continue
		}
		row.Live += c.Files
		row.Classes[c.Class] += c.Files
	}
	for _, id := range f.Final {
		if row := rows[id]; row.Count == 0 {
			row.PartOf = f.partOf(&f.Packages[id])
		}
	}
	slices.SortStableFunc(r.Packages, func(a, b Package) int {
		return cmp.Or(cmp.Compare(b.Live, a.Live), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name))
	})
}

// partOf is the package that owns the files of a library that came as a part of it.
func (f *Facts) partOf(p *packages.Package) string {
	for _, at := range []string{p.Location, p.Record} {
		r, ok := f.Tree.At(at, len(f.Tree.Lists)-1)
		if !ok {
			continue
		}
		if o := f.Owner(r); o != nil && o.Key() != p.Key() {
			return Describe(o)
		}
	}
	return ""
}
