package report

import (
	"fmt"
	"strings"

	"tare/internal/compare"
	"tare/internal/units"
)

// DiffOptions choose how a Diff is shown.
type DiffOptions struct {
	Exact bool
	Top   int // files that are listed; 0 for all
}

// DiffParts are the parts of a Diff.
var DiffParts = []string{"summary", "packages", "settings", "steps", "layers", "files"}

// Diff lays out what differs between two images.
func Diff(d *compare.Diff, o DiffOptions) Document {
	z := sizes{o.Exact}
	c := d.Count
	doc := Document{Para{Heading: true, Text: Safe(d.From) + " → " + Safe(d.To)}}
	if d.Same {
		doc = append(doc, Para{Text: "No difference: packages, files and their metadata, configuration and history are the same."})
		return in("summary", Always, doc...)
	}
	doc = append(doc, Para{Text: fmt.Sprintf("packages: %d added, %d removed, %d changed · files: %d added (%s), %d removed (%s), %d with other content, %d with other metadata only · settings: %d · steps: %d",
		c.PackagesAdded, c.PackagesRemoved, c.PackagesChanged, c.Added, z.text(c.AddedBytes), c.Removed, z.text(c.RemovedBytes), c.Content, c.Metadata, len(d.Config), len(d.History))})
	doc = in("summary", Always, doc...)
	if len(d.Packages) > 0 {
		t := Table{Place: Place{Part: "packages"}, Title: "PACKAGES", Columns: []Column{text("").as("change"), text("KIND"), text("PACKAGE"), text("VERSION")}}
		for _, p := range d.Packages {
			v := p.From + p.To
			if p.Change == "changed" {
				v = p.From + " → " + p.To
			}
			t.add(words(changeMark[p.Change]), words(string(p.Type)), words(Safe(p.Name)), words(Safe(v)))
		}
		doc = append(doc, t)
	}
	if len(d.Config) > 0 {
		t := Table{Place: Place{Part: "settings"}, Title: "SETTINGS", Columns: []Column{text("").as("change"), text("NAME"), text("VALUE")}}
		for _, s := range d.Config {
			name := words(Safe(s.Name))
			if s.From != "" {
				t.add(words("−"), name, words(Safe(s.From)))
			}
			if s.To != "" {
				t.add(words("+"), name, words(Safe(s.To)))
			}
		}
		doc = append(doc, t)
	}
	if len(d.History) > 0 {
		t := Table{Place: Place{Part: "steps"}, Title: "STEPS", Columns: []Column{text("").as("change"), number("LAYER"), text("INSTRUCTION").cut(End)}}
		for _, h := range d.History {
			layer := none()
			if h.Layer > 0 {
				layer = count(h.Layer)
			}
			t.add(words(changeMark[h.Change]), layer, words(oneLine(h.Step)))
		}
		doc = append(doc, t)
	}
	doc = append(doc, layerMatches(d, z))
	if len(d.Files) > 0 {
		t := Table{Place: Place{Part: "files"}, Title: "FILES", Columns: []Column{text("").as("change"), number("FROM"), number("TO"), text("WHAT"), text("PATH").cut(Path)}, Note: "+ added  − removed  ~ other content  m other metadata only"}
		for n, f := range d.Files {
			if o.Top > 0 && n == o.Top {
				t.Note = fmt.Sprintf("and %s (--top 0 lists all)\n%s", units.Plural(len(d.Files)-n, "more path"), t.Note)
				break
			}
			from, to := z.of(f.From), z.of(f.To)
			switch f.Change {
			case "added":
				from = words("")
			case "removed":
				to = words("")
			}
			t.add(words(changeMark[f.Change]), from, to, words(strings.Join(f.What, ", ")), words("/"+Safe(f.Path)))
		}
		doc = append(doc, t)
	}
	return doc
}

func layerMatches(d *compare.Diff, z sizes) Block {
	t := Table{Place: Place{Part: "layers"}, Title: "LAYERS, MATCHED BY CONTENT", Columns: []Column{number("FROM"), number("TO"), number("TAR"), text("DIFFID")}}
	place := func(n int) Cell {
		if n == 0 {
			return none()
		}
		return count(n)
	}
	for _, l := range d.Layers {
		t.add(place(l.From), place(l.To), z.of(l.Tar), words(units.ShortID(l.DiffID.String())))
	}
	return t
}
