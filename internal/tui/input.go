package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"tare/internal/outline"
)

// key does what a key says.
func (m *Model) key(k tea.KeyPressMsg) tea.Cmd {
	do := m.keys[k.String()]
	switch {
	case k.String() == "ctrl+c":
		return tea.Quit
	case m.prompt != nil:
		return m.typed(k)
	case m.over != nil:
		return m.leaf(do, k)
	case do == doQuit:
		return tea.Quit
	case m.files == nil:
		return nil
	case m.files.busy:
		m.queue = append(m.queue, k)
		return nil
	}
	m.said, m.failed = "", false
	if m.onFiles {
		if cmd, done := m.filesKey(do); done {
			return cmd
		}
	} else if cmd, done := m.listKey(do); done {
		return cmd
	}
	return m.anyKey(do)
}

// anyKey is what keys do in either pane.
func (m *Model) anyKey(do action) tea.Cmd {
	switch do {
	case doPane:
		m.onFiles = !m.onFiles
	case doPaneBack:
		m.choose((m.tab + 1) % len(m.lists))
	case doTab1, doTab2, doTab3, doTab4:
		if n := int(do - doTab1); n < len(m.lists) {
			m.choose(n)
		}
	case doAllLayers:
		m.sel = selection{}
		return m.ranged()
	case doThisLayer, doUpToLayer:
		m.sel.reach = thisLayer
		if do == doUpToLayer {
			m.sel.reach = upToLayer
		}
		return m.ranged()
	case doExtendUp:
		return m.stretch(-1)
	case doExtendDown:
		return m.stretch(1)
	case doFilter:
		return m.ask(false)
	case doClearFilter:
		return m.clear()
	case doSort:
		m.files.order = (m.files.order + 1) % outline.Orders
		return m.files.request(true)
	case doHeavy:
		m.onFiles = true
		return m.files.heavy()
	case doToggleAll:
		return m.files.toggleAll()
	case doAdded, doChanged, doRemoved, doUnchanged:
		return m.toggleSign(do)
	case doAttributes:
		m.attributes = !m.attributes
	case doMeasure:
		m.nextMeasure()
	case doPackage, doLayer, doLine:
		return m.jump(do)
	case doBack:
		return m.goBack()
	case doCopy:
		return m.copy()
	case doExtract:
		return m.ask(true)
	case doRead:
		return m.open()
	case doHelp:
		m.over = help()
	}
	return nil
}

// choose shows a list.
func (m *Model) choose(n int) {
	m.tab, m.onFiles = n, false
	m.settle()
}

func (m *Model) toggleSign(do action) tea.Cmd {
	h := &m.files.view.Hide
	switch do {
	case doAdded:
		h[outline.Added] = !h[outline.Added]
	case doChanged:
		h[outline.Changed] = !h[outline.Changed]
		h[outline.Metadata] = h[outline.Changed]
	case doRemoved:
		h[outline.Removed] = !h[outline.Removed]
		h[outline.Hidden] = h[outline.Removed]
	default:
		h[outline.Unchanged] = !h[outline.Unchanged]
	}
	return m.files.request(false)
}

// clear drops the filter; if there is none, what was chosen and the range.
func (m *Model) clear() tea.Cmd {
	if m.files.text != "" {
		return m.files.filter("", m.files.mode)
	}
	m.sel = selection{}
	if m.of.joined() {
		return nil
	}
	return m.ranged()
}

// step is how far a key moves in a pane of a height.
func step(do action, height int) (int, bool) {
	const far = 1 << 30
	n, ok := map[action]int{doUp: -1, doDown: 1, doPageUp: -height, doPageDown: height, doHalfUp: -height / 2, doHalfDown: height / 2, doTop: -far, doBottom: far}[do]
	return n, ok
}

func (m *Model) listKey(do action) (tea.Cmd, bool) {
	l, height := m.lists[m.tab], m.area().listRows
	if n, ok := step(do, height); ok {
		l.move(l.cursor+n, height)
		return m.followed(), true
	}
	switch do {
	case doAnchor:
		if m.layers() != nil && m.tab == 0 {
			m.sel = selection{fromAnchor, l.cursor}
			return m.ranged(), true
		}
	case doOpen, doClose, doToggle:
		m.fold(do)
		return nil, true
	case doEnter:
		return m.enter(), true
	}
	return nil, false
}

