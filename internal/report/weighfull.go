package report

import (
	"fmt"
	"strings"

	"tare/internal/advice"
	"tare/internal/weigh"
)

// layerTable are all layers, one a row.
func layerTable(r *advice.Weighed, z sizes) Block {
	t := Table{Subject: Safe(r.Name), Title: fmt.Sprintf("LAYERS: %d", len(r.Layers)), Columns: []Column{number("LAYER").key(), number("TRANSFER"), number("TAR"), number("FILES").spare(2), number("LIVE"), number("WASTE").spare(1), text("INSTRUCTION").cut(End)}}
	for _, l := range r.Layers {
		t.add(count(l.Index), z.of(l.Transfer), z.of(l.Tar), z.of(l.Files), z.of(l.Live), z.of(l.Waste), words(oneLine(l.Instruction))).Bar = part(l.Files, r.Sizes.Files)
	}
	return t
}

// duplicateGrid has a row for each copy, so that no row is joined from two paths.
func duplicateGrid(r *weigh.Result, top int, z sizes) Block {
	t := Table{Title: "DUPLICATE " + z.text(r.Sizes.Duplicate), Subject: Safe(r.Name), Columns: []Column{number("EXTRA"), number("COPIES"), number("SIZE"), text("PATH").cut(Path)}}
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
	t := Table{Title: "BY PACKAGE MANAGER", Subject: Safe(r.Name), Columns: []Column{number("LIVE"), number("%"), number("TRANSFER"), number("FILES"), text("OWNER")}}
	for _, o := range r.Owners {
		t.add(z.of(o.Live), ratio(o.Live, r.Sizes.Live), z.of(o.Transfer), count(o.Count), words(ownerName(o))).Bar = part(o.Live, r.Sizes.Live)
	}
	if r.Unattributed == 0 {
		t.add(z.of(0), ratio(0, r.Sizes.Live), z.of(0), count(0), words("unattributed"))
	}
	return t
}

func packageGrid(r *weigh.Result, top int, z sizes) Block {
	t := Table{Title: fmt.Sprintf("PACKAGES: %d", len(r.Packages)), Subject: Safe(r.Name), Columns: []Column{number("LIVE"), number("TRANSFER"), number("FILES"), text("KIND"), text("PACKAGE")}}
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
		t.Note = fmt.Sprintf("%d more with %s (--top 0)", more, z.text(rest))
	}
	return t
}

func classGrid(r *weigh.Result, z sizes) Block {
	t := Table{Title: "BY FILE TYPE", Subject: Safe(r.Name), Columns: []Column{number("LIVE"), number("%"), number("UNOWNED"), number("WASTE"), number("FILES"), text("CLASS")}}
	for _, c := range r.Classes {
		t.add(z.of(c.Live), ratio(c.Live, r.Sizes.Live), z.of(c.Unowned), z.of(c.Waste), count(c.Count), words(string(c.Class))).Bar = part(c.Live, r.Sizes.Live)
	}
	return t
}

func wasteGrid(r *weigh.Result, top int, z sizes) Block {
	t := Table{Title: "WASTE " + z.text(r.Sizes.Waste), Subject: Safe(r.Name),
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
