package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tare/internal/compare"
	"tare/internal/screen"
	"tare/internal/tree"
	"tare/internal/units"
	"tare/internal/weigh"
)

// instruction is the step that made a layer, in one line.
func instruction(f *weigh.Facts, k int) string {
	s := f.Image.StepOf(k).Instruction()
	if s == "" {
		s = "(no instruction known)"
	}
	return screen.Safe(strings.Join(strings.Fields(s), " "))
}

// sum adds up the cells that belong to a key.
func sum[K comparable](f *weigh.Facts, key func(*weigh.Cell) K) map[K]weigh.Sums {
	m := map[K]weigh.Sums{}
	for i := range f.Cells {
		c := &f.Cells[i]
		k := key(c)
		s := m[k]
		s.Add(c.Sums)
		m[k] = s
	}
	return m
}

type fateOf[K comparable] struct {
	of   K
	live bool
}

// halves are the live and the wasted bytes of a key.
func halves[K comparable](f *weigh.Facts, key func(*weigh.Cell) K) (live, waste map[K]weigh.Sums) {
	live, waste = map[K]weigh.Sums{}, map[K]weigh.Sums{}
	for k, s := range sum(f, func(c *weigh.Cell) fateOf[K] { return fateOf[K]{key(c), c.Fate == tree.Live} }) {
		if k.live {
			live[k.of] = s
		} else {
			waste[k.of] = s
		}
	}
	return live, waste
}

func layersPane(i *Image) *list {
	l := &list{title: "Layers", heads: []string{"", "TRANSFER", "LIVE", "WASTE", "INSTRUCTION"}, widths: []int{3, 8, 8, 8}}
	f := i.Facts
	live, waste := halves(f, func(c *weigh.Cell) int { return c.Layer })
	for k := range f.Tree.Lists {
		text := instruction(f, k)
		if n := lines(i.Dockerfile)[k]; n > 0 {
			text = fmt.Sprintf("line %d: %s", n, text)
		}
		sent := live[k].Transfer.Plus(waste[k].Transfer)
		l.rows = append(l.rows, row{cells: []string{fmt.Sprint(k + 1), sent.Text(units.Bytes), units.Bytes(live[k].Files), some(waste[k].Files)}, text: text, about: layerAt(k)})
	}
	return l
}

// some prints bytes, and nothing for none.
func some(n int64) string {
	if n == 0 {
		return "–"
	}
	return units.Bytes(n)
}

func packagesPane(i *Image) *list {
	l := &list{title: "Packages", heads: []string{"LIVE", "WASTE", "TRANSFER", "FILES", "PACKAGE"}, widths: []int{8, 8, 8, 7}}
	f := i.Facts
	live, waste := halves(f, func(c *weigh.Cell) int32 { return c.Owner })
	in := map[int32][]string{}
	for n := range f.Cells {
		c := &f.Cells[n]
		if s := fmt.Sprint(c.Layer + 1); c.Count > 0 && c.Owner >= 0 && !slices.Contains(in[c.Owner], s) {
			in[c.Owner] = append(in[c.Owner], s)
		}
	}
	add := func(id int32, text string) {
		l.rows = append(l.rows, row{text: text, about: packageAt(id), cells: []string{units.Bytes(live[id].Files), some(waste[id].Files),
			live[id].Transfer.Plus(waste[id].Transfer).Text(units.Bytes), fmt.Sprint(live[id].Count + waste[id].Count)}})
	}
	for id := range f.Packages {
		id := int32(id)
		if live[id].Count+waste[id].Count == 0 {
			continue
		}
		text := screen.Safe(weigh.Describe(&f.Packages[id])) + "  in " + units.Word(len(in[id]), "layer") + " " + strings.Join(in[id], ", ")
		if !slices.Contains(f.Final, id) {
			text += "  (not installed in the end)"
		}
		add(id, text)
	}
	if live[-1].Count+waste[-1].Count > 0 {
		add(-1, "files of no package")
	}
	slices.SortStableFunc(l.rows, func(a, b row) int {
		x, y := int32(a.about.(packageAt)), int32(b.about.(packageAt))
		return cmp.Or(cmp.Compare(live[y].Files, live[x].Files), cmp.Compare(waste[y].Files, waste[x].Files))
	})
	return l
}

func wastePane(i *Image) *list {
	l := &list{title: "Waste", heads: []string{"WASTE", "FILES", "WHAT, WHO WROTE IT, WHO HID IT"}, widths: []int{8, 7}}
	f := i.Facts
	all := sum(f, func(c *weigh.Cell) wasteAt { return wasteAt{c.Layer, c.By, c.Fate.String()} })
	var keys []wasteAt
	for k := range all {
		if k.fate != tree.Live.String() && all[k].Files > 0 {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b wasteAt) int {
		return cmp.Or(cmp.Compare(all[b].Files, all[a].Files), cmp.Compare(a.layer, b.layer), cmp.Compare(a.by, b.by), cmp.Compare(a.fate, b.fate))
	})
	for _, k := range keys {
		l.rows = append(l.rows, row{about: k, cells: []string{units.Bytes(all[k].Files), fmt.Sprint(all[k].Count)},
			text: fmt.Sprintf("%s: layer %d wrote it, layer %d hid it: %s", k.fate, k.layer+1, k.by+1, instruction(f, int(k.by)))})
	}
	return l
}

