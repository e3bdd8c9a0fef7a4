package report

import (
	"fmt"
	"math"
	"strings"

	"tare/internal/packages"
	"tare/internal/units"
	"tare/internal/weigh"
)

// WeighParts are the parts of a Weighed.
var WeighParts = []string{"summary", "layers", "content", "findings", "owners", "packages", "classes", "waste", "duplicates", "files", "warnings"}

// Weighed lays out what `tare weigh` tells of an image: what it weighs and could save,
// where the bytes come from, what they are, and what to do first. Everything else is
// there in full. top bounds the lists; 0 means all.
func Weighed(r *weigh.Result, top int, exact bool) Document {
	z := sizes{exact}
	if top == 0 {
		top = math.MaxInt
	}
	d := append(summary(r, z), layerDigest(r, z), contents(r, z))
	d = append(d, findingBlocks(r.Name, r.Findings, r.Savings, z)...)
	full := append(allSizes(r, z), layerTable(r, z), owners(r, z), packageGrid(r, top, z), classGrid(r, z))
	if len(r.Wasted) > 0 {
		full = append(full, wasteGrid(r, top, z))
	}
	if len(r.Duplicates) > 0 {
		full = append(full, duplicateGrid(r, top, z))
	}
	title := "LARGEST FILES"
	if r.Sorted != "" {
		title = "FILES BY " + strings.ToUpper(r.Sorted)
	}
	full = append(full, FileGrid(title, r.Largest, exact))
	for _, b := range full {
		d = append(d, b.put(Place{b.At().Part, Full}))
	}
	var said Document
	for _, p := range r.Problems {
		said = append(said, Item{Severity: Error, Text: Safe(p)})
	}
	for _, w := range r.Warnings {
		said = append(said, Item{Severity: Warning, Text: Safe(w)})
	}
	d = append(d, in("warnings", Always, said...)...)
	return append(d, more([]string{"packages", "waste", "files", "findings"}))
}

// summary is the image in one line, and what could be saved.
func summary(r *weigh.Result, z sizes) Document {
	n, size := r.Sizes, z.text
	on := r.Base
	for _, p := range r.Packages {
		if p.Type == packages.Runtime && p.PartOf == "" {
			on += " + " + p.Name + " " + p.Version
		}
	}
	pull := "transfer not known (" + size(n.Stored) + " stored; see --compress)"
	if n.Transfer.Known() {
		pull = n.Transfer.Text(size) + " to pull"
	}
	head := fmt.Sprintf("%s · %s · %s: %s, %s live, %s waste", Safe(r.Name), Safe(r.Platform), Safe(on), pull, size(n.Live), size(n.Waste))
	d := Document{Para{Text: head, Heading: true}}
	if u := r.Unread; u != nil {
		return in("summary", Always, append(d, Para{Text: fmt.Sprintf("From tables of contents (%s): %s of %s of layers were read. Not told: tar, overhead, findings, what programs are made of, packages in them. To read the layers: --read-layers.",
			strings.Join(u.Formats, ", "), size(u.Read), size(u.Of))})...)
	}
	return in("summary", Always, append(d, saveLine(r.Findings, r.Savings, n.Tar, n.Transfer, z)...)...)
}

// allSizes are the sizes of an image under all their names.
func allSizes(r *weigh.Result, z sizes) Document {
	n, size := r.Sizes, z.text
	both := "with the containerd image store the compressed blobs, which are not known, and all layers unpacked in blocks of 4 KiB with their directories, " + size(n.Disk) + "."
	if with, ok := n.DockerContainerd.Int(); ok {
		both = fmt.Sprintf("about %s with the containerd image store (the compressed blobs, %s, and all layers unpacked in blocks of 4 KiB with their directories, %s).", size(with), size(with-n.Disk), size(n.Disk))
	}
	return in("summary", Full,
		Para{Text: "manifest " + units.ShortID(r.Manifest.String())},
		Para{Text: fmt.Sprintf("transfer %s · tar %s · files %s · overhead %s · live %s · waste %s · duplicate %s · disk %s",
			n.Transfer.Text(size), r.OfLayers(n.Tar).Text(size), size(n.Files), r.OfLayers(n.Overhead).Text(size), size(n.Live), size(n.Waste), size(n.Duplicate), size(n.Disk))},
		Para{Dim: true, Text: fmt.Sprintf("docker images prints %s with a graph driver (the files of each layer) and %s", size(n.Docker), both)})
}

