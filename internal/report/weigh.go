package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tare/internal/packages"
	"tare/internal/units"
	"tare/internal/weigh"
)

// WeighParts are the parts of a Weighed.
var WeighParts = []string{"summary", "layers", "content", "findings", "owners", "packages", "classes", "waste", "duplicates", "files", "warnings"}

// Weighed lays out what `tare weigh` tells of an image: what it weighs and could save,
// where the bytes come from, what they are, and what to do first. Everything else is
// there in full. top bounds the lists.
func Weighed(r *weigh.Result, top int, exact bool) Document {
	z := sizes{exact}
	d := append(summary(r, z), layerTable(r, z), layerDigest(r, z), contents(r, z))
	d = append(d, findingBlocks(r.Name, r.Findings, z)...)
	full := Document{owners(r, z), packageGrid(r, top, z), classGrid(r, z)}
	if len(r.Wasted) > 0 {
		full = append(full, wasteGrid(r, top, z))
	}
	if len(r.Duplicates) > 0 {
		full = append(full, duplicateGrid(r, top, z))
	}
	full = append(full, FileGrid("LARGEST FILES", r.Largest, exact))
	for _, b := range full {
		d = append(d, b.put(Place{b.at().Part, Full}))
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

// summary is the image in one line, what could be saved, and all its sizes.
func summary(r *weigh.Result, z sizes) Document {
	n, size := r.Sizes, z.text
	head := fmt.Sprintf("%s  %s  %s: %s to pull, %s live, %s waste", Safe(r.Name), Safe(r.Platform), Safe(r.Base), size(n.Transfer), size(n.Live), size(n.Waste))
	d := in("summary", Always, append(Document{Para{Text: head, Heading: true}}, saveLine(r.Findings, r.Savings, n.Tar, z)...)...)
	return append(d, in("summary", Full,
		Para{Text: "manifest " + units.ShortID(r.Manifest.String())},
		Para{Text: fmt.Sprintf("transfer %s · tar %s · files %s · overhead %s · live %s · waste %s · duplicate %s · disk %s",
			size(n.Transfer), size(n.Tar), size(n.Files), size(n.Overhead), size(n.Live), size(n.Waste), size(n.Duplicate), size(n.Disk))},
		Para{Dim: true, Text: fmt.Sprintf("docker images prints %s with a graph driver (the files of each layer) and about %s with the containerd image store (the compressed blobs, %s, and all layers unpacked in blocks of 4 KiB with their directories, %s).",
			size(n.Docker), size(n.DockerContainerd), size(n.DockerContainerd-n.Disk), size(n.Disk))})...)
}

// layerTable has all layers and all their measures.
func layerTable(r *weigh.Result, z sizes) Table {
	t := Table{Place: Place{"layers", Full}, Title: "LAYERS", Subject: Safe(r.Name), Columns: []Column{number("LAYER").key(), number("TRANSFER"), number("TAR"), number("FILES").spare(2), number("LIVE"), number("WASTE").spare(1), text("INSTRUCTION").cut(End)}}
	for _, l := range r.Layers {
		t.add(count(l.Index), z.of(l.Transfer), z.of(l.Tar), z.of(l.Files), z.of(l.Live), z.of(l.Waste), words(oneLine(l.Instruction))).Bar = part(l.Files, r.Sizes.Files)
	}
	return t
}

// firstLayers is how many layers the first screen has.
const firstLayers = 9

// layerDigest has the layers that matter, in their order; the others are one row.
func layerDigest(r *weigh.Result, z sizes) Table {
	t := Table{Place: Place{"layers", Brief}, Title: "WHERE IT COMES FROM", Columns: []Column{number("LAYER"), number("LIVE"), number("TRANSFER"), number("WASTE"), text("INSTRUCTION").cut(End)}}
	shown := largestLayers(r)
	var rest weigh.Layer
	left := 0
	for n, l := range r.Layers {
		if !shown[n] {
			left++
			rest.Live, rest.Transfer, rest.Waste = rest.Live+l.Live, rest.Transfer+l.Transfer, rest.Waste+l.Waste
			continue
		}
		t.add(count(l.Index), z.unless0(l.Live), z.unless0(l.Transfer), z.unless0(l.Waste), words(oneLine(l.Instruction))).Bar = part(l.Live, r.Sizes.Live)
	}
	if left > 0 {
		t.add(words(""), z.unless0(rest.Live), z.unless0(rest.Transfer), z.unless0(rest.Waste), words(units.Plural(left, "smaller layer")))
	}
	return t
}

// largestLayers are the layers of the first screen: all if they are few, else the largest
// of those that are at least a hundredth of the image or 100 kB.
func largestLayers(r *weigh.Result) map[int]bool {
	var order []int
	for n, l := range r.Layers {
		if l.Files >= 100_000 || l.Files*100 >= r.Sizes.Files {
			order = append(order, n)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(r.Layers[b].Files, r.Layers[a].Files) })
	out := map[int]bool{}
	for _, n := range order[:min(firstLayers, len(order))] {
		out[n] = true
	}
	if len(r.Layers)-len(out) == 1 && len(out) < firstLayers { // a row that says "1 smaller" may as well be it
		for n := range r.Layers {
			out[n] = true
		}
	}
	return out
}

// contents says in a line what the live files are, the largest kinds first.
func contents(r *weigh.Result, z sizes) Para {
	var list []string
	var rest int64
	for _, o := range r.Owners {
		if o.Live < 100_000 && o.Live*100 < r.Sizes.Live || len(list) >= 8 {
			rest += o.Live
			continue
		}
		list = append(list, Safe(ownerName(o))+" "+z.text(o.Live))
	}
	if rest > 0 {
		list = append(list, "all else "+z.text(rest))
	}
	return Para{Place: Place{"content", Brief}, Text: "WHAT IT IS  " + strings.Join(list, " · ")}
}

// ownerName is what owns files, in words.
func ownerName(o weigh.Owner) string {
	if o.Kind == "class" {
		return "unpackaged: " + className[weigh.Class(o.Subject)]
	}
	return packages.Type(o.Subject).Kind().Title
}

// className says what files of a class are.
var className = map[weigh.Class]string{
	weigh.Bytecode: "compiled Python", weigh.VCS: "version control data", weigh.Database: "package databases", weigh.Cache: "caches", weigh.Docs: "documentation",
	weigh.Locale: "translations", weigh.Debug: "debug symbols", weigh.Development: "headers and static libraries", weigh.Log: "logs", weigh.Config: "files in /etc",
	weigh.App: "app files", weigh.Local: "files in /usr/local", weigh.System: "system files", weigh.State: "files in /var", weigh.Unknown: "unattributed",
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
		name := ownerName(o)
		t.add(z.of(o.Live), ratio(o.Live, r.Sizes.Live), z.of(o.Transfer), count(o.Count), words(name)).Bar = part(o.Live, r.Sizes.Live)
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
		t.add(z.of(p.Live), z.of(p.Transfer), count(p.Count), words(string(p.Type)), words(name)).Bar = part(p.Live, r.Sizes.Live)
	}
	if more := len(r.Packages) - n; more > 0 {
		t.Note = fmt.Sprintf("and %d more with %s (--top %d)", more, z.text(rest), len(r.Packages))
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
		t.add(z.of(w.Files), z.of(w.Transfer), words(w.Class), words(fmt.Sprintf("%d→%d", w.Writer, w.Destroyer)), words(oneLine(w.HiddenBy)), words(largest))
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
		t.add(z.of(f.Size), z.of(f.Transfer), count(f.Layer), words(Safe(owner)), words("/"+Safe(f.Path)))
	}
	return t
}