func stepsPane(i *Image) *list {
	l := &list{title: "Steps", heads: []string{"LINE", "LAYER", "FILES", "STEP"}, widths: []int{5, 5, 8}}
	f := i.Facts
	if i.Dockerfile != nil {
		l.title = "Dockerfile"
	}
	per := sum(f, func(c *weigh.Cell) int { return c.Layer })
	for n, s := range f.Image.History {
		cells := []string{"–", "–", "–"}
		line := 0
		if i.Dockerfile != nil {
			line = i.Dockerfile.Steps[n]
		}
		if s.Layer >= 0 {
			cells[1], cells[2] = fmt.Sprint(s.Layer+1), units.Bytes(per[s.Layer].Files)
			line = cmp.Or(line, lines(i.Dockerfile)[s.Layer])
		}
		if line > 0 {
			cells[0] = fmt.Sprint(line)
		}
		text := screen.Safe(strings.Join(strings.Fields(s.Instruction()), " "))
		l.rows = append(l.rows, row{cells: cells, text: cmp.Or(text, "(no instruction known)"), about: stepAt(n)})
	}
	return l
}

func imagesPane(d *Data) *list {
	l := &list{title: "Images", heads: []string{"TRANSFER", "LIVE", "WASTE", "IMAGE"}, widths: []int{8, 8, 8}}
	for n, i := range d.Images {
		z := i.Facts.Sizes
		l.rows = append(l.rows, row{cells: []string{z.Transfer.Text(units.Bytes), units.Bytes(z.Live), some(z.Waste)}, text: screen.Safe(i.Name), about: imageAt(n)})
	}
	return l
}

// causesPane lists the differences of one measure; open ones with their causes, and open
// causes with their files.
func causesPane(r *compare.Result, measure string, open map[causeAt]bool) *list {
	l := &list{title: "Causes of " + measure, heads: []string{"CHANGE", "FROM", "TO", "WHAT"}, widths: []int{9, 8, 8}}
	for n := range r.Differences {
		d := &r.Differences[n]
		if d.Measure != measure {
			continue
		}
		at := causeAt{n, -1, -1}
		a, b := d.Ends()
		l.add(at, 0, open, len(d.Causes) > 0, []string{d.Total.Text(units.Delta), value(r, a, measure), value(r, b, measure)}, screen.Safe(d.From)+" → "+screen.Safe(d.To))
		if !open[at] {
			continue
		}
		for c := range d.Causes {
			l.addCause(d, n, c, open)
		}
	}
	return l
}

func value(r *compare.Result, n int, measure string) string {
	for _, m := range compare.Measures {
		if m.Name == measure {
			return m.Value(&r.Images[n].Sizes).Text(units.Bytes)
		}
	}
	return ""
}

func (l *list) addCause(d *compare.Difference, n, c int, open map[causeAt]bool) {
	cause := &d.Causes[c]
	at := causeAt{n, c, -1}
	text := screen.Safe(cause.Kind + " " + cause.Subject)
	if cause.Kind == cause.Subject || cause.Subject == "" {
		text = screen.Safe(cause.Kind)
	}
	switch v, w := screen.Safe(cause.FromVersion), screen.Safe(cause.ToVersion); {
	case v != "" && w != "" && v != w:
		text += " " + v + " → " + w
	case v+w != "":
		text += " " + cmp.Or(w, v)
	}
	if cause.Via != "" {
		text += "  pulled in by " + screen.Safe(cause.Via)
	}
	l.add(at, 1, open, len(cause.Files) > 0, []string{units.Delta(cause.Bytes), units.Bytes(cause.From), units.Bytes(cause.To)}, text)
	if !open[at] {
		return
	}
	for k := range cause.Files {
		name := screen.Safe(cause.Files[k].Path)
		if name == "" {
			name = "all other files"
		}
		l.add(causeAt{n, c, k}, 2, nil, false, []string{units.Delta(cause.Files[k].Bytes), "", ""}, name)
	}
}

func (l *list) add(at causeAt, depth int, open map[causeAt]bool, parent bool, cells []string, text string) {
	mark := "  "
	if parent {
		mark = "▸ "
		if open[at] {
			mark = "▾ "
		}
	}
	l.rows = append(l.rows, row{cells: cells, text: text, depth: depth, mark: mark, about: at})
}
