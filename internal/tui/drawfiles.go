package tui

import (
	"fmt"
	"strings"

	"tare/internal/cut"
	"tare/internal/layer"
	"tare/internal/outline"
	"tare/internal/screen"
	"tare/internal/tree"
	"tare/internal/units"
	"tare/internal/weigh"
)

var orderNames = [outline.Orders]string{"size", "transfer", "hidden", "name", "count"}

var joinedOrders = [outline.Orders]string{"change", "second image", "first image", "name", "count"}

// filesTitle says which files are shown.
func (m *Model) filesTitle() string {
	f := m.files
	name := orderNames[f.order]
	var what string
	v := &f.view
	switch n := len(f.table.Facts[0].Tree.Lists); {
	case m.of.joined():
		name, what = joinedOrders[f.order], "Both trees"
	case v.Only.Wasted:
		what = fmt.Sprintf("Files of layer %d that layer %d hid", v.Only.Writer+1, v.Only.By+1)
	case v.Only.Owned && v.Only.Owner < 0:
		what = "Files of no package"
	case v.Only.Owned:
		what = "Files of " + screen.Safe(weigh.Describe(&f.table.Facts[0].Packages[v.Only.Owner]))
	case v.From == 0 && v.To == n-1:
		what = "Files, all layers"
	case v.From == v.To:
		what = fmt.Sprintf("Files, layer %d", v.From+1)
	default:
		what = fmt.Sprintf("Files, layers %d to %d", v.From+1, v.To+1)
	}
	s := what + "  by " + name
	if f.text != "" {
		s += fmt.Sprintf("  %s %q", f.mode, screen.Safe(f.text))
		if f.bad != "" {
			s += " (" + f.bad + ")"
		} else {
			s += fmt.Sprintf(": %d", f.matched())
		}
	}
	var without []string
	for sign := outline.Added; sign <= outline.Hidden; sign++ {
		if v.Hide[sign] {
			without = append(without, sign.String())
		}
	}
	if len(without) > 0 {
		s += "  without " + strings.Join(without, ", ")
	}
	return s
}

// roomy is the width from which all columns of files have room.
const roomy = 56

// columns are those of sums that have room.
func (m *Model) columns(width int) []int {
	switch {
	case width >= roomy:
		return []int{0, 1, 2}
	case width >= roomy-18:
		return []int{0, 2}
	case m.of.joined():
		return []int{2}
	}
	return []int{0}
}

func (m *Model) drawFiles(a area) []string {
	f := m.files
	out := []string{m.pane(screen.Safe(m.filesTitle()), m.onFiles, a.filesW)}
	heads := []string{"SIZE", "TRANSFER", "HIDDEN"}
	if m.of.joined() {
		heads = []string{"FIRST", "SECOND", "CHANGE"}
	}
	head := "  "
	for _, c := range m.columns(a.filesW) {
		head += cut.PadLeft(heads[c], 8) + " "
	}
	if m.attributes && a.filesW >= roomy {
		head += cut.Pad("MODE", 10) + " " + cut.Pad("OWNER", 11) + " "
	}
	out = append(out, m.styles.head.Render(cut.Pad(cut.To(head+"   FILE", a.filesW, cut.End), a.filesW)))
	for n := f.top; n < f.top+a.filesRows; n++ {
		switch {
		case n < len(f.rows):
			out = append(out, m.drawFile(n, a.filesW))
		case n == f.top && f.sums == nil:
			out = append(out, cut.Pad("  reading paths …", a.filesW))
		case n == f.top:
			out = append(out, cut.Pad("  (nothing)", a.filesW))
		default:
			out = append(out, strings.Repeat(" ", a.filesW))
		}
	}
	return out
}

func (m *Model) drawFile(n, width int) string {
	f := m.files
	i := f.rows[n]
	s, v := f.sums, f.table.Values(f.sums, i)
	mark := "  "
	if n == f.cursor {
		mark = "> "
	}
	size, second, third := units.Bytes(v.Col[outline.Size]), "–", some(v.Col[outline.HiddenSum])
	switch {
	case m.of.joined():
		second, third = units.Bytes(v.Col[outline.Transfer]), units.Delta(v.Col[outline.HiddenSum])
	case !s.Unknown:
		second = units.Bytes(v.Col[outline.Transfer])
	}
	left := mark
	for _, c := range m.columns(width) {
		left += cut.PadLeft([]string{size, second, third}[c], 8) + " "
	}
	e := m.entryOf(i)
	if m.attributes && width >= roomy {
		mode, owner := "", ""
		if e != nil {
			mode, owner = kindMark(e.Kind)+bits(e.Mode), fmt.Sprintf("%d:%d", e.UID(), e.GID())
		}
		left += cut.Pad(mode, 10) + " " + cut.Pad(owner, 11) + " "
	}
	name := screen.Safe(f.table.Name(i))
	fold := "  "
	switch {
	case f.table.Nodes[i].End > i+1 && f.table.Parent(i, s):
		if fold = "▸ "; f.open[i] {
			fold = "▾ "
		}
		name += "/"
	case e != nil && e.Kind == layer.Dir:
		name += "/"
	case e != nil && e.Kind == layer.Symlink:
		name += " → " + screen.Safe(e.Link())
	}
	left = cut.To(left, width, cut.End)
	room := width - cut.Width(left)
	// However deep it lies, its name begins on the screen.
	indent := min(2*max(f.table.Depth(i)-1, 0), room/2)
	right := s.Sign[i].Mark() + " " + strings.Repeat(" ", indent) + fold + name
	right = cut.Pad(cut.To(right, room, cut.End), room)
	if n == f.cursor && m.onFiles {
		return m.styles.cursor.Render(cut.To(left+right, width, cut.End))
	}
	return left + m.styles.signs[s.Sign[i]].Render(right)
}

