package page

import (
	"strconv"
	"time"

	"tare/internal/profile"
	"tare/internal/report"
	"tare/internal/units"
	"tare/internal/weigh"
)

// overview is the table with a row for each image of a report that has none: what was weighed,
// one row a platform, or built.
func (p *Page) overview() report.Document {
	t := report.Table{Place: report.Place{Part: "table"}, Columns: []report.Column{{Title: "IMAGE", Label: true, Subject: true}, {Title: "TRANSFER", Right: true}, {Title: "LIVE", Right: true},
		{Title: "WASTE", Right: true}, {Title: "TAR", Right: true}}}
	add := func(name string, transfer units.Amount, live, waste, tar int64, more ...report.Cell) {
		t.Rows = append(t.Rows, report.Row{Cells: append([]report.Cell{{Text: name}, amount(transfer), size(live), size(waste), size(tar)}, more...)})
	}
	weighed := func(r *weigh.Result) {
		add(r.Name, r.Sizes.Transfer, r.Sizes.Live, r.Sizes.Waste, r.Sizes.Tar, count(len(r.Layers)), count(len(r.Packages)), report.Cell{Text: r.Base}, report.Cell{Text: r.Platform})
	}
	of := []report.Column{{Title: "LAYERS", Right: true}, {Title: "PACKAGES", Right: true}, {Title: "BASE"}, {Title: "PLATFORM"}}
	switch d := p.Data.(type) {
	case *weigh.Result:
		t.Columns = append(t.Columns, of...)
		weighed(d)
	case []*weigh.Result:
		t.Columns = append(t.Columns, of...)
		for _, r := range d {
			weighed(r)
		}
	case *profile.Result:
		if d.Failed != "" || d.Seconds == 0 {
			return nil
		}
		t.Columns = append(t.Columns, report.Column{Title: "BUILD", Right: true})
		add(d.Name, d.Total.Transfer, d.Total.Live, d.Total.Waste, d.Total.Tar, report.Cell{Text: units.Seconds(time.Duration(d.Seconds * 1e9)), Number: report.Number{Known: true, Real: d.Seconds, Unit: "seconds"}})
	default:
		return nil
	}
	return report.Document{t}
}

func size(n int64) report.Cell {
	return report.Cell{Text: units.Bytes(n), Number: report.Number{Known: true, Int: n, Unit: "bytes"}}
}

func amount(a units.Amount) report.Cell {
	if n, ok := a.Int(); ok {
		return size(n)
	}
	return report.Cell{Text: "–", Number: report.Number{Unit: "bytes"}}
}

func count(n int) report.Cell {
	return report.Cell{Text: strconv.Itoa(n), Number: report.Number{Known: true, Int: int64(n)}}
}
