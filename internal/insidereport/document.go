// Package insidereport lays out what is inside files, for people.
package insidereport

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"tare/internal/inside"
	"tare/internal/parts"
	"tare/internal/report"
	"tare/internal/units"
)

// Parts are the parts of a Document; those that other reports have, too, have their names.
var Parts = []string{"inside", "gpu", "modules"}

// Options say how it is laid out.
type Options struct {
	Exact bool // print exact bytes
	Top   int  // rows of each list; 0 for all
}

// Names of parts.
const (
	partSummary    = "summary"
	partFiles      = "files"
	partInside     = "inside"
	partGPU        = "gpu"
	partModules    = "modules"
	partDuplicates = "duplicates"
)

// Documents lays out what is inside files of several images.
func Documents(list []*inside.Result, o Options) (d report.Document) {
	for _, r := range list {
		d = append(d, Document(r, o)...)
	}
	return d
}

// Document lays out what is inside files of an image: of one file its parts, of several what
// each has of every kind.
func Document(r *inside.Result, o Options) report.Document {
	if o.Top == 0 {
		o.Top = math.MaxInt
	}
	p := page{r, o}
	if len(r.Files) == 0 {
		return report.Document{p.heading(fmt.Sprintf("%s: %s", report.Safe(r.Name), units.Plural(int(r.Other.Count), "file")+", of no format that has an inside"))}
	}
	var d report.Document
	if len(r.Files) == 1 {
		d = p.single(&r.Files[0])
	} else {
		d = p.several()
	}
	if r.Other.Count > 0 {
		d = append(d, p.say(fmt.Sprintf("%s (%s) more of no format that has an inside.", units.Plural(int(r.Other.Count), "file"), p.size(r.Other.Files))))
	}
	return append(d, p.duplicates()...)
}

// page is one image.
type page struct {
	r *inside.Result
	Options
}

func (p *page) size(n int64) string {
	if p.Exact {
		return units.Exact(n)
	}
	return units.Bytes(n)
}

func (p *page) bytes(n int64) report.Cell {
	c := report.Cell{Text: p.size(n), Number: report.Number{Known: true, Int: n, Unit: "bytes"}}
	if n == 0 {
		c.Text = "–"
	}
	return c
}

func words(s string) report.Cell { return report.Cell{Text: report.Safe(s)} }

func number(title string) report.Column { return report.Column{Title: title, Right: true} }

func share(n, whole int64) report.Cell {
	if whole == 0 {
		return words("–")
	}
	v := 100 * float64(n) / float64(whole)
	return report.Cell{Text: fmt.Sprintf("%.1f%%", v), Number: report.Number{Known: true, Real: v, Unit: "percent"}}
}

func (p *page) heading(text string) report.Para {
	return report.Para{Place: report.Place{Part: partSummary}, Heading: true, Text: text}
}

func (p *page) say(text string) report.Para {
	return report.Para{Place: report.Place{Part: partSummary}, Text: text}
}

// first is a table, cut to the rows that were asked for.
func (p *page) first(t report.Table) report.Table {
	t.Subject = report.Safe(p.r.Name)
	if more := len(t.Rows) - p.Top; more > 0 {
		t.Rows = t.Rows[:p.Top]
		t.Note = fmt.Sprintf("and %d more (--top 0 lists all)", more)
	}
	return t
}

// kindNames are the kinds of parts in words.
var kindNames = map[parts.Kind]string{parts.Debug: "debug information", parts.Symbols: "symbol tables", parts.GPU: "GPU code", parts.Member: "members", parts.Headers: "headers"}

func kindName(k parts.Kind) string { return cmp.Or(kindNames[k], string(k)) }

// sums says what a number of bytes is made of, the most first.
func (p *page) sums(kinds map[string]int64, whole int64) string {
	var list []parts.Kind
	for _, k := range parts.Kinds {
		if kinds[string(k)] > 0 {
			list = append(list, k)
		}
	}
	slices.SortStableFunc(list, func(a, b parts.Kind) int { return cmp.Compare(kinds[string(b)], kinds[string(a)]) })
	var out []string
	for n, k := range list {
		text := kindName(k) + " " + p.size(kinds[string(k)])
		if n == 0 && whole > 0 {
			text = fmt.Sprintf("%s (%.1f %%)", text, 100*float64(kinds[string(k)])/float64(whole))
		}
		out = append(out, text)
	}
	return strings.Join(out, " · ")
}

// single lays out one file.
func (p *page) single(f *inside.File) report.Document {
	d := report.Document{p.heading(fmt.Sprintf("/%s: %s, %s", report.Safe(f.Path), p.size(f.Size), describe(f))), p.say(p.sums(p.r.Kinds, f.Size))}
	if n := removable(f); n > 0 {
		d = append(d, p.say(fmt.Sprintf("Not stripped: %s of symbol tables and debug information that it runs without.", p.size(n))))
	}
	if f.Apportioned {
		d = append(d, p.say("Compressed as a whole: the bytes of a member are its part of the compressed file."))
	}
	d = append(d, p.gpu(f)...)
	d = append(d, p.modules(f)...)
	return append(d, p.parts(f))
}

