package report

import (
	"cmp"
	"slices"
	"strings"

	"tare/internal/compare"
	"tare/internal/explain"
	"tare/internal/units"
)

// DiffOptions choose how a Diff is shown.
type DiffOptions struct {
	Exact bool
	Top   int // rows of each list on the first screen; 0 for all
	// Brief says that only the first screen will be shown: of ten thousand files the
	// rows of the others are not made then.
	Brief bool
}

// DiffParts are the parts of a Diff.
var DiffParts = []string{"summary", "packages", "files", "settings", "steps", "layers"}

// Diff lays out what differs between two images: counts by kind, and the largest of each.
func Diff(d *compare.Diff, o DiffOptions) Document {
	z := sizes{o.Exact}
	doc := Document{Para{Heading: true, Text: Safe(d.From) + " → " + Safe(d.To)}}
	if d.Same {
		doc = append(doc, Para{Text: Safe(explain.NoDifference(d))})
		return in("summary", Always, doc...)
	}
	doc = in("summary", Always, append(doc, diffCounts(d, z))...)
	tables, steps := []Table{diffPackages(d), diffFiles(d, z, o.Brief && o.Top > 0), diffSettings(d)}, diffSteps(d)
	others := len(tables[0].Rows) + len(tables[1].Rows) + len(tables[2].Rows)
	if crowded := others+len(steps.Rows) > briefRows && o.Top > 0; !crowded {
		tables = append(tables, steps)
	}
	rows := diffRows(tables, o.Top)
	for n, t := range tables {
		if len(t.Rows) > 0 {
			doc = append(doc, t.first(rows[n])...)
		}
	}
	if len(tables) == 3 && len(steps.Rows) > 0 { // their number says enough
		steps.Weight = Full
		doc = append(doc, steps)
	}
	layers := layerMatches(d, z)
	layers.Weight = Full
	return append(doc, layers, more(DiffParts[1:]))
}

// diffRows is how many rows of each table fit on the first screen: at most top, and
// fewer where several tables share it.
func diffRows(tables []Table, top int) []int {
	out := make([]int, len(tables))
	left := screenLines - 2 - 6 - 2 // heading, counts, the line at the end
	for n := range tables {
		if len(tables[n].Rows) > 0 {
			left -= 5 // title, heads, notes, an empty line
		}
	}
	for grown := true; grown; {
		grown = false
		for n := range tables {
			if out[n] < len(tables[n].Rows) && (top == 0 || out[n] < top && left > 0) {
				out[n]++
				left--
				grown = true
			}
		}
	}
	for n := range out {
		out[n] = max(1, out[n])
	}
	return out
}

// diffCounts says how much of each kind differs.
func diffCounts(d *compare.Diff, z sizes) Table {
	c := d.Count
	t := Table{Columns: []Column{text("WHAT").label(), number("ADDED"), number("REMOVED"), number("CHANGED"), number("METADATA ONLY")}}
	with := func(n int, sign string, bytes int64) Cell {
		cell := count(n)
		if bytes != 0 {
			cell.Delta = sign + z.text(bytes)
		}
		return cell
	}
	t.add(words("packages"), count(c.PackagesAdded), count(c.PackagesRemoved), count(c.PackagesChanged), none())
	t.add(words("files"), with(c.Added, "+", c.AddedBytes), with(c.Removed, units.Minus, c.RemovedBytes), count(c.Content), count(c.Metadata))
	added, removed, changed := 0, 0, 0
	for _, s := range d.Config {
		switch {
		case s.From == "":
			added++
		case s.To == "":
			removed++
		default:
			changed++
		}
	}
	t.add(words("settings"), count(added), count(removed), count(changed), none())
	added, removed = 0, 0
	for _, h := range d.History {
		if h.Change == "added" {
			added++
		} else {
			removed++
		}
	}
	t.add(words("steps"), count(added), count(removed), none(), none())
	return t
}

func diffPackages(d *compare.Diff) Table {
	t := Table{Place: Place{Part: "packages"}, Title: "PACKAGES", Columns: []Column{text("").as("change"), text("KIND").key(), text("PACKAGE").key(), text("VERSION")}}
	for _, p := range d.Packages {
		v := p.From + p.To
		if p.Change == "changed" {
			v = p.From + " → " + p.To
		}
		t.add(words(changeMark[p.Change]), words(string(p.Type)), words(Safe(p.Name)), words(Safe(v)))
	}
	return t
}

func diffSettings(d *compare.Diff) Table {
	t := Table{Place: Place{Part: "settings"}, Title: "SETTINGS", Columns: []Column{text("").as("change"), text("NAME").key(), text("VALUE").cut(End)}}
	for _, s := range d.Config {
		name := words(Safe(s.Name))
		if s.From != "" {
			t.add(words("−"), name, words(Safe(s.From)))
		}
		if s.To != "" {
			t.add(words("+"), name, words(Safe(s.To)))
		}
	}
	return t
}

func diffSteps(d *compare.Diff) Table {
	t := Table{Place: Place{Part: "steps"}, Title: "STEPS", Columns: []Column{text("").as("change"), number("LAYER"), text("INSTRUCTION").cut(End)}}
	for _, h := range d.History {
		layer := none()
		if h.Layer > 0 {
			layer = count(h.Layer)
		}
		t.add(words(changeMark[h.Change]), layer, words(oneLine(h.Step)))
	}
	return t
}

// diffFiles are the files, the largest difference of bytes first.
func diffFiles(d *compare.Diff, z sizes, brief bool) Table {
	t := Table{Place: Place{Part: "files"}, Title: "FILES", Columns: []Column{text("").as("change"), number("BYTES").as("difference"), number("FROM").spare(1), number("TO").spare(2), text("WHAT").spare(3), text("PATH").cut(Path)}}
	files := slices.Clone(d.Files)
	by := func(f *compare.EntryChange) int64 { return max(f.To-f.From, f.From-f.To) }
	slices.SortStableFunc(files, func(a, b compare.EntryChange) int {
		return cmp.Or(cmp.Compare(by(&b), by(&a)), cmp.Compare(max(b.From, b.To), max(a.From, a.To)), cmp.Compare(a.Path, b.Path))
	})
	if brief && len(files) > screenLines {
		t.Left = len(files) - screenLines
		files = files[:screenLines]
	}
	for i := range files {
		f := &files[i]
		from, to := z.of(f.From), z.of(f.To)
		switch f.Change {
		case "added":
			from = none()
		case "removed":
			to = none()
		}
		t.add(words(changeMark[f.Change]), z.change(f.To-f.From), from, to, words(Safe(strings.Join(f.What, ", "))), words("/"+Safe(f.Path)))
	}
	if len(files) > 0 {
		t.Note = "+ added · − removed · ~ other content · m other metadata only"
	}
	return t
}

func layerMatches(d *compare.Diff, z sizes) Table {
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
