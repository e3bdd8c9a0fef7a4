// Package stratareport lays out what is told of many images: their bytes at three levels, what they stand on, and what a change would free.
package stratareport

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tare/internal/report"
	"tare/internal/strata"
	"tare/internal/units"
)

// Parts are the parts of a Document.
var Parts = []string{"summary", "whatif", "bytes", "cost", "strata", "largest", "findings", "secrets", "nodes", "growth", "registries", "unreadable", "problems"}

// Rows of the first screen.
const (
	firstStrata  = 6
	firstLargest = 5
	firstOthers  = 3
)

// Document lays a fleet out: the answer first.
func Document(r *strata.Result, exact bool) report.Document {
	p := sheet{r, exact}
	d := report.Document{p.heading()}
	for _, part := range []func() report.Document{p.changes, p.bytesTable, p.costs, p.strata, p.largest, p.findings, p.secrets, p.nodes, p.growth, p.registries, p.unreadable} {
		d = append(d, part()...)
	}
	return append(d, report.Para{Place: report.Place{Weight: report.Brief}, Dim: true, Text: "More: --full, --show strata,largest,growth, --what-if delete=GLOB, --format html"})
}

// sheet is the document while it is laid out.
type sheet struct {
	*strata.Result
	exact bool
}

func in(part string) report.Place    { return report.Place{Part: part} }
func brief(part string) report.Place { return report.Place{Part: part, Weight: report.Brief} }

func (p sheet) bytes(n int64) string {
	if p.exact {
		return units.Exact(n)
	}
	return units.Bytes(n)
}

// size is a cell of bytes, amount one of bytes that may not be known, count one of a number of things, words one of text.
func (p sheet) size(n int64) report.Cell { return p.amount(units.Known(n)) }

func (p sheet) amount(a units.Amount) report.Cell {
	n, known := a.Int()
	return report.Cell{Text: a.Text(p.bytes), Number: report.Number{Known: known, Int: n, Unit: "bytes"}}
}

func count(n int) report.Cell { return number(units.Known(int64(n))) }

func number(a units.Amount) report.Cell {
	n, known := a.Int()
	return report.Cell{Text: a.Text(func(n int64) string { return units.Exact(n) }), Number: report.Number{Known: known, Int: n}}
}

func words(s string) report.Cell { return report.Cell{Text: report.Safe(s)} }

func date(t *time.Time) string {
	if t == nil {
		return "–"
	}
	return t.UTC().Format(time.DateOnly)
}

func right(title string, spare int) report.Column {
	return report.Column{Title: title, Right: true, Spare: spare}
}

// many is a number of things with groups of digits: "10,000 images".
func many(n int, word string) string { return units.Exact(int64(n)) + " " + units.Word(n, word) }

// first is a table on the first screen with its first rows, and all of it in full.
func first(t report.Table, n int, what string) report.Document {
	if len(t.Rows) <= n && t.Left == 0 {
		return report.Document{t}
	}
	whole, short := t, t
	whole.Weight, short.Weight = report.Full, report.Brief
	short.Rows = t.Rows[:min(n, len(t.Rows))]
	if left := len(t.Rows) + t.Left - len(short.Rows); left > 0 {
		short.Note = fmt.Sprintf("%s more: --show %s", units.Exact(int64(left)), what)
		short.Page = fmt.Sprintf("and %s more", units.Exact(int64(left)))
	}
	return report.Document{short, whole}
}

// heading says what all images hold.
func (p sheet) heading() report.Block {
	blob := p.Bytes.Blob
	together, separately := blob.Together.Or(0), blob.Separately.Or(0)
	text := fmt.Sprintf("%s, %s, %s: %s together", many(p.Images, "image"), many(p.Tags, "tag"), many(p.Layers, "layer"), p.bytes(together))
	if together > 0 && separately > together {
		text += fmt.Sprintf(", %s separately (%s times as much)", p.bytes(separately), strconv.FormatFloat(float64(separately)/float64(together), 'f', 1, 64))
	} else if p.Images > 1 {
		text += ", and nothing is shared"
	}
	return report.Para{Place: in("summary"), Heading: true, Text: text}
}

// bytesTable has a row for each level.
func (p sheet) bytesTable() report.Document {
	t := report.Table{Place: in("bytes"), Title: "BYTES", Columns: []report.Column{{Title: "LEVEL", Key: true}, right("THINGS", 2), right("TOGETHER", 0), right("UNIQUE", 0), right("SHARED", 0), right("SEPARATELY", 1), {Title: "WHAT COUNTS ONCE", Label: true, Cut: report.End}}}
	row := func(name string, l strata.Level, what string) {
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{words(name), number(l.Things), p.amount(l.Together), p.amount(l.Unique), p.amount(l.Shared), p.amount(l.Separately), words(what)}})
	}
	row("blob", p.Bytes.Blob, "blobs, as registries store and nodes pull them")
	row("diffid", p.Bytes.DiffID, "layers, as nodes unpack them")
	row("content", p.Bytes.Content, "contents of files")
	t.Note = "unique: one image alone has it. unique + shared = together."
	if s := p.Scanned; s.Layers == 0 && s.Of > 0 {
		t.Note = "diffid and content need the layers, and only manifests were read: tare fleet scan"
	} else if s.Layers < s.Of {
		t.Note = fmt.Sprintf("diffid and content are not known: %s of %s are scanned", units.Exact(int64(s.Layers)), many(s.Of, "layer"))
	}
	return report.Document{t}
}