// removable is what stripping a file removes, in bytes.
func removable(f *inside.File) int64 {
	if f.Stripped == nil || *f.Stripped || f.Type == "object" {
		return 0
	}
	return parts.Of(f.Parts, parts.Debug) + parts.Of(f.Parts, parts.Symbols)
}

// describe says in a few words what a file is.
func describe(f *inside.File) string {
	out := map[string]string{"elf": "ELF", "jar": "jar archive", "war": "war archive", "wheel": "Python wheel", "zip": "zip archive", "ar": "ar archive", "jmod": "Java module", "jimage": "modules of a Java runtime", "tar": "tar archive", "tar.gz": "compressed tar archive", "gzip": "compressed file", "unknown": "no known format"}[f.Kind]
	if f.Kind != "elf" {
		return out
	}
	if f.Type != "ELF file" {
		out += " " + f.Type
	}
	out += " for " + f.Machine
	if f.Go != nil {
		out += ", " + report.Safe(f.Go.Version)
	}
	if *f.Stripped {
		return out + ", stripped"
	}
	return out + ", not stripped"
}

// parts has a row for each part.
func (p *page) parts(f *inside.File) report.Table {
	list := slices.Clone(f.Parts)
	slices.SortStableFunc(list, func(a, b parts.Part) int { return cmp.Compare(b.Bytes, a.Bytes) })
	members := f.Kind != "elf" && f.Kind != "unknown"
	t := report.Table{Place: report.Place{Part: partInside}, Title: "INSIDE", Columns: []report.Column{number("BYTES"), number("SHARE"), {Title: "KIND"}}}
	if members {
		t.Columns = append(t.Columns, number("UNPACKED"))
	}
	t.Columns = append(t.Columns, report.Column{Title: "NAME", Cut: report.Path})
	for _, q := range list {
		kind := q.What
		if kind == "" || q.Kind == parts.GPU || q.Kind == parts.Unknown {
			kind = kindName(q.Kind)
		}
		cells := []report.Cell{p.bytes(q.Bytes), share(q.Bytes, f.Size), words(kind)}
		if members {
			cells = append(cells, p.bytes(q.Size))
		}
		t.Rows = append(t.Rows, report.Row{Cells: append(cells, words(q.Name)), Bar: bar(q.Bytes, f.Size)})
	}
	return p.first(t)
}

func bar(n, whole int64) float64 {
	if whole <= 0 {
		return 0
	}
	return float64(n) / float64(whole)
}

// several has a row for each file.
func (p *page) several() report.Document {
	r := p.r
	head := fmt.Sprintf("%s: %s, %s", report.Safe(r.Name), units.Plural(len(r.Files), "file"), p.size(r.Bytes))
	d := report.Document{p.heading(head), p.say(p.sums(r.Kinds, r.Bytes))}
	var n int64
	count := 0
	for i := range r.Files {
		if m := removable(&r.Files[i]); m > 0 {
			n += m
			count++
		}
	}
	if n > 0 {
		verb := "are"
		if count == 1 {
			verb = "is"
		}
		d = append(d, p.say(fmt.Sprintf("%s %s not stripped: %s of symbol tables and debug information that they run without.", units.Plural(count, "file"), verb, p.size(n))))
	}
	return append(d, p.files())
}

// files has a row for each file, with a column for each kind of part that there is.
func (p *page) files() report.Table {
	t := report.Table{Place: report.Place{Part: partFiles}, Title: "FILES", Columns: []report.Column{number("BYTES")}}
	var kinds []parts.Kind
	for _, k := range parts.Kinds {
		if p.r.Kinds[string(k)] > 0 {
			kinds = append(kinds, k)
			c := number(strings.ToUpper(string(k)))
			switch k {
			case parts.Padding:
				c.Spare = 4
			case parts.Headers:
				c.Spare = 3
			case parts.Data:
				c.Spare = 2
			}
			t.Columns = append(t.Columns, c)
		}
	}
	t.Columns = append(t.Columns, report.Column{Title: "KIND"}, report.Column{Title: "PATH", Cut: report.Path})
	for i := range p.r.Files {
		f := &p.r.Files[i]
		cells := []report.Cell{p.bytes(f.Size)}
		for _, k := range kinds {
			cells = append(cells, p.bytes(parts.Of(f.Parts, k)))
		}
		t.Rows = append(t.Rows, report.Row{Cells: append(cells, words(f.Kind), words("/"+f.Path)), Bar: bar(f.Size, p.r.Files[0].Size)})
	}
	return p.first(t)
}

// duplicates are members that stand more than once.
func (p *page) duplicates() report.Document {
	if len(p.r.Duplicates) == 0 {
		return nil
	}
	t := report.Table{Place: report.Place{Part: partDuplicates}, Title: "THE SAME MEMBERS MORE THAN ONCE (by checksum and size)", Columns: []report.Column{number("EXTRA"), number("UNPACKED"), number("COPIES"), {Title: "MEMBER", Cut: report.Path}}}
	for _, q := range p.r.Duplicates {
		copies := report.Cell{Text: fmt.Sprint(len(q.In)), Number: report.Number{Known: true, Int: int64(len(q.In))}}
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{p.bytes(q.Extra), p.bytes(q.Size), copies, words(q.In[0])}})
	}
	return report.Document{p.first(t)}
}
