package report

import (
	"fmt"
	"strconv"
	"strings"

	"tare/internal/compare"
	"tare/internal/units"
)

// DiffOptions choose how a Diff is shown.
type DiffOptions struct {
	Exact bool
	Top   int // files that are listed; 0 for all
}

var marks = map[string]string{"added": "+", "removed": "−", "changed": "~", "content": "~", "metadata": "m"}

// Diff lays out what differs between two images.
func Diff(d *compare.Diff, o DiffOptions) Document {
	size := sizer(o.Exact)
	c := d.Count
	doc := Document{Para{Heading: true, Text: Safe(d.From) + " → " + Safe(d.To)}}
	if d.Same {
		return append(doc, Para{Text: "No difference: packages, files and their metadata, configuration and history are the same."})
	}
	doc = append(doc, Para{Text: fmt.Sprintf("packages: %d added, %d removed, %d changed · files: %d added (%s), %d removed (%s), %d with other content, %d with other metadata only · settings: %d · steps: %d",
		c.PackagesAdded, c.PackagesRemoved, c.PackagesChanged, c.Added, size(c.AddedBytes), c.Removed, size(c.RemovedBytes), c.Content, c.Metadata, len(d.Config), len(d.History))})
	if len(d.Packages) > 0 {
		g := Grid{Title: "PACKAGES", Head: []string{"", "KIND", "PACKAGE", "VERSION"}}
		for _, p := range d.Packages {
			v := p.From + p.To
			if p.Change == "changed" {
				v = p.From + " → " + p.To
			}
			g.Rows = append(g.Rows, []string{marks[p.Change], string(p.Type), Safe(p.Name), Safe(v)})
		}
		doc = append(doc, g)
	}
	if len(d.Config) > 0 {
		g := Grid{Title: "SETTINGS", Head: []string{"", "NAME", "VALUE"}}
		for _, s := range d.Config {
			name := Safe(s.Name)
			if s.From != "" {
				g.Rows = append(g.Rows, []string{"−", name, Safe(s.From)})
			}
			if s.To != "" {
				g.Rows = append(g.Rows, []string{"+", name, Safe(s.To)})
			}
		}
		doc = append(doc, g)
	}
	if len(d.History) > 0 {
		g := Grid{Title: "STEPS", Head: []string{"", "LAYER", "INSTRUCTION"}, Right: []bool{false, true}}
		for _, h := range d.History {
			layer := "–"
			if h.Layer > 0 {
				layer = strconv.Itoa(h.Layer)
			}
			g.Rows = append(g.Rows, []string{marks[h.Change], layer, oneLine(h.Step)})
		}
		doc = append(doc, g)
	}
	doc = append(doc, layerMatches(d, size))
	if len(d.Files) > 0 {
		g := Grid{Title: "FILES", Head: []string{"", "FROM", "TO", "WHAT", "PATH"}, Right: []bool{false, true, true}, Note: "+ added  − removed  ~ other content  m other metadata only"}
		for n, f := range d.Files {
			if o.Top > 0 && n == o.Top {
				g.Note = fmt.Sprintf("and %s (--top 0 lists all)\n%s", units.Plural(len(d.Files)-n, "more path"), g.Note)
				break
			}
			from, to := size(f.From), size(f.To)
			switch f.Change {
			case "added":
				from = ""
			case "removed":
				to = ""
			}
			g.Rows = append(g.Rows, []string{marks[f.Change], from, to, clip(strings.Join(f.What, ", "), 26), "/" + Safe(f.Path)})
		}
		doc = append(doc, g)
	}
	return doc
}

func layerMatches(d *compare.Diff, size func(int64) string) Block {
	g := Grid{Title: "LAYERS, MATCHED BY CONTENT", Head: []string{"FROM", "TO", "TAR", "DIFFID"}, Right: []bool{true, true, true}}
	place := func(n int) string {
		if n == 0 {
			return "–"
		}
		return strconv.Itoa(n)
	}
	for _, l := range d.Layers {
		g.Rows = append(g.Rows, []string{place(l.From), place(l.To), size(l.Tar), short(l.DiffID.String())})
	}
	return g
}