// entryOf is the entry that stands for a node; nil where there is none.
func (m *Model) entryOf(i int32) *layer.Entry {
	f := m.files
	if m.of.joined() {
		for n := len(f.table.Facts) - 1; n >= 0; n-- {
			if r, ok := f.table.Version(i, n, len(f.table.Facts[n].Tree.Lists)-1); ok {
				return f.table.Facts[n].Tree.Entry(r)
			}
		}
		return nil
	}
	if r, ok := f.table.Version(i, 0, f.view.To); ok {
		return f.table.Facts[0].Tree.Entry(r)
	}
	return nil
}

func kindMark(k layer.Kind) string {
	switch k {
	case layer.Dir:
		return "d"
	case layer.Symlink:
		return "l"
	case layer.Device:
		return "c"
	}
	return "-"
}

// bits prints permissions as ls does.
func bits(mode uint16) string {
	b := []byte("rwxrwxrwx")
	for n := range b {
		if mode&(1<<(8-n)) == 0 {
			b[n] = '-'
		}
	}
	for _, special := range []struct {
		bit uint16
		at  int
		on  byte
	}{{0o4000, 2, 's'}, {0o2000, 5, 's'}, {0o1000, 8, 't'}} {
		if mode&special.bit == 0 {
			continue
		}
		if b[special.at] == '-' {
			special.on -= 'a' - 'A'
		}
		b[special.at] = special.on
	}
	return string(b)
}

// details are the two lines about what the cursor is on.
func (m *Model) details() []string {
	one, two := "", ""
	if m.onFiles {
		one, two = m.fileDetails()
	} else if l := m.lists[m.tab]; l.cursor < len(l.rows) {
		one = l.rows[l.cursor].text
		if w := cut.Width(one); w > m.width {
			// What does not fit into one line goes on in the other.
			one, two = split(one, m.width)
		}
	}
	return []string{m.styles.dim.Render(cut.To(one, m.width, cut.Path)), m.styles.dim.Render(cut.To(two, m.width, cut.End))}
}

// split divides a text where a line is full.
func split(s string, width int) (string, string) {
	w := 0
	for n, r := range s {
		if w += cut.Width(string(r)); w > width {
			return s[:n], s[n:]
		}
	}
	return s, ""
}

func (m *Model) fileDetails() (string, string) {
	f := m.files
	if len(f.rows) == 0 {
		return "", ""
	}
	path := "/" + screen.Safe(f.table.Path(f.node()))
	if sign := f.sums.Sign[f.node()].String(); sign != "" {
		path += "  " + sign
	}
	image, r, ok := m.version()
	if !ok {
		return path, "no layer has an entry for this directory"
	}
	facts := m.data.Images[image].Facts
	e := facts.Tree.Entry(r)
	two := fmt.Sprintf("%s %s %d:%d", e.Kind, bits(e.Mode), e.UID(), e.GID())
	if p := facts.Owner(r); p != nil {
		two += "  " + screen.Safe(weigh.Describe(p))
	}
	two += fmt.Sprintf("  layer %d: %s", r.Layer+1, instruction(facts, int(r.Layer)))
	for _, o := range m.hides() {
		s := facts.Tree.Bytes(o)
		path += fmt.Sprintf("  hides %s of layer %d (%s)", units.Bytes(facts.Tree.Entry(o).Size), o.Layer+1, s.Class)
	}
	if s := facts.Tree.Name(r); s.Class != tree.Live && int(s.By) <= f.view.To {
		two = fmt.Sprintf("layer %d wrote it; layer %d hid it (%s): %s", r.Layer+1, s.By+1, s.Class, instruction(facts, int(s.By)))
	}
	return path, two
}

// hides are the versions of the file at the cursor that the range hides by another.
func (m *Model) hides() (out []tree.Ref) {
	f := m.files
	if m.of.joined() || f.sums.Sign[f.node()] == outline.Removed || f.sums.Sign[f.node()] == outline.Hidden {
		return nil
	}
	t := f.table.Facts[0].Tree
	for _, r := range f.table.Entries(f.node(), 0) {
		if b := t.Bytes(r); t.Entry(r).Kind == layer.File && b.Class != tree.Live && f.view.From <= int(b.By) && int(b.By) <= f.view.To {
			out = append(out, r)
		}
	}
	return out
}