// layerTable has all layers and all their measures.
func layerTable(r *weigh.Result, z sizes) Table {
	t := instructions(r, Table{Place: Place{"layers", Full}, Title: "LAYERS", Subject: Safe(r.Name), Columns: []Column{number("LAYER").key(), number("TRANSFER"), number("TAR"), number("FILES").spare(2), number("LIVE"), number("WASTE").spare(1)}})
	for _, l := range r.Layers {
		t.instruction(r, l.Line, l.Instruction, count(l.Index), z.amount(l.Transfer), z.amount(r.OfLayers(l.Tar)), z.of(l.Files), z.of(l.Live), z.of(l.Waste)).Bar = part(l.Files, r.Sizes.Files)
	}
	return t
}

// instructions are a table's last columns: the Dockerfile's lines, where they are known.
func instructions(r *weigh.Result, t Table) Table {
	if r.Dockerfile != "" {
		t.Columns = append(t.Columns, number("LINE").spare(1))
	}
	t.Columns = append(t.Columns, text("INSTRUCTION").cut(End))
	return t
}

// instruction adds a row; line is 0 if it is not known.
func (t *Table) instruction(r *weigh.Result, line int, text string, cells ...Cell) *Row {
	if r.Dockerfile != "" {
		cells = append(cells, map[bool]Cell{true: count(line)}[line > 0])
	}
	return t.add(append(cells, words(oneLine(text)))...)
}

// firstLayers and firstKinds are how much of an image the first screen has.
const (
	firstLayers = 10
	firstKinds  = 7
)

// layerDigest has the layers that matter, in their order; those of the base image are one
// row, and the smaller ones another.
func layerDigest(r *weigh.Result, z sizes) Table {
	t := instructions(r, Table{Place: Place{"layers", Brief}, Title: "WHERE IT COMES FROM", Subject: Safe(r.Name), Columns: []Column{number("LAYER").key(), number("LIVE"), number("TRANSFER"), number("WASTE")}})
	for _, s := range r.Origins(firstLayers) {
		layer := words("")
		switch {
		case s.First < s.Last:
			layer = words(fmt.Sprintf("%d-%d", s.First, s.Last))
		case s.First > 0:
			layer = count(s.First)
		}
		t.instruction(r, s.Line, s.Name, layer, z.unless0(s.Live), z.amount(s.Transfer), z.unless0(s.Waste)).Bar = part(s.Live, r.Sizes.Live)
	}
	return t
}

// contents says in a line what the live files are.
func contents(r *weigh.Result, z sizes) Para {
	var list []string
	for _, s := range r.Contents(firstKinds) {
		list = append(list, Safe(s.Name)+" "+z.text(s.Live))
	}
	if len(list) == 0 {
		list = []string{"no files"}
	}
	return Para{Place: Place{"content", Brief}, Text: "WHAT IT IS: " + strings.Join(list, " · ")}
}

// duplicateGrid has a row for each copy, so that no row is joined from two paths.
func duplicateGrid(r *weigh.Result, top int, z sizes) Block {
	t := Table{Place: Place{Part: "duplicates"}, Title: "DUPLICATE " + z.text(r.Sizes.Duplicate), Subject: Safe(r.Name), Columns: []Column{number("EXTRA"), number("COPIES"), number("SIZE"), text("PATH").cut(Path)}}
	for i, c := range r.Duplicates {
		if i == top {
			break
		}
		copies := int64(0)
		if c.Size > 0 {
			copies = c.Extra/c.Size + 1
		}
		for n, p := range c.Paths {
			if n == 0 {
				t.add(z.of(c.Extra), count(copies), z.of(c.Size), words(Safe(p)))
			} else {
				t.add(words(""), words(""), words(""), words(Safe(p)))
			}
		}
	}
	return t
}

// oneLine makes a stranger's text fit into a cell.
func oneLine(s string) string { return Safe(strings.Join(strings.Fields(s), " ")) }

