package tui

import (
	"slices"
	"sync/atomic"

	tea "charm.land/bubbletea/v2"

	"tare/internal/outline"
	"tare/internal/weigh"
)

// files is the pane with the tree of files.
type files struct {
	of    scope
	table *outline.Table
	sums  *outline.Sums // nil until the first arrive
	spare *outline.Sums // memory for the next ones
	view  outline.View
	order outline.Order
	mode  outline.Mode
	text  string // of the filter
	bad   string // what is wrong with it
	open  []bool // by node
	rows  []int32

	cursor, top int
	to          int32 // where the cursor goes when rows arrive; -1: stays on its node
	gen         int64 // of the last request
	busy        bool  // its answer has not arrived
	latest      *atomic.Int64
}

// manyRows is how many rows a filter, or a package, may open by itself.
const manyRows = 2000

func newFiles(of scope, facts []*weigh.Facts) *files {
	f := &files{of: of, table: &outline.Table{Facts: facts}, to: -1, latest: new(atomic.Int64)}
	f.view.To = len(facts[0].Tree.Lists) - 1
	f.view.Hide[outline.Unchanged] = true
	return f
}

// fill takes the table, once it is made, and asks for what it shows.
func (f *files) fill(t *outline.Table) tea.Cmd {
	f.table, f.open = t, make([]bool, len(t.Nodes))
	return f.request(false)
}

// request works the view out anew; only the rows, if the sums stay as they are.
func (f *files) request(rowsOnly bool) tea.Cmd {
	f.gen++
	f.latest.Store(f.gen)
	f.busy = true
	gen, table, view, order, open := f.gen, f.table, f.view, f.order, slices.Clone(f.open)
	sums, spare := f.sums, (*outline.Sums)(nil)
	if sums == nil {
		rowsOnly = false
	}
	if !rowsOnly {
		spare, f.spare = f.spare, nil
	}
	auto := f.text != "" || f.view.Only != (outline.Only{})
	latest, of := f.latest, f.of
	return func() tea.Msg {
		stop := func() bool { return latest.Load() != gen }
		m := summedMsg{of: of, gen: gen}
		if !rowsOnly {
			if sums = table.Sum(view, spare, stop); sums == nil {
				return summedMsg{of: of, gen: gen, spare: spare}
			}
			m.sums = sums
			if auto && sums.Shown <= manyRows {
				for i := range open {
					open[i] = sums.Sign[i] != outline.None
				}
				m.open = open
			}
		}
		m.rows = table.Rows(nil, 0, sums, order, func(i int32) bool { return open[i] })
		return m
	}
}

// arrive takes an answer; false for one that was superseded.
func (f *files) arrive(m summedMsg, height int) bool {
	if m.gen != f.gen {
		if m.spare != nil {
			f.spare = m.spare
		} else if m.sums != nil {
			f.spare = m.sums
		}
		return false
	}
	f.busy = false
	keep := f.to
	if keep < 0 {
		keep = f.node()
	}
	f.to = -1
	if m.sums != nil {
		f.spare, f.sums = f.sums, m.sums
	}
	if m.open != nil {
		f.open = m.open
	}
	f.rows = m.rows
	f.seek(keep, height)
	return true
}

// node is the one at the cursor; 0, the root, if there is none.
func (f *files) node() int32 {
	if f.cursor < len(f.rows) {
		return f.rows[f.cursor]
	}
	return 0
}

// seek puts the cursor on a node, or on the nearest directory of it that has a row.
func (f *files) seek(node int32, height int) {
	for node > 0 {
		if n := slices.Index(f.rows, node); n >= 0 {
			f.move(n, height)
			return
		}
		node = f.table.Nodes[node].Parent
	}
	f.move(0, height)
}

func (f *files) move(to, height int) {
	f.cursor = max(0, min(to, len(f.rows)-1))
	f.top = scroll(f.top, f.cursor, len(f.rows), height)
}

// expand opens a directory that has a row.
func (f *files) expand(n, height int) {
	i := f.rows[n]
	if f.open[i] || !f.table.Parent(i, f.sums) {
		return
	}
	f.open[i] = true
	f.rows = slices.Insert(f.rows, n+1, f.table.Rows(nil, i, f.sums, f.order, func(c int32) bool { return f.open[c] })...)
	f.move(f.cursor, height)
}

// collapse closes a directory.
func (f *files) collapse(n, height int) {
	i := f.rows[n]
	f.open[i] = false
	end := n + 1
	for end < len(f.rows) && f.rows[end] > i && f.rows[end] < f.table.Nodes[i].End {
		end++
	}
	f.rows = slices.Delete(f.rows, n+1, end)
	f.move(f.cursor, height)
}

// reveal opens the directories that lead to a node and puts the cursor there.
func (f *files) reveal(node int32) tea.Cmd {
	for i := f.table.Nodes[node].Parent; i > 0; i = f.table.Nodes[i].Parent {
		f.open[i] = true
	}
	f.to = node
	return f.request(true)
}

// heavy opens what matters below the cursor's directory, or below the root.
func (f *files) heavy() tea.Cmd {
	if f.sums == nil {
		return nil
	}
	from := f.node()
	if len(f.rows) == 0 || f.cursor == 0 || f.table.Nodes[from].End == from+1 {
		from = 0
	}
	if from == 0 {
		clear(f.open)
	} else {
		clear(f.open[from:f.table.Nodes[from].End])
	}
	open, at := f.table.Heavy(from, f.sums, f.order)
	for _, i := range open {
		f.open[i] = true
	}
	if from > 0 {
		f.open[from] = true
	}
	return f.reveal(at)
}

// toggleAll closes all directories, or opens all if none is open.
func (f *files) toggleAll() tea.Cmd {
	all := !slices.Contains(f.open, true)
	for i := range f.open {
		f.open[i] = all
	}
	return f.request(true)
}

// filter sets the filter to a text; a pattern that is none yet leaves the old one.
func (f *files) filter(text string, mode outline.Mode) tea.Cmd {
	was := f.text
	f.text, f.mode, f.bad = text, mode, ""
	x, err := outline.NewFilter(mode, text)
	if err != nil {
		f.bad = err.Error()
		return nil
	}
	if text == "" && was != "" {
		clear(f.open) // what the filter opened
		for i := f.table.Nodes[f.node()].Parent; i > 0; i = f.table.Nodes[i].Parent {
			f.open[i] = true
		}
	}
	f.view.Filter = x
	return f.request(false)
}

// matched is how many paths the filter itself keeps.
func (f *files) matched() int {
	if f.sums == nil {
		return 0
	}
	return f.sums.Matched
}
