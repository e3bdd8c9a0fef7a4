package insidereport

import (
	"cmp"
	"fmt"
	"slices"

	"tare/internal/inside"
	"tare/internal/parts"
	"tare/internal/report"
	"tare/internal/units"
)

// gpu says for which processors a file has code, if it has any. It is no finding: what is
// right for one machine is too much for another.
func (p *page) gpu(f *inside.File) report.Document {
	var list []parts.Part
	var all int64
	for _, q := range f.Parts {
		if q.Kind == parts.GPU && q.Arch != "" {
			list = append(list, q)
			all += q.Bytes
		}
	}
	if len(list) == 0 {
		return nil
	}
	slices.SortStableFunc(list, func(a, b parts.Part) int { return cmp.Compare(b.Bytes, a.Bytes) })
	t := report.Table{Place: report.Place{Part: partGPU}, Title: "GPU CODE", Columns: []report.Column{number("BYTES"), number("SHARE"), {Title: "KIND"}, {Title: "ARCHITECTURE", Label: true}}}
	ptx := false
	for _, q := range list {
		kind := map[string]string{"PTX": "PTX, for newer GPUs, too", "SASS": "SASS, compiled"}[q.What]
		ptx = ptx || q.What == "PTX"
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{p.bytes(q.Bytes), share(q.Bytes, f.Size), words(cmp.Or(kind, q.What)), words(q.Arch)}, Bar: bar(q.Bytes, f.Size)})
	}
	if ptx {
		t.Note = "PTX is what the driver compiles for GPUs that no compiled code is for."
	}
	return report.Document{p.first(t)}
}

// modules says how much code the modules of a Go program have.
func (p *page) modules(f *inside.File) report.Document {
	if f.Go == nil || len(f.Go.Modules) == 0 {
		return nil
	}
	g := f.Go
	if g.Code == 0 {
		return report.Document{p.say(fmt.Sprintf("Go: %s.", units.Plural(len(g.Modules), "module")))}
	}
	t := report.Table{Place: report.Place{Part: partModules}, Title: "CODE BY GO MODULE", Columns: []report.Column{number("CODE"), {Title: "MODULE", Label: true}, {Title: "VERSION"}}}
	add := func(n int64, name, version string) {
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{p.bytes(n), words(name), words(version)}, Bar: bar(n, g.Code)})
	}
	list := slices.Clone(g.Modules)
	list = append(list, inside.Module{Path: "standard library", Version: g.Version, Code: g.Std}, inside.Module{Path: "no module", Code: g.Other})
	slices.SortStableFunc(list, func(a, b inside.Module) int { return cmp.Compare(b.Code, a.Code) })
	for _, m := range list {
		if m.Code > 0 {
			add(m.Code, m.Path, m.Version)
		}
	}
	return report.Document{p.first(t)}
}
