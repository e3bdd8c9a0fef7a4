package report

import (
	"fmt"
	"strconv"
	"strings"

	"tare/internal/compare"
	"tare/internal/units"
)

// Remote lays out a comparison by manifests and configurations alone.
func Remote(r *compare.Remote, exact bool) Document {
	size := sizer(exact)
	var t Table
	row := func(label, help string, value func(*compare.RemoteImage) Cell) {
		line := Row{Label: label, Help: help}
		for i := range r.Images {
			line.Cells = append(line.Cells, value(&r.Images[i]))
		}
		t.Rows = append(t.Rows, line)
	}
	for n, i := range r.Images {
		c := Column{Title: Safe(i.Name)}
		if n == r.Base && len(r.Images) > 1 {
			c.Note = "baseline"
		}
		t.Columns = append(t.Columns, c)
	}
	base := &r.Images[r.Base]
	row("platform", "", func(i *compare.RemoteImage) Cell { return Cell{Value: Safe(i.Platform)} })
	row("created", "", func(i *compare.RemoteImage) Cell {
		if i.Created == "" {
			return Cell{Value: "does not say"}
		}
		return Cell{Value: i.Created}
	})
	row("transfer", "what a node pulls", func(i *compare.RemoteImage) Cell {
		c := Cell{Value: size(i.Transfer)}
		if i != base {
			c.Delta = units.Percent(i.Transfer, base.Transfer)
			if exact {
				c.Delta = signed(i.Transfer - base.Transfer)
			}
		}
		return c
	})
	row("shared", "in layers that others have, too", func(i *compare.RemoteImage) Cell { return Cell{Value: size(i.Shared)} })
	row("layers", "empty steps in brackets", func(i *compare.RemoteImage) Cell {
		if i.EmptyLayers == 0 {
			return Cell{Value: strconv.Itoa(i.Layers)}
		}
		return Cell{Value: fmt.Sprintf("%d (+%d)", i.Layers, i.EmptyLayers)}
	})
	d := Document{Sides{t, r.Base}}
	for _, i := range r.Images {
		g := Grid{Title: Safe(i.Name), Head: []string{"LAYER", "TRANSFER", "SHARED", "INSTRUCTION"}, Right: []bool{true, true, true}}
		for k, l := range i.Blobs {
			shared := "–"
			if l.SharedWith > 0 {
				shared = "with " + strconv.Itoa(l.SharedWith)
			}
			g.Rows = append(g.Rows, []string{strconv.Itoa(k + 1), size(l.Transfer), shared, oneLine(l.Instruction)})
			g.Part = append(g.Part, part(l.Transfer, i.Transfer))
		}
		d = append(d, g)
	}
	return append(d, Para{Text: fmt.Sprintf("All layers together, each once: %s.", size(r.Together))},
		Para{Dim: true, Text: "From manifests and configurations alone. These need the layers (tare compare without --remote): " + strings.Join(r.Missing, ", ") + "."})
}
