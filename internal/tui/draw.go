package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"tare/internal/cut"
	"tare/internal/outline"
	"tare/internal/progress"
	"tare/internal/screen"
	"tare/internal/units"
)

// styles are the colours. Nothing is said by colour alone.
type styles struct {
	title, head, dim, cursor, failed, range_ lipgloss.Style
	signs                                    [outline.Hidden + 1]lipgloss.Style
}

func newStyles() styles {
	plain := lipgloss.NewStyle()
	color := func(c string) lipgloss.Style { return plain.Foreground(lipgloss.Color(c)) }
	s := styles{title: plain.Bold(true), head: plain.Bold(true), dim: plain.Faint(true), cursor: plain.Reverse(true), failed: color("1").Bold(true), range_: color("4").Bold(true)}
	s.signs = [outline.Hidden + 1]lipgloss.Style{outline.Unchanged: s.dim, outline.Added: color("2"), outline.Changed: color("3"), outline.Metadata: color("6"), outline.Removed: color("1"), outline.Hidden: color("5")}
	return s
}

// area is where things are on the screen.
type area struct {
	width, listY, listX, listW, listRows int
	filesY, filesX, filesW, filesRows    int
	low, files                           bool // only one pane is there: that of files, or the list
}

// wide is the width from which both panes stand side by side, low the height below which
// there is only the one that has the keys.
const (
	wide = 120
	low  = 12
)

// area divides the screen: a line above, three below; each pane has two lines of heads.
func (m *Model) area() area {
	if m.height < low {
		rows := max(m.height-3, 1)
		y := min(m.height-3-rows, 0) // heads that have no room
		return area{m.width, y, 0, m.width, rows, y, 0, m.width, rows, true, m.onFiles}
	}
	h := m.height - 4
	if m.width >= wide {
		left := m.width * 9 / 20
		return area{m.width, 1, 0, left, h - 2, 1, left + 1, m.width - left - 1, h - 2, false, false}
	}
	list := max(h*2/5, 4)
	return area{m.width, 1, 0, m.width, list - 2, 1 + list, 0, m.width, max(h-list-2, 0), false, false}
}

func (a area) inFiles(x, y int) bool {
	if a.low {
		return a.files
	}
	return y >= a.filesY && x >= a.filesX && (a.filesX > 0 || a.filesY > a.listY)
}

// View implements tea.Model.
func (m *Model) View() tea.View {
	v := tea.NewView(m.Screen())
	v.AltScreen = true
	v.MouseMode = tea.MouseModeCellMotion
	v.WindowTitle = "tare view"
	if m.prompt != nil {
		if c := m.prompt.input.Cursor(); c != nil {
			c.X += cut.Width(m.ask_())
			c.Y = m.height - 1
			v.Cursor = c
		}
	}
	return v
}

// Screen is what is shown, line by line.
func (m *Model) Screen() string {
	switch {
	case m.over != nil:
		return m.drawOver()
	case m.files == nil:
		return m.drawLoading()
	}
	a := m.area()
	if a.low {
		lines := m.drawList(a)
		if a.files {
			lines = m.drawFiles(a)
		}
		lines = append(lines, m.footer())
		return strings.Join(lines[max(0, len(lines)-m.height):], "\n")
	}
	out := make([]string, 0, m.height)
	out = append(out, m.styles.title.Render(cut.To(cut.Pad(m.titleText(), m.width), m.width, cut.End)))
	left, right := m.drawList(a), m.drawFiles(a)
	if a.filesX > 0 {
		bar := m.styles.dim.Render("│")
		for n := range left {
			out = append(out, left[n]+bar+right[n])
		}
	} else {
		out = append(append(out, left...), right...)
	}
	out = append(out, m.details()...)
	return strings.Join(append(out, m.footer()), "\n")
}

func (m *Model) titleText() string {
	if m.of.joined() {
		a, b := &m.data.Images[m.of.from], &m.data.Images[m.of.to]
		return fmt.Sprintf("%s → %s   %s → %s live   %s", screen.Safe(a.Name), screen.Safe(b.Name), units.Bytes(a.Facts.Sizes.Live), units.Bytes(b.Facts.Sizes.Live),
			units.Delta(b.Facts.Sizes.Live-a.Facts.Sizes.Live))
	}
	i := &m.data.Images[m.of.from]
	z := i.Facts.Sizes
	p := i.Facts.Image.Platform()
	return fmt.Sprintf("%s  %s/%s   %s to pull   %s live   %s waste", screen.Safe(i.Name), screen.Safe(p.OS), screen.Safe(p.Architecture), z.Transfer.Text(units.Bytes), units.Bytes(z.Live), units.Bytes(z.Waste))
}

