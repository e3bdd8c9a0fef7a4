package growth

import (
	"fmt"
	"strings"
	"time"

	"tare/internal/chart"
	"tare/internal/page"
	"tare/internal/report"
	"tare/internal/units"
)

// Parts are the parts of a Document.
var Parts = []string{"summary", "releases", "skipped"}

// firstReleases is how many releases the first screen has: the latest.
const firstReleases = 25

// Document lays the releases out: the largest step, a row a release, and what was skipped.
func (r *Result) Document(exact bool) report.Document {
	p := sheet{r, exact}
	d := report.Document{p.heading()}
	d = append(d, p.largest()...)
	if len(r.Releases) > 0 {
		d = append(d, p.table()...)
	}
	return append(d, p.skipped()...)
}

// sheet is the document while it is laid out.
type sheet struct {
	*Result
	exact bool
}

func (p sheet) bytes(n int64) string {
	if p.exact {
		return units.Exact(n)
	}
	return units.Bytes(n)
}

func (p sheet) delta(n int64) string {
	if n > 0 {
		return "+" + p.bytes(n)
	}
	return p.bytes(n)
}

// heading says how many releases there are, and what they came to.
func (p sheet) heading() report.Block {
	text := report.Safe(p.Repository) + ": " + units.Plural(len(p.Releases), "release")
	if n := len(p.Releases); n > 1 {
		a, aok := p.Releases[0].Transfer.Int()
		b, bok := p.Releases[n-1].Transfer.Int()
		if aok && bok {
			text += fmt.Sprintf(", %s to %s transfer", p.bytes(a), p.bytes(b))
			if c := units.Percent(b, a); c != "" && a != b {
				text += " (" + c + ")"
			}
		}
	}
	return report.Para{Place: report.Place{Part: "summary"}, Heading: true, Text: text}
}

// largest names the release with the largest step of each measure.
func (p sheet) largest() (d report.Document) {
	at := report.Place{Part: "summary"}
	for i := range p.Steps {
		s := &p.Steps[i]
		change, was, now := p.delta(s.After-s.Before), p.bytes(s.Before), p.bytes(s.After)
		if s.Measure == "layers" {
			change, was, now = fmt.Sprintf("%+d", s.After-s.Before), fmt.Sprint(s.Before), fmt.Sprint(s.After)
		}
		d = append(d, report.Item{Place: at, Text: fmt.Sprintf("Largest step in %s: %s, %s (%s in %s, %s in %s)", s.Measure, report.Safe(s.Tag), change, was, report.Safe(s.From), now, report.Safe(s.Tag))})
	}
	if len(p.Steps) == 0 && len(p.Releases) > 1 {
		d = append(d, report.Para{Place: at, Text: "No release changed a size that is known."})
	}
	return d
}

func (p sheet) cell(a units.Amount, before *units.Amount) report.Cell {
	n, ok := a.Int()
	c := report.Cell{Text: a.Text(p.bytes), Number: report.Number{Known: ok, Int: n, Unit: "bytes"}}
	if before == nil {
		return c
	}
	if was, known := before.Int(); ok && known && n != was {
		c.Delta, c.Trend = p.delta(n-was), map[bool]report.Trend{true: report.Worse, false: report.Better}[n > was]
	}
	return c
}

