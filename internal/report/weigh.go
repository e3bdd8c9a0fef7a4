package report

import (
	"fmt"
	"strconv"
	"strings"

	"tare/internal/packages"
	"tare/internal/units"
	"tare/internal/weigh"
)

// sizer prints bytes for people, or exactly.
func sizer(exact bool) func(int64) string {
	if exact {
		return units.Exact
	}
	return units.Bytes
}

// Weighed lays out what `tare weigh` tells of an image; top bounds the lists.
func Weighed(r *weigh.Result, top int, exact bool) Document {
	size := sizer(exact)
	z := r.Sizes
	d := Document{
		Para{Text: fmt.Sprintf("%s  %s  %s  %s", Safe(r.Name), Safe(r.Platform), short(r.Manifest.String()), Safe(r.Base)), Heading: true},
		Para{Text: fmt.Sprintf("transfer %s · tar %s · files %s · overhead %s · live %s · waste %s · duplicate %s · disk %s",
			size(z.Transfer), size(z.Tar), size(z.Files), size(z.Overhead), size(z.Live), size(z.Waste), size(z.Duplicate), size(z.Disk))},
		Para{Dim: true, Text: fmt.Sprintf("docker images prints %s with a graph driver (the files of each layer) and about %s with the containerd image store (the compressed blobs, %s, and all layers unpacked in blocks of 4 KiB with their directories, %s).",
			size(z.Docker), size(z.DockerContainerd), size(z.DockerContainerd-z.Disk), size(z.Disk))},
	}
	g := Grid{Head: []string{"LAYER", "TRANSFER", "TAR", "FILES", "LIVE", "WASTE", "INSTRUCTION"}, Right: []bool{true, true, true, true, true, true}, Wide: []bool{false, false, true, false, true}, Cut: true}
	for _, l := range r.Layers {
		g.Rows = append(g.Rows, []string{strconv.Itoa(l.Index), size(l.Transfer), size(l.Tar), size(l.Files), size(l.Live), size(l.Waste), oneLine(l.Instruction)})
		g.Part = append(g.Part, part(l.Files, z.Files))
	}
	d = append(d, g, owners(r, size))
	d = append(d, packageGrid(r, top, size), classGrid(r, size))
	if len(r.Wasted) > 0 {
		d = append(d, wasteGrid(r, top, size))
	}
	if len(r.Duplicates) > 0 {
		g := Grid{Title: "DUPLICATE " + size(z.Duplicate), Head: []string{"EXTRA", "COPIES", "SIZE", "PATHS"}, Right: []bool{true, true, true}}
		for i, c := range r.Duplicates {
			if i == top {
				break
			}
			copies := int64(0)
			if c.Size > 0 {
				copies = c.Extra/c.Size + 1
			}
			g.Rows = append(g.Rows, []string{size(c.Extra), strconv.FormatInt(copies, 10), size(c.Size), Safe(strings.Join(c.Paths, " "))})
		}
		d = append(d, g)
	}
	d = append(d, FileGrid("LARGEST FILES", r.Largest, size))
	for _, p := range r.Problems {
		d = append(d, Para{Text: "problem: " + Safe(p)})
	}
	for _, w := range r.Warnings {
		d = append(d, Para{Text: "warning: " + Safe(w)})
	}
	return d
}

func short(digest string) string {
	if len(digest) > 19 {
		return digest[:19]
	}
	return digest
}

func part(n, of int64) float64 {
	if of <= 0 || n <= 0 {
		return 0
	}
	return float64(n) / float64(of)
}

func percent(n, of int64) string {
	if of == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f%%", 100*float64(n)/float64(of))
}

// oneLine makes a stranger's text fit into a cell.
func oneLine(s string) string { return Safe(strings.Join(strings.Fields(s), " ")) }

func owners(r *weigh.Result, size func(int64) string) Block {
	g := Grid{Title: "WHO OWNS IT", Head: []string{"LIVE", "%", "TRANSFER", "FILES", "OWNER"}, Right: []bool{true, true, true, true}}
	for _, o := range r.Owners {
		name := packages.Type(o.Subject).Kind().Title
		if o.Kind == "class" {
			name = "no package: " + o.Subject
		}
		g.Rows = append(g.Rows, []string{size(o.Live), percent(o.Live, r.Sizes.Live), size(o.Transfer), strconv.FormatInt(o.Count, 10), name})
		g.Part = append(g.Part, part(o.Live, r.Sizes.Live))
	}
	if r.Unattributed == 0 {
		g.Rows = append(g.Rows, []string{size(0), percent(0, r.Sizes.Live), size(0), "0", "unattributed"})
		g.Part = append(g.Part, 0)
	}
	return g
}

func packageGrid(r *weigh.Result, top int, size func(int64) string) Block {
	g := Grid{Title: fmt.Sprintf("PACKAGES: %d", len(r.Packages)), Head: []string{"LIVE", "TRANSFER", "FILES", "KIND", "PACKAGE"}, Right: []bool{true, true, true}}
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
		g.Rows = append(g.Rows, []string{size(p.Live), size(p.Transfer), strconv.FormatInt(p.Count, 10), string(p.Type), name})
		g.Part = append(g.Part, part(p.Live, r.Sizes.Live))
	}
	if more := len(r.Packages) - n; more > 0 {
		g.Note = fmt.Sprintf("and %d more with %s (--top %d)", more, size(rest), len(r.Packages))
	}
	return g
}

func classGrid(r *weigh.Result, size func(int64) string) Block {
	g := Grid{Title: "WHAT IT IS", Head: []string{"LIVE", "%", "UNOWNED", "WASTE", "FILES", "CLASS"}, Right: []bool{true, true, true, true, true}}
	for _, c := range r.Classes {
		g.Rows = append(g.Rows, []string{size(c.Live), percent(c.Live, r.Sizes.Live), size(c.Unowned), size(c.Waste), strconv.FormatInt(c.Count, 10), string(c.Class)})
		g.Part = append(g.Part, part(c.Live, r.Sizes.Live))
	}
	return g
}

func wasteGrid(r *weigh.Result, top int, size func(int64) string) Block {
	g := Grid{Title: "WASTE " + size(r.Sizes.Waste), Head: []string{"FILES", "SAVES", "CLASS", "LAYERS", "HIDDEN BY", "LARGEST FILE"}, Right: []bool{true, true}, Wide: []bool{false, false, false, false, true},
		Note: "SAVES is the part of transfer that these bytes take up, apportioned. LAYERS: the one that wrote them → the one that hid them."}
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
		g.Rows = append(g.Rows, []string{size(w.Files), size(w.Transfer), w.Class, fmt.Sprintf("%d→%d", w.Writer, w.Destroyer), cut(oneLine(w.HiddenBy), 40), largest})
	}
	return g
}

// FileGrid lists files.
func FileGrid(title string, files []weigh.File, size func(int64) string) Block {
	g := Grid{Title: title, Head: []string{"SIZE", "TRANSFER", "LAYER", "OWNER", "PATH"}, Right: []bool{true, true, true}, Wide: []bool{false, false, false, true}}
	for _, f := range files {
		owner := f.Owner
		if owner == "" {
			owner = "– " + string(f.Class)
		}
		g.Rows = append(g.Rows, []string{size(f.Size), size(f.Transfer), strconv.Itoa(f.Layer), clip(Safe(owner), 30), "/" + Safe(f.Path)})
	}
	return g
}
