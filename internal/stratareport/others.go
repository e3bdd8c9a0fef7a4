package stratareport

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tare/internal/report"
	"tare/internal/strata"
	"tare/internal/units"
	"tare/internal/weigh"
)

// changes say what would follow.
func (p sheet) changes() (d report.Document) {
	for i := range p.WhatIf {
		c := &p.WhatIf[i]
		if c.Kind == strata.Delete {
			d = append(d, p.deleted(c)...)
		} else {
			d = append(d, p.rebased(c)...)
		}
	}
	return d
}

func (p sheet) item(part, format string, a ...any) report.Block {
	return report.Item{Place: in(part), Text: fmt.Sprintf(format, a...)}
}

// deleted says what goes with tags.
func (p sheet) deleted(c *strata.Change) (d report.Document) {
	what := strings.TrimPrefix(c.Word, "delete=")
	text := fmt.Sprintf("Delete %s (%s): ", report.Safe(what), many(c.Tags, "tag"))
	switch {
	case c.Images == 0:
		text += fmt.Sprintf("no image goes: %s under another name", units.Exact(int64(c.Kept))+" "+verb(c.Kept, "stays", "stay"))
	case c.Kept > 0:
		text += fmt.Sprintf("%s %s, %s under another name", many(c.Images, "image"), verb(c.Images, "goes", "go"), units.Exact(int64(c.Kept))+" "+verb(c.Kept, "stays", "stay"))
	default:
		text += fmt.Sprintf("%s %s", many(c.Images, "image"), verb(c.Images, "goes", "go"))
	}
	if c.Freed+c.Shared > 0 || c.Images > 0 {
		text += fmt.Sprintf("; %s of %s is freed", p.bytes(c.Freed), p.bytes(c.Freed+c.Shared))
		if c.Shared > 0 {
			text += fmt.Sprintf(", %s is in images that stay", p.bytes(c.Shared))
		}
	} else {
		text += "; nothing is freed"
	}
	d = append(d, p.item("whatif", "%s.", text))
	if c.Freed > 0 {
		note := "Registries free it when they collect garbage."
		if c.Costs != nil && c.Costs.Storage != nil {
			note = fmt.Sprintf("Storage costs %s less each month. %s", p.Costs.Text(*c.Costs.Storage), note)
		}
		d = append(d, p.item("whatif", "%s", note))
	}
	return d
}

func verb(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// rebased says what moves with a base.
func (p sheet) rebased(c *strata.Change) (d report.Document) {
	old, to, _ := strings.Cut(strings.TrimPrefix(c.Word, "rebase="), "=")
	old, to = report.Safe(old), report.Safe(to)
	text := fmt.Sprintf("Move %s from %s to %s: a host that has them pulls %s", many(c.Images, "image"), old, to, p.bytes(c.Pulled))
	if c.Rebuilt > c.Pulled {
		text += fmt.Sprintf(", %s if they are built again and their own layers change, too", p.bytes(c.Rebuilt))
	}
	d = append(d, p.item("whatif", "%s.", text))
	text = fmt.Sprintf("Registries store %s more, and need %s no longer", p.bytes(c.Added), p.bytes(c.Freed))
	if c.Costs != nil && c.Costs.Storage != nil {
		if n := *c.Costs.Storage; n > 0 {
			text += fmt.Sprintf(": %s less each month", p.Costs.Text(n))
		} else if n < 0 {
			text += fmt.Sprintf(": %s more each month", p.Costs.Text(-n))
		}
	}
	d = append(d, p.item("whatif", "%s. %s is manifests and configurations, taken to be as long as now.", text, p.bytes(c.Documents)))
	if c.Costs != nil && c.Costs.Pull != nil {
		text := fmt.Sprintf("Egress: %s for such a host", p.Costs.Text(*c.Costs.Pull))
		if c.Costs.Nodes != nil {
			text += fmt.Sprintf(", %s for %s", p.Costs.Text(*c.Costs.Nodes), units.Plural(len(c.Nodes), "node"))
		}
		d = append(d, p.item("whatif", "%s.", text))
	}
	if c.Without > 0 {
		d = append(d, p.item("whatif", "%s stay: %s has no image for their platform.", many(c.Without, "image"), to))
	}
	if len(c.Nodes) > 0 {
		t := report.Table{Place: in("whatif"), Title: "WHAT NODES PULL", Subject: c.Word, Columns: []report.Column{right("IMAGES", 1), right("PULLED", 0), {Title: "NODE", Label: true}}}
		for _, n := range c.Nodes {
			t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{count(n.Images), p.size(n.Pulled), words(n.Name)}})
		}
		d = append(d, first(t, firstOthers, "whatif")...)
	}
	return d
}

