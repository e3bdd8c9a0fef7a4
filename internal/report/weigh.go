package report

import (
	"fmt"
	"strings"

	"tare/internal/packages"
	"tare/internal/units"
	"tare/internal/weigh"
)

// WeighParts are the parts of a Weighed.
var WeighParts = []string{"summary", "layers", "owners", "packages", "classes", "waste", "duplicates", "files", "warnings"}

// Weighed lays out what `tare weigh` tells of an image; top bounds the lists.
func Weighed(r *weigh.Result, top int, exact bool) Document {
	z, n := sizes{exact}, r.Sizes
	size := z.text
	d := in("summary", Always,
		Para{Text: fmt.Sprintf("%s  %s  %s  %s", Safe(r.Name), Safe(r.Platform), units.ShortID(r.Manifest.String()), Safe(r.Base)), Heading: true},
		Para{Text: fmt.Sprintf("transfer %s · tar %s · files %s · overhead %s · live %s · waste %s · duplicate %s · disk %s",
			size(n.Transfer), size(n.Tar), size(n.Files), size(n.Overhead), size(n.Live), size(n.Waste), size(n.Duplicate), size(n.Disk))},
		Para{Dim: true, Text: fmt.Sprintf("docker images prints %s with a graph driver (the files of each layer) and about %s with the containerd image store (the compressed blobs, %s, and all layers unpacked in blocks of 4 KiB with their directories, %s).",
			size(n.Docker), size(n.DockerContainerd), size(n.DockerContainerd-n.Disk), size(n.Disk))})
	t := Table{Place: Place{Part: "layers"}, Subject: Safe(r.Name), Columns: []Column{number("LAYER").key(), number("TRANSFER"), number("TAR"), number("FILES").spare(2), number("LIVE"), number("WASTE").spare(1), text("INSTRUCTION").cut(End)}}
	for _, l := range r.Layers {
		t.add(count(l.Index), z.of(l.Transfer), z.of(l.Tar), z.of(l.Files), z.of(l.Live), z.of(l.Waste), words(oneLine(l.Instruction))).Bar = part(l.Files, n.Files)
	}
	d = append(d, t, owners(r, z), packageGrid(r, top, z), classGrid(r, z))
	if len(r.Wasted) > 0 {
		d = append(d, wasteGrid(r, top, z))
	}
	if len(r.Duplicates) > 0 {
		d = append(d, duplicateGrid(r, top, z))
	}
	d = append(d, FileGrid("LARGEST FILES", r.Largest, exact))
	var said Document
	for _, p := range r.Problems {
		said = append(said, Item{Severity: Error, Text: Safe(p)})
	}
	for _, w := range r.Warnings {
		said = append(said, Item{Severity: Warning, Text: Safe(w)})
	}
	return append(d, in("warnings", Always, said...)...)
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
	t := Table{Place: Place{Part: "owners"}, Title: "WHO OWNS IT", Subject: Safe(r.Name), Columns: []Column{number("LIVE"), number("%"), number("TRANSFER"), number("FILES"), text("OWNER")}}
	for _, o := range r.Owners {
		name := packages.Type(o.Subject).Kind().Title
		if o.Kind == "class" {
			name = "no package: " + o.Subject
		}
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
			name += " (asked for)"
		}
		t.add(z.of(p.Live), z.of(p.Transfer), count(p.Count), words(string(p.Type)), words(name)).Bar = part(p.Live, r.Sizes.Live)
	}
	if more := len(r.Packages) - n; more > 0 {
		t.Note = fmt.Sprintf("and %d more with %s (--top %d)", more, z.text(rest), len(r.Packages))
	}
	return t
}

func classGrid(r *weigh.Result, z sizes) Block {
	t := Table{Place: Place{Part: "classes"}, Title: "WHAT IT IS", Subject: Safe(r.Name), Columns: []Column{number("LIVE"), number("%"), number("UNOWNED"), number("WASTE"), number("FILES"), text("CLASS")}}
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
