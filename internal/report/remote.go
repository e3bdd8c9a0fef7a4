package report

import (
	"fmt"
	"strings"

	"tare/internal/compare"
	"tare/internal/explain"
	"tare/internal/units"
)

// Remote lays out a comparison by manifests and configurations alone.
func Remote(r *compare.Remote, exact bool) Document {
	z := sizes{exact}
	d := in("verdict", Always, Para{Text: Safe(explain.RemoteVerdict(r, z.text)), Heading: true})
	d = append(d, remoteOverview(r, z))
	for i := range r.Images {
		d = append(d, remoteLayers(&r.Images[i], z))
	}
	if len(r.Images) > 1 {
		d = append(d, Para{Place: Place{Part: "sharing"}, Text: fmt.Sprintf("All layers together, deduplicated: %s.", r.Together.Text(z.text))})
	}
	d = append(d, Para{Place: Place{Part: "method"}, Dim: true, Text: "From manifests and configurations alone. These need the layers (leave --remote out): " + strings.Join(r.Missing, ", ") + ".",
		Page: "From manifests and configurations alone. These need the layers: " + strings.Join(r.Missing, ", ") + "."})
	return append(d, more([]string{"layers"}))
}

// remoteOverview is one row for each image.
func remoteOverview(r *compare.Remote, z sizes) Table {
	var names []string
	base := r.Images[r.Base].Transfer
	transfer, shared := side{Column: number("TRANSFER"), always: true}, side{Column: number("SHARED").spare(3), once: some("shared layers", func(c Cell) string { return c.Text + " in shared layers" })}
	layers := side{Column: number("LAYERS").spare(1), once: func(c Cell) string { return units.Plural(c.Number.Int, "layer") }}
	created, platform := side{Column: text("CREATED").spare(2)}, side{Column: text("PLATFORM").spare(4), once: func(c Cell) string { return c.Text }}
	for n := range r.Images {
		i := &r.Images[n]
		names = append(names, i.Name)
		cell := z.amount(i.Transfer)
		if n != r.Base {
			cell = z.against(i.Transfer, base)
		}
		when := none()
		if i.Created != "" {
			when = words(Safe(i.Created))
		}
		transfer.cells, shared.cells, layers.cells = append(transfer.cells, cell), append(shared.cells, z.amount(i.Shared)), append(layers.cells, count(i.Layers))
		created.cells, platform.cells = append(created.cells, when), append(platform.cells, words(Safe(i.Platform)))
	}
	t := overview("IMAGE", names, []side{transfer, shared, layers, created, platform})
	t.Weight = Always
	return t
}

// remoteLayers are the layers of an image, below when and for what it was built.
func remoteLayers(i *compare.RemoteImage, z sizes) Table {
	title := Safe(i.Name + " · " + i.Platform)
	if i.Created != "" {
		title += " · created " + Safe(i.Created)
	}
	if i.EmptyLayers > 0 {
		title += " · " + units.Plural(i.EmptyLayers, "empty step")
	}
	t := Table{Place: Place{"layers", Full}, Title: title, Subject: Safe(i.Name), Columns: []Column{number("LAYER").key(), number("TRANSFER"), number("SHARED").spare(1), text("INSTRUCTION").cut(End)}}
	for k, l := range i.Blobs {
		shared := none()
		if l.SharedWith > 0 {
			shared = count(l.SharedWith)
			shared.Text = "with " + shared.Text
		}
		t.add(count(k+1), z.amount(l.Transfer), shared, words(oneLine(l.Instruction))).Bar = part(l.Transfer.Or(0), i.Transfer.Or(0))
	}
	return t
}