func (m *Model) drawLoading() string {
	lines := []string{m.styles.title.Render("tare view"), "", "Reading layers"}
	for _, e := range m.loading[max(0, len(m.loading)-max(m.height-5, 0)):] {
		lines = append(lines, "  "+cut.To(screen.Safe(e.ID+"  "+e.Action+"  "+how(e)), m.width-2, cut.End))
	}
	for len(lines) < m.height-1 {
		lines = append(lines, "")
	}
	lines = append(lines, m.styles.dim.Render("q leaves"))
	return strings.Join(lines[max(0, len(lines)-m.height):], "\n")
}

func how(e progress.Event) string {
	switch {
	case e.Final || e.Done == 0:
		return ""
	case e.Total > 0:
		return units.Of(units.Bytes(e.Done), units.Bytes(e.Total))
	}
	return units.Bytes(e.Done)
}

func (m *Model) drawOver() string {
	lines := []string{m.styles.title.Render(cut.To(m.over.title, m.width, cut.Path))}
	for n := range m.height - 2 {
		text := ""
		if n += m.over.top; n < len(m.over.lines) {
			text = cut.To(m.over.lines[n], m.width, cut.End)
		}
		lines = append(lines, text)
	}
	most := min(m.over.top+m.height-2, len(m.over.lines))
	return strings.Join(append(lines, m.styles.dim.Render(cut.To(fmt.Sprintf("lines %d to %d of %d   q Esc close   ↑ ↓ PgUp PgDn move", m.over.top+1, most, len(m.over.lines)), m.width, cut.End))), "\n")
}

// tabs are the names of the lists, as they are drawn.
func (m *Model) tabs() []string {
	var out []string
	for n, l := range m.lists {
		s := fmt.Sprintf(" %d %s ", n+1, l.title)
		if n == m.tab {
			s = fmt.Sprintf("[%d %s]", n+1, l.title)
		}
		out = append(out, s)
	}
	return out
}

// tabAt is the list whose name stands at a column.
func (m *Model) tabAt(x int) (int, bool) {
	at := 1
	for n, s := range m.tabs() {
		if at += cut.Width(s); x < at {
			return n, true
		}
	}
	return 0, false
}

// pane is the first line of a pane; a mark shows which has the keys.
func (m *Model) pane(text string, focus bool, width int) string {
	mark, style := " ", m.styles.dim
	if focus {
		mark, style = "▌", m.styles.title
	}
	return style.Render(cut.Pad(cut.To(mark+text, width, cut.End), width))
}

func (m *Model) drawList(a area) []string {
	l := m.lists[m.tab]
	out := []string{m.pane(strings.Join(m.tabs(), ""), !m.onFiles, a.listW)}
	head := "  "
	for n, w := range l.widths {
		head += cut.PadLeft(l.heads[n], w) + " "
	}
	head += " " + l.heads[len(l.heads)-1]
	out = append(out, m.styles.head.Render(cut.Pad(cut.To(head, a.listW, cut.End), a.listW)))
	for n := l.top; n < l.top+a.listRows; n++ {
		if n >= len(l.rows) {
			text := ""
			if len(l.rows) == 0 && n == l.top {
				text = "  (none)"
			}
			out = append(out, cut.Pad(text, a.listW))
			continue
		}
		out = append(out, m.drawRow(l, n, a.listW))
	}
	return out
}

func (m *Model) drawRow(l *list, n, width int) string {
	r := &l.rows[n]
	mark := "  "
	k, isLayer := r.about.(layerAt)
	in := isLayer && m.selects(int(k))
	if in {
		mark = " ┃"
	}
	if n == l.cursor {
		mark = ">" + mark[1:]
	}
	text := mark
	for c, w := range l.widths {
		text += cut.PadLeft(r.cells[c], w) + " "
	}
	text += " " + strings.Repeat("  ", r.depth) + r.mark + r.text
	text = cut.Pad(cut.To(text, width, cut.End), width)
	switch {
	case n == l.cursor && !m.onFiles:
		return m.styles.cursor.Render(text)
	case in:
		return m.styles.range_.Render(mark) + strings.TrimPrefix(text, mark)
	}
	return text
}

func (m *Model) footer() string {
	switch {
	case m.prompt != nil:
		return cut.To(m.ask_()+m.prompt.input.View(), m.width, cut.End)
	case m.failed:
		return m.styles.failed.Render(cut.To(m.said, m.width, cut.Middle))
	case m.said != "":
		return cut.To(m.said, m.width, cut.Middle)
	}
	keys := "Tab pane  1-4 lists  / filter  s sort  w heaviest  Enter files  ? keys  q quit"
	if m.of.joined() {
		keys = "Tab pane  1-2 lists  / filter  s sort  w heaviest  m measure  ? keys  q quit"
	}
	return m.styles.dim.Render(cut.To(keys, m.width, cut.End))
}

// ask_ is what stands before what is typed.
func (m *Model) ask_() string {
	if m.prompt.extract {
		return "extract to: "
	}
	return "filter (" + m.prompt.mode.String() + "): "
}