func owners(r *weigh.Result, z sizes) Block {
	t := Table{Place: Place{Part: "owners"}, Title: "BY PACKAGE MANAGER", Subject: Safe(r.Name), Columns: []Column{number("LIVE"), number("%"), number("TRANSFER"), number("FILES"), text("OWNER")}}
	for _, o := range r.Owners {
		t.add(z.of(o.Live), ratio(o.Live, r.Sizes.Live), z.amount(o.Transfer), count(o.Count), words(o.Title())).Bar = part(o.Live, r.Sizes.Live)
	}
	if r.Unattributed == 0 {
		t.add(z.of(0), ratio(0, r.Sizes.Live), z.of(0), count(0), words("unattributed"))
	}
	return t
}

func packageGrid(r *weigh.Result, top int, z sizes) Block {
	t := Table{Place: Place{Part: "packages"}, Title: fmt.Sprintf("PACKAGES: %d", len(r.Packages)), Subject: Safe(r.Name), Columns: []Column{number("LIVE"), number("TRANSFER"), number("FILES"), text("KIND"), text("PACKAGE")}}
	var rest int64
	n := 0
	for _, p := range r.Packages {
		if n >= top {
			rest += p.Live
			continue
		}
		n++
		name := Safe(p.Name + " " + p.Version)
		switch {
		case p.PartOf != "":
			name += ": part of " + Safe(p.PartOf)
		case p.Explicit != nil && *p.Explicit && len(p.NeededBy) == 0:
			name += " (manual)"
		}
		t.add(z.of(p.Live), z.amount(p.Transfer), count(p.Count), words(string(p.Type)), words(name)).Bar = part(p.Live, r.Sizes.Live)
	}
	if more := len(r.Packages) - n; more > 0 {
		t.Page = fmt.Sprintf("and %d more with %s", more, z.text(rest))
		t.Note = fmt.Sprintf("%s (--top %d)", t.Page, len(r.Packages))
	}
	return t
}

func classGrid(r *weigh.Result, z sizes) Block {
	t := Table{Place: Place{Part: "classes"}, Title: "BY FILE TYPE", Subject: Safe(r.Name), Columns: []Column{number("LIVE"), number("%"), number("UNOWNED"), number("WASTE"), number("FILES"), text("CLASS")}}
	for _, c := range r.Classes {
		t.add(z.of(c.Live), ratio(c.Live, r.Sizes.Live), z.of(c.Unowned), z.of(c.Waste), count(c.Count), words(string(c.Class))).Bar = part(c.Live, r.Sizes.Live)
	}
	return t
}

func wasteGrid(r *weigh.Result, top int, z sizes) Block {
	t := Table{Place: Place{Part: "waste"}, Title: "WASTE " + z.text(r.Sizes.Waste), Subject: Safe(r.Name),
		Columns: []Column{number("FILES"), number("SAVES"), text("CLASS").key(), text("LAYERS").key(), text("HIDDEN BY").spare(1).cut(End), text("LARGEST FILE").cut(Path)},
		Note:    "SAVES is the part of transfer that these bytes take up, apportioned. LAYERS: the one that wrote them → the one that hid them."}
	for i, w := range r.Wasted {
		if i == top {
			break
		}
		largest := ""
		if len(w.Largest) > 0 {
			largest = "/" + Safe(w.Largest[0].Path)
			if w.Count > 1 {
				largest += fmt.Sprintf(" and %d more", w.Count-1)
			}
		}
		t.add(z.of(w.Files), z.amount(w.Transfer), words(w.Class), words(fmt.Sprintf("%d→%d", w.Writer, w.Destroyer)), words(oneLine(w.HiddenBy)), words(largest))
	}
	return t
}

// FileGrid lists files.
func FileGrid(title string, files []weigh.File, exact bool) Block {
	z := sizes{exact}
	t := Table{Place: Place{Part: "files"}, Title: title, Columns: []Column{number("SIZE"), number("TRANSFER"), number("LAYER"), text("OWNER").spare(1), text("PATH").cut(Path)}}
	for _, f := range files {
		owner := f.Owner
		if owner == "" {
			owner = "– " + string(f.Class)
		}
		t.add(z.of(f.Size), z.amount(f.Transfer), count(f.Layer), words(Safe(owner)), words("/"+Safe(f.Path)))
	}
	return t
}