// findings are what rules find in all images, and the waste.
func (p sheet) findings() (d report.Document) {
	if w := p.Waste; w != nil {
		text := "Every file of every layer is seen in some image: no waste."
		if w.Separately > 0 {
			text = fmt.Sprintf("Waste: %s in files that no image shows (%s counted image by image).", p.bytes(w.Together), p.bytes(w.Separately))
		}
		d = append(d, p.item("findings", "%s", text))
	} else if s := p.Scanned; s.Layers > 0 && s.Images > 0 {
		d = append(d, p.item("findings", "Waste of all is not known: %s of %s were weighed.", units.Exact(int64(s.Images)), many(p.Images, "image")))
	}
	t := report.Table{Place: in("findings"), Title: "FINDINGS", Note: "TAR: each layer's once.", Columns: []report.Column{right("IMAGES", 0), right("LAYERS", 1), right("TAR", 0), {Title: "RULE", Key: true, Spare: 2}, {Title: "FINDING", Label: true, Cut: report.End}}}
	for i := range p.Findings {
		f := &p.Findings[i]
		if f.Rule == weigh.SecretFile {
			continue
		}
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{count(f.Images), count(f.Layers), p.size(f.Tar), words(f.Rule), words(f.Title + ", such as " + f.Example + ": " + f.Text)}})
	}
	if len(t.Rows) > 0 {
		d = append(d, first(t, firstOthers, "findings")...)
	}
	return d
}

// secrets are what somebody may read in layers.
func (p sheet) secrets() report.Document {
	if len(p.Secrets) == 0 {
		return nil
	}
	images, hidden := 0, 0
	t := report.Table{Place: in("secrets"), Title: "SECRETS IN LAYERS", Columns: []report.Column{right("IMAGES", 0), right("HIDDEN", 1), {Title: "LAYER", Key: true, Spare: 2}, {Title: "WHAT", Label: true, Cut: report.End}}}
	for i := range p.Secrets {
		s := &p.Secrets[i]
		images = max(images, s.Images)
		hidden += s.Hidden
		layer := "configuration"
		if s.DiffID != "" {
			layer = units.ShortID(string(s.DiffID))
		}
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{count(s.Images), count(s.Hidden), words(layer), words(s.Example + ": " + s.Text)}})
	}
	text := fmt.Sprintf("%s about secrets in layers or configurations", many(len(p.Secrets), "finding"))
	if hidden > 0 {
		text += fmt.Sprintf("; %s hidden by later layers can still be read", many(hidden, "file"))
	}
	d := report.Document{report.Item{Place: in("secrets"), Severity: report.Secret, Text: text + "."}}
	return append(d, first(t, firstOthers, "secrets")...)
}

// nodes are the machines of a cluster, those that hold most first.
func (p sheet) nodes() report.Document {
	if len(p.Nodes) == 0 {
		return nil
	}
	list := slices.Clone(p.Nodes)
	slices.SortStableFunc(list, func(a, b strata.Node) int { return cmp.Compare(b.Holds, a.Holds) })
	t := report.Table{Place: in("nodes"), Title: "NODES", Columns: []report.Column{right("IMAGES", 0), right("HOLDS", 0), right("SEPARATELY", 3), right("BASES", 1), right("LACKS", 2), {Title: "NODE", Label: true}}}
	missing := 0
	for i := range list {
		n := &list[i]
		missing += n.Missing
		t.Rows = append(t.Rows, report.Row{Bar: float64(n.Holds) / float64(max(1, list[0].Holds)), Cells: []report.Cell{count(n.Images), p.size(n.Holds), p.size(n.Separately), p.size(n.Bases), p.size(n.Lacks), words(n.Name)}})
	}
	t.Note = "BASES: pulled again, at least, when every base gets a new version of the same size. LACKS: what it would pull to hold all images."
	if missing > 0 {
		t.Note += fmt.Sprintf("\nNodes have %s that the fleet does not have.", many(missing, "image"))
	}
	return first(t, firstOthers, "nodes")
}

