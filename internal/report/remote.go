package report

import (
	"fmt"
	"strings"

	"tare/internal/compare"
)

// RemoteParts are the parts of a Remote.
var RemoteParts = []string{"measures", "layers", "sharing", "method"}

// Remote lays out a comparison by manifests and configurations alone.
func Remote(r *compare.Remote, exact bool) Document {
	z := sizes{exact}
	s := Sides{Place: Place{Part: "measures"}, Baseline: r.Base}
	row := func(label, help string, value func(*compare.RemoteImage) Cell) {
		line := Measure{Label: label, Help: help}
		for i := range r.Images {
			line.Cells = append(line.Cells, value(&r.Images[i]))
		}
		s.Rows = append(s.Rows, line)
	}
	for n, i := range r.Images {
		c := Subject{Title: Safe(i.Name)}
		if n == r.Base && len(r.Images) > 1 {
			c.Note = "baseline"
		}
		s.Subjects = append(s.Subjects, c)
	}
	base := &r.Images[r.Base]
	row("platform", "", func(i *compare.RemoteImage) Cell { return words(Safe(i.Platform)) })
	row("created", "", func(i *compare.RemoteImage) Cell {
		if i.Created == "" {
			return words("does not say")
		}
		return words(i.Created)
	})
	row("transfer", "what a node pulls", func(i *compare.RemoteImage) Cell {
		if i == base {
			return z.of(i.Transfer)
		}
		return z.against(i.Transfer, base.Transfer)
	})
	row("shared", "in layers that others have, too", func(i *compare.RemoteImage) Cell { return z.of(i.Shared) })
	row("layers", "empty steps in brackets", func(i *compare.RemoteImage) Cell {
		c := count(i.Layers)
		if i.EmptyLayers > 0 {
			c.Text = fmt.Sprintf("%d (+%d)", i.Layers, i.EmptyLayers)
		}
		return c
	})
	d := Document{s}
	for _, i := range r.Images {
		t := Table{Place: Place{Part: "layers"}, Title: Safe(i.Name), Subject: Safe(i.Name), Columns: []Column{number("LAYER").key(), number("TRANSFER"), number("SHARED").spare(1), text("INSTRUCTION").cut(End)}}
		for k, l := range i.Blobs {
			shared := none()
			if l.SharedWith > 0 {
				shared = count(l.SharedWith)
				shared.Text = "with " + shared.Text
			}
			t.add(count(k+1), z.of(l.Transfer), shared, words(oneLine(l.Instruction))).Bar = part(l.Transfer, i.Transfer)
		}
		d = append(d, t)
	}
	return append(d, Para{Place: Place{Part: "sharing"}, Text: fmt.Sprintf("All layers together, each once: %s.", z.text(r.Together))},
		Para{Place: Place{Part: "method"}, Dim: true, Text: "From manifests and configurations alone. These need the layers (leave --remote out): " + strings.Join(r.Missing, ", ") + "."})
}
