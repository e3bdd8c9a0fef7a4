package tui

import (
	tea "charm.land/bubbletea/v2"

	"tare/internal/outline"
)

// reach says how the range of layers follows the cursor.
type reach int

const (
	allLayers reach = iota
	thisLayer
	upToLayer
	fromAnchor
)

// selection is the range of layers whose outcome the tree shows.
type selection struct {
	reach  reach
	anchor int
}

// span is the range for a cursor, of a number of layers.
func (s selection) span(cursor, layers int) (from, to int) {
	switch s.reach {
	case thisLayer:
		return cursor, cursor
	case upToLayer:
		return 0, cursor
	case fromAnchor:
		return min(s.anchor, cursor), max(s.anchor, cursor)
	}
	return 0, layers - 1
}

// take makes the selection one that has a range.
func (s *selection) take(from, to, layers int) {
	switch {
	case from == 0 && to == layers-1:
		s.reach = allLayers
	case from == to:
		s.reach = thisLayer
	default:
		s.reach, s.anchor = fromAnchor, to
	}
}

// layers is the list of layers; nil where two images are looked at.
func (m *Model) layers() *list {
	if m.of.joined() || len(m.lists) == 0 {
		return nil
	}
	return m.lists[0]
}

// ranged shows the range that is selected, if it is not shown yet.
func (m *Model) ranged() tea.Cmd {
	l := m.layers()
	if l == nil || len(l.rows) == 0 {
		return nil
	}
	from, to := m.sel.span(l.cursor, len(l.rows))
	v := &m.files.view
	if v.From == from && v.To == to && v.Only == (outline.Only{}) {
		return nil
	}
	v.From, v.To, v.Only = from, to, outline.Only{}
	return m.files.request(false)
}

// selects tells whether what a row of the list of layers shows is in the range.
func (m *Model) selects(k int) bool { return m.files.view.From <= k && k <= m.files.view.To }

// stretch extends the range by a layer.
func (m *Model) stretch(by int) tea.Cmd {
	l := m.layers()
	if l == nil {
		return nil
	}
	if m.sel.reach != fromAnchor {
		m.sel = selection{fromAnchor, l.cursor}
	}
	m.tab = 0
	l.move(l.cursor+by, m.area().listRows)
	return m.ranged()
}