// growth is what came by month.
func (p sheet) growth() (d report.Document) {
	g := &p.Growth
	if p.Images == 0 {
		return nil
	}
	t := report.Table{Place: report.Place{Part: "growth", Weight: report.Full}, Title: "GROWTH BY MONTH", Columns: []report.Column{{Title: "MONTH", Label: true}, right("IMAGES", 0), right("NEW", 0), right("TOGETHER", 1)},
		Note: "From the dates of configurations: a blob counts in the month of the earliest image that has it."}
	best, sum := -1, int64(0)
	for i, m := range g.Months {
		if best < 0 || m.Bytes > g.Months[best].Bytes {
			best = i
		}
		sum += m.Bytes
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{words(m.Month), count(m.Images), p.size(m.Bytes), p.size(sum)}})
	}
	for _, m := range []struct {
		name string
		strata.Month
	}{{"no date", g.Undated}, {"implausible date", g.Implausible}} {
		if m.Images > 0 {
			sum += m.Bytes
			t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{words(m.name), count(m.Images), p.size(m.Bytes), p.size(sum)}})
		}
	}
	text := "No image has a plausible date."
	if best >= 0 {
		last := g.Months[len(g.Months)-1]
		text = fmt.Sprintf("Growth: %s came with the images of %s, the latest month", p.bytes(last.Bytes), last.Month)
		if best != len(g.Months)-1 {
			text += fmt.Sprintf("; most, %s, with those of %s", p.bytes(g.Months[best].Bytes), g.Months[best].Month)
		}
		if n := g.Undated.Images; n > 0 {
			text += fmt.Sprintf("; %s without a date", many(n, "image"))
		}
		if n := g.Implausible.Images; n > 0 {
			text += fmt.Sprintf("; %s with an implausible one", many(n, "image"))
		}
		text += "."
	}
	return report.Document{report.Item{Place: in("growth"), Text: text}, t}
}

// registries are what each registry stores, where there are several.
func (p sheet) registries() report.Document {
	t := report.Table{Place: report.Place{Part: "registries", Weight: report.Full}, Title: "REGISTRIES", Columns: []report.Column{right("IMAGES", 0), right("TAGS", 1), right("STORES", 0), {Title: "REGISTRY", Label: true}}}
	for _, h := range p.Registries {
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{count(h.Images), count(h.Tags), p.size(h.Bytes), words(h.Name)}})
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return report.Document{t}
}

// unreadable are what could not be read, and contradictions.
func (p sheet) unreadable() (d report.Document) {
	if n := len(p.Unreadable); n > 0 {
		t := report.Table{Place: in("unreadable"), Title: "COULD NOT BE READ", Columns: []report.Column{{Title: "NAME", Key: true}, {Title: "WHY", Label: true, Cut: report.End}}}
		for _, u := range p.Unreadable {
			t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{words(u.Name), words(u.Why)}})
		}
		d = append(d, report.Item{Place: in("unreadable"), Severity: report.Warning, Text: fmt.Sprintf("%s could not be read: no number here counts %s.", many(n, "name"), verb(n, "it", "them"))})
		d = append(d, first(t, firstOthers, "unreadable")...)
	}
	for i, text := range p.Problems {
		at := in("problems")
		if i >= firstOthers {
			at.Weight = report.Full
		}
		d = append(d, report.Item{Place: at, Severity: report.Warning, Text: report.Safe(text)})
	}
	return d
}