// followed has the tree follow the cursor of the layers.
func (m *Model) followed() tea.Cmd {
	if m.layers() == nil || m.tab != 0 {
		return nil
	}
	if m.sel.reach == allLayers {
		m.sel.reach = thisLayer
	}
	return m.ranged()
}

// fold opens or closes a cause.
func (m *Model) fold(do action) {
	l := m.lists[m.tab]
	at, ok := l.at().(causeAt)
	if !ok {
		return
	}
	switch {
	case do == doOpen, do == doToggle && !m.causes[at]:
		m.causes[at] = true
	case do == doClose && !m.causes[at] && at.file >= 0:
		at = causeAt{at.difference, at.cause, -1}
	case do == doClose && !m.causes[at] && at.cause >= 0:
		at = causeAt{at.difference, -1, -1}
	default:
		delete(m.causes, at)
	}
	m.refill(at)
}

// refill makes the list of causes anew, with the cursor on one.
func (m *Model) refill(at causeAt) {
	top := m.lists[0].top
	m.lists[0] = causesPane(m.data.Result, m.measure, m.causes)
	m.lists[0].top = top
	m.lists[0].find(at, m.area().listRows)
}

func (m *Model) filesKey(do action) (tea.Cmd, bool) {
	f, height := m.files, m.area().filesRows
	if n, ok := step(do, height); ok {
		f.move(f.cursor+n, height)
		return nil, true
	}
	if do == doUpToLayer { // dive's key for what is added, in its tree
		return m.toggleSign(doAdded), true
	}
	if len(f.rows) == 0 {
		return nil, false
	}
	at := f.node()
	switch do {
	case doOpen:
		if f.open[at] && f.cursor+1 < len(f.rows) && f.table.Nodes[f.rows[f.cursor+1]].Parent == at {
			f.move(f.cursor+1, height)
			return nil, true
		}
		f.expand(f.cursor, height)
	case doClose:
		if f.open[at] {
			f.collapse(f.cursor, height)
		} else if n := slices.Index(f.rows, f.table.Nodes[at].Parent); n >= 0 {
			f.move(n, height)
		}
	case doToggle, doEnter:
		switch {
		case f.open[at]:
			f.collapse(f.cursor, height)
		case f.table.Parent(at, f.sums):
			f.expand(f.cursor, height)
		case do == doEnter:
			return m.open(), true
		}
	default:
		return nil, false
	}
	return nil, true
}

func (m *Model) wheel(e tea.MouseWheelMsg) tea.Cmd {
	by := 3
	switch e.Button {
	case tea.MouseWheelUp:
		by = -3
	case tea.MouseWheelDown:
	default:
		return nil
	}
	switch a := m.area(); {
	case m.over != nil:
		m.over.move(m.over.top+by, m.height)
	case m.files == nil || m.files.busy || m.prompt != nil:
	case a.inFiles(e.X, e.Y):
		m.files.move(m.files.cursor+by, a.filesRows)
	default:
		l := m.lists[m.tab]
		l.move(l.cursor+by, a.listRows)
		return m.followed()
	}
	return nil
}

func (m *Model) click(e tea.MouseClickMsg) tea.Cmd {
	if m.over != nil || m.files == nil || m.files.busy || m.prompt != nil || e.Button != tea.MouseLeft {
		return nil
	}
	a := m.area()
	if a.inFiles(e.X, e.Y) {
		m.onFiles = true
		n := m.files.top + e.Y - a.filesY - 2
		if e.Y < a.filesY+2 || n >= len(m.files.rows) {
			return nil
		}
		again := n == m.files.cursor
		m.files.move(n, a.filesRows)
		if again {
			cmd, _ := m.filesKey(doToggle)
			return cmd
		}
		return nil
	}
	m.onFiles = false
	if e.Y == a.listY {
		if n, ok := m.tabAt(e.X); ok {
			m.choose(n)
		}
		return nil
	}
	l := m.lists[m.tab]
	if n := l.top + e.Y - a.listY - 2; e.Y >= a.listY+2 && n < len(l.rows) {
		l.move(n, a.listRows)
		return m.followed()
	}
	return nil
}
