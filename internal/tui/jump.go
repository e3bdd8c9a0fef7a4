package tui

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"tare/internal/outline"
	"tare/internal/screen"
	"tare/internal/tree"
)

// place is where somebody was before a jump.
type place struct {
	of      scope
	tab     int
	cursor  int // of the list
	onFiles bool
	sel     selection
	view    outline.View
	order   outline.Order
	node    int32
}

// remember keeps the place for the way back.
func (m *Model) remember() {
	m.back = append(m.back, place{m.of, m.tab, m.lists[m.tab].cursor, m.onFiles, m.sel, m.files.view, m.files.order, m.files.node()})
}

func (m *Model) goBack() tea.Cmd {
	if len(m.back) == 0 {
		m.tell("nothing to go back to", nil)
		return nil
	}
	p := m.back[len(m.back)-1]
	m.back = m.back[:len(m.back)-1]
	first := tea.Cmd(nil)
	if p.of != m.of {
		first = m.show(p.of)
	}
	m.tab, m.onFiles, m.sel = p.tab, p.onFiles, p.sel
	m.lists[m.tab].move(p.cursor, m.area().listRows)
	f := m.files
	// The filter stays as it is: it is what was typed, not where somebody went.
	p.view.Filter = f.view.Filter
	if f.order == p.order && f.view.From == p.view.From && f.view.To == p.view.To && f.view.Only == p.view.Only && f.view.Hide == p.view.Hide {
		f.seek(p.node, m.area().filesRows)
		return first
	}
	f.view, f.order = p.view, p.order
	return tea.Batch(first, f.reveal(p.node), f.request(false))
}

// version is the entry that stands for the node at the cursor.
func (m *Model) version() (image int, r tree.Ref, ok bool) {
	f := m.files
	if len(f.rows) == 0 {
		return 0, r, false
	}
	if m.of.joined() {
		for n, image := range []int{m.of.from, m.of.to} {
			facts := m.data.Images[image].Facts
			if e, is := f.table.Version(f.node(), n, len(facts.Tree.Lists)-1); is {
				r, ok = e, true
				if facts.Tree.Seen(e, len(facts.Tree.Lists)-1) {
					return image, e, true
				}
			}
		}
		return m.of.to, r, false
	}
	r, ok = f.table.Version(f.node(), 0, f.view.To)
	return m.of.from, r, ok
}

// layerHere is the layer of what the cursor is on.
func (m *Model) layerHere() (int, bool) {
	if m.onFiles {
		_, r, ok := m.version()
		return int(r.Layer), ok
	}
	switch at := m.lists[m.tab].at().(type) {
	case layerAt:
		return int(at), true
	case wasteAt:
		return int(at.by), true
	case stepAt:
		k := m.data.Images[m.of.from].Facts.Image.History[at].Layer
		return k, k >= 0
	case packageAt:
		most, best := int64(-1), 0
		for _, c := range m.data.Images[m.of.from].Facts.Cells {
			if c.Owner == int32(at) && c.Files > most {
				most, best = c.Files, c.Layer
			}
		}
		return best, most >= 0
	}
	return 0, false
}

// jump goes from what the cursor is on to its package, layer or line.
func (m *Model) jump(do action) tea.Cmd {
	if m.of.joined() {
		m.tell("layers and packages are of one image: choose it with 2 and Enter", nil)
		return nil
	}
	f := m.data.Images[m.of.from].Facts
	tab, about := 0, any(nil)
	switch do {
	case doPackage:
		_, r, ok := m.version()
		if !ok || !m.onFiles || f.Owner(r) == nil {
			m.tell("no package owns this", nil)
			return nil
		}
		tab, about = 1, packageAt(f.OwnerID(r))
	default:
		k, ok := m.layerHere()
		if !ok {
			m.tell("no layer belongs to this", nil)
			return nil
		}
		about = layerAt(k)
		if do == doLine {
			tab = 3
			for n, s := range f.Image.History {
				if s.Layer == k {
					about = stepAt(n)
				}
			}
		}
	}
	m.remember()
	m.tab, m.onFiles = tab, false
	m.settle()
	m.lists[tab].find(about, m.area().listRows)
	return nil
}

// enter shows the files of what the cursor of a list is on.
func (m *Model) enter() tea.Cmd {
	v := &m.files.view
	switch at := m.lists[m.tab].at().(type) {
	case layerAt, stepAt:
		k, ok := m.layerHere()
		if !ok {
			m.tell("this step made no layer", nil)
			return nil
		}
		m.remember()
		m.onFiles = true
		m.lists[0].move(k, m.area().listRows)
		if m.sel.reach == allLayers || m.tab != 0 {
			m.sel.reach = thisLayer
		}
		return m.ranged()
	case packageAt:
		m.remember()
		m.sel, m.onFiles = selection{}, true
		v.From, v.To = 0, len(m.lists[0].rows)-1
		v.Only = outline.Only{Owned: true, Owner: int32(at)}
		return m.files.request(false)
	case wasteAt:
		m.remember()
		m.onFiles = true
		m.lists[0].move(int(at.by), m.area().listRows)
		m.sel.reach = thisLayer
		v.From, v.To = int(at.by), int(at.by)
		v.Only = outline.Only{Wasted: true, Writer: int32(at.layer), By: at.by, Fate: fate(at.fate)}
		m.files.order = outline.ByHidden
		return m.files.request(false)
	case causeAt:
		return m.enterCause(at)
	case imageAt:
		m.remember()
		return m.show(scope{int(at), int(at)})
	}
	return nil
}

func fate(name string) tree.Class {
	for c := tree.Live; c < tree.Classes; c++ {
		if c.String() == name {
			return c
		}
	}
	return tree.Live
}

// enterCause shows both trees of a difference; of a file its place there.
func (m *Model) enterCause(at causeAt) tea.Cmd {
	d := &m.data.Result.Differences[at.difference]
	a, b := d.Ends()
	if of := (scope{a, b}); of != m.of {
		m.remember()
		tab := m.lists[0].cursor
		cmd := m.show(of)
		m.lists[0].move(tab, m.area().listRows)
		return cmd
	}
	if at.file < 0 {
		m.fold(doToggle)
		return nil
	}
	node, ok := m.files.table.Find(d.Causes[at.cause].Files[at.file].Path)
	if !ok {
		m.tell("these are many files: see the tree", nil)
		return nil
	}
	m.remember()
	m.onFiles = true
	return m.files.reveal(node)
}

func (m *Model) nextMeasure() {
	if !m.of.joined() {
		return
	}
	var names []string
	for _, d := range m.data.Result.Differences {
		if !slices.Contains(names, d.Measure) {
			names = append(names, d.Measure)
		}
	}
	if len(names) > 0 {
		m.measure = names[(slices.Index(names, m.measure)+1)%len(names)]
		m.lists[0] = causesPane(m.data.Result, m.measure, m.causes)
	}
}

// copy puts the path into the clipboard of the terminal.
func (m *Model) copy() tea.Cmd {
	if len(m.files.rows) == 0 {
		return nil
	}
	path := "/" + m.files.table.Path(m.files.node())
	if screen.Safe(path) != path {
		m.tell("the path has control characters: it is not copied", fmt.Errorf("the path has control characters: it is not copied"))
		return nil
	}
	m.tell("copied "+path, nil)
	return tea.SetClipboard(path)
}