// table has a row for each release. Measures that are known of none have no column.
func (p sheet) table() report.Document {
	t := report.Table{Place: report.Place{Part: "releases"}, Title: "RELEASES", Subject: report.Safe(p.Repository),
		Columns: []report.Column{{Title: "TAG", Label: true}, {Title: "CREATED", Spare: 3}, {Title: "TRANSFER", Right: true}, {Title: "UPDATE", Right: true, Spare: 2}, {Title: "LAYERS", Right: true, Spare: 1}}}
	var shown []Measure
	for _, m := range Measures[2:] {
		for i := range p.Releases {
			if m.Value(&p.Releases[i]).Known() {
				shown = append(shown, m)
				t.Columns = append(t.Columns, report.Column{Title: strings.ToUpper(m.Name), Right: true})
				break
			}
		}
	}
	most := int64(1)
	for i := range p.Releases {
		most = max(most, p.Releases[i].Transfer.Or(0))
	}
	for i := range p.Releases {
		l := &p.Releases[i]
		before := func(m Measure) *units.Amount {
			if i == 0 {
				return nil
			}
			a := m.Value(&p.Releases[i-1])
			return &a
		}
		created := "–"
		if l.Created != nil {
			created = l.Created.UTC().Format(time.DateOnly)
		}
		tag := l.Tag
		if len(l.Also) > 0 {
			tag += " (" + strings.Join(l.Also, ", ") + ")"
		}
		cells := []report.Cell{{Text: report.Safe(tag)}, {Text: created}, p.cell(l.Transfer, before(Measures[0])), p.cell(l.Update, nil), {Text: fmt.Sprint(l.Layers), Number: report.Number{Known: true, Int: int64(l.Layers)}}}
		for _, m := range shown {
			cells = append(cells, p.cell(m.Value(l), before(m)))
		}
		t.Rows = append(t.Rows, report.Row{Cells: cells, Bar: float64(l.Transfer.Or(0)) / float64(most)})
	}
	note := "By " + p.Order + ". UPDATE: what a pull transfers where the release before is there."
	if len(shown) == 0 {
		note += " live, tar and waste are not in manifests: they are shown of releases that were weighed or pulled."
	}
	t.Note = note
	if len(t.Rows) <= firstReleases {
		return report.Document{t}
	}
	whole, brief := t, t
	whole.Weight, brief.Weight = report.Full, report.Brief
	brief.Rows = t.Rows[len(t.Rows)-firstReleases:]
	brief.Note = fmt.Sprintf("%d earlier releases: --full. %s", len(t.Rows)-firstReleases, note)
	brief.Page = fmt.Sprintf("%d earlier releases below. %s", len(t.Rows)-firstReleases, note)
	return report.Document{brief, whole}
}

// skipped says which tags are no releases.
func (p sheet) skipped() report.Document {
	if len(p.Skipped) == 0 {
		return nil
	}
	count, reasons := map[string]int{}, []string{}
	for _, s := range p.Skipped {
		if count[s.Reason] == 0 {
			reasons = append(reasons, s.Reason)
		}
		count[s.Reason]++
	}
	var parts []string
	for _, r := range reasons[:min(len(reasons), 5)] {
		parts = append(parts, fmt.Sprintf("%d %s", count[r], report.Safe(r)))
	}
	if len(reasons) > 5 {
		parts = append(parts, "…")
	}
	at := report.Place{Part: "skipped"}
	d := report.Document{report.Para{Place: report.Place{Part: "skipped", Weight: report.Brief}, Dim: true, Text: units.Plural(len(p.Skipped), "tag") + " left out (" + strings.Join(parts, "; ") + "): --show skipped",
		Page: units.Plural(len(p.Skipped), "tag") + " left out (" + strings.Join(parts, "; ") + ")"}}
	t := report.Table{Place: at, Title: "LEFT OUT", Subject: report.Safe(p.Repository), Columns: []report.Column{{Title: "TAG", Key: true}, {Title: "WHY", Label: true, Cut: report.End}}}
	t.Weight = report.Full
	for _, s := range p.Skipped {
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{{Text: report.Safe(s.Tag)}, {Text: report.Safe(s.Reason)}}})
	}
	return append(d, t)
}

// Page is the page of the report, with a curve for each measure of bytes that is known of
// two releases.
func (r *Result) Page() page.Page {
	names := make([]string, len(r.Releases))
	for i := range r.Releases {
		names[i] = r.Releases[i].Tag
	}
	var curves []chart.Curve
	marked := -1
	for _, m := range Measures {
		c := chart.Curve{Name: m.Name}
		known := 0
		for i := range r.Releases {
			v := m.Value(&r.Releases[i])
			if v.Known() {
				known++
			}
			c.Values = append(c.Values, v)
		}
		if m.Bytes && known > 1 {
			curves = append(curves, c)
		}
	}
	if s := r.Step("transfer"); s != nil {
		for i := range names {
			if names[i] == s.Tag {
				marked = i
			}
		}
	}
	p := page.Page{Title: "Growth of " + r.Repository}
	if pic := chart.Growth(names, curves, marked); pic.SVG != "" {
		p.Extra = append(p.Extra, pic)
	}
	return p
}