// costs say what the bytes cost.
func (p sheet) costs() (d report.Document) {
	c := p.Costs
	if c == nil {
		return nil
	}
	say := func(n *float64, format string, a ...any) {
		if n != nil {
			d = append(d, report.Item{Place: in("cost"), Text: fmt.Sprintf(format, a...) + ": " + c.Text(*n)})
		}
	}
	stored, held := int64(0), int64(0)
	for _, h := range p.Registries {
		stored += h.Bytes
	}
	for _, n := range p.Nodes {
		held += n.Holds
	}
	say(c.Storage, "Storage of %s in %s, each month", p.bytes(stored), units.Plural(len(p.Registries), "registry"))
	say(c.Pull, "A pull of all images onto one host (%s)", p.bytes(p.Bytes.Blob.Together.Or(0)))
	say(c.Nodes, "A pull of what %s hold (%s)", units.Plural(len(p.Nodes), "node"), p.bytes(held))
	return d
}

// strata are the bases, those with the most images first.
func (p sheet) strata() report.Document {
	t := report.Table{Place: in("strata"), Title: "STRATA", Columns: []report.Column{right("IMAGES", 0), right("DIGESTS", 1), right("LAYERS", 3), right("BYTES", 0), right("SAVES", 2), {Title: "CREATED", Spare: 4}, {Title: "WHAT THEY STAND ON", Label: true}}}
	whole := t
	unnamed, until := false, false
	most := 1
	for i := range p.Strata {
		most = max(most, p.Strata[i].Images)
	}
	for i := range p.Strata {
		s := &p.Strata[i]
		b := &s.Digests[0]
		saves := units.Known(0)
		for k := range s.Digests {
			saves = saves.Plus(s.Digests[k].Saves)
			until = until || s.From == strata.FromAnnotation && s.Digests[k].LayersFrom == strata.FromPrefix
		}
		unnamed = unnamed || s.From == strata.FromPrefix
		row := report.Row{Bar: float64(s.Images) / float64(most), Cells: []report.Cell{count(s.Images), count(len(s.Digests)), number(b.Layers), p.amount(b.Bytes), p.amount(saves), words(date(b.Created)), words(called(s, b))}}
		t.Rows = append(t.Rows, row)
		row.Head = len(s.Digests) > 1
		whole.Rows = append(whole.Rows, row)
		if len(s.Digests) == 1 {
			continue
		}
		for k := range s.Digests {
			b := &s.Digests[k]
			whole.Rows = append(whole.Rows, report.Row{Level: 1, Cells: []report.Cell{count(b.Images), {}, number(b.Layers), p.amount(b.Bytes), p.amount(b.Saves), words(date(b.Created)), words(version(b))}})
		}
	}
	if len(t.Rows) == 0 {
		if p.Images < 2 {
			return nil
		}
		return report.Document{report.Para{Place: in("strata"), Dim: true, Text: "No image stands on another, and no two begin with the same layers."}}
	}
	var notes []string
	if unnamed {
		notes = append(notes, "Unnamed: the longest sequence of layers that at least two images begin with; nothing says what it is.")
	}
	if until {
		notes = append(notes, "Where the base itself is not in the fleet, LAYERS are those that all images begin with that name it: it has no more.")
	}
	whole.Note = strings.Join(notes, "\n")
	if len(t.Rows) <= firstStrata && len(whole.Rows) == len(t.Rows) {
		return report.Document{whole}
	}
	d := first(t, firstStrata, "strata")
	if len(d) == 1 {
		t.Weight, t.Note, t.Page = report.Brief, "Digests: --show strata", "Digests below"
		d = report.Document{t}
	} else {
		d = d[:1]
	}
	whole.Weight = report.Full
	return append(d, whole)
}

// called is what a stratum is called.
func called(s *strata.Stratum, b *strata.Base) string {
	switch {
	case s.Name != "":
		return s.Name
	case b.Digest != "":
		return b.Digest
	}
	return fmt.Sprintf("unnamed: the first %s of %s", units.Plural(b.Layers.Or(0), "layer"), b.Example)
}

// version is what a version of a base is called.
func version(b *strata.Base) string {
	if b.Digest != "" {
		return b.Digest
	}
	return "as in " + b.Example
}

// largest are the images with the most unique bytes.
func (p sheet) largest() report.Document {
	t := report.Table{Place: in("largest"), Title: "MOST UNIQUE BYTES", Left: max(0, p.Images-len(p.Largest)), Columns: []report.Column{right("UNIQUE", 0), right("TRANSFER", 1), right("UNIQUE FILES", 3), right("WASTE", 2), {Title: "IMAGE", Label: true}}}
	most := int64(1)
	for i := range p.Largest[:min(1, len(p.Largest))] {
		most = max(most, p.Largest[i].Unique)
	}
	scanned := p.Scanned.Layers > 0
	for i := range p.Largest {
		l := &p.Largest[i]
		row := report.Row{Bar: float64(l.Unique) / float64(most), Cells: []report.Cell{p.size(l.Unique), p.size(l.Transfer), {}, {}, words(l.Name)}}
		if scanned {
			row.Cells[2], row.Cells[3] = p.amount(l.UniqueContent), p.amount(l.Waste)
		}
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return first(t, firstLargest, "largest --top 0")
}
