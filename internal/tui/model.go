package tui

import (
	"context"
	"slices"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"tare/internal/outline"
	"tare/internal/progress"
	"tare/internal/screen"
	"tare/internal/weigh"
)

// Model is the whole viewer.
type Model struct {
	ctx    context.Context
	src    Source
	send   func(tea.Msg) // from commands that go on
	keys   map[string]action
	styles styles

	width, height int
	loading       []progress.Event // by what is worked on
	err           error
	data          *Data

	of      scope
	panes   map[scope]*files // those that were looked at
	files   *files
	lists   []*list
	tab     int
	onFiles bool // which pane has the keys
	sel     selection
	causes  map[causeAt]bool // open ones
	measure string

	attributes bool
	over       *overlay
	prompt     *prompt
	said       string
	failed     bool
	back       []place
	queue      []tea.KeyPressMsg // keys that wait for an answer
}

// New makes a viewer of what a source has. send brings messages to the running program.
func New(ctx context.Context, src Source, send func(tea.Msg)) *Model {
	return &Model{ctx: ctx, src: src, send: send, keys: actions(), styles: newStyles(), width: 80, height: 24,
		panes: map[scope]*files{}, causes: map[causeAt]bool{}, measure: "live"}
}

// Init implements tea.Model: it has the images read.
func (m *Model) Init() tea.Cmd {
	return func() tea.Msg {
		d, err := m.src.Load(m.ctx, func(e progress.Event) { m.send(progressMsg(e)) })
		if err != nil {
			return loadedMsg{err: err}
		}
		return loadedMsg{data: d}
	}
}

// Err is why nothing could be shown; nil if all went well.
func (m *Model) Err() error { return m.err }

// Update implements tea.Model.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = max(msg.Width, 10), max(msg.Height, 2)
		m.settle()
	case progressMsg:
		m.progress(progress.Event(msg))
	case loadedMsg:
		return m, m.loaded(msg)
	case tableMsg:
		return m, m.panes[msg.of].fill(msg.table)
	case summedMsg:
		return m, m.summed(msg)
	case textMsg:
		m.read(msg)
	case saidMsg:
		m.tell(msg.text, msg.err)
	case tea.KeyPressMsg:
		return m, m.key(msg)
	case tea.PasteMsg:
		if m.prompt != nil {
			return m, m.typed(msg)
		}
	case tea.MouseWheelMsg:
		return m, m.wheel(msg)
	case tea.MouseClickMsg:
		return m, m.click(msg)
	}
	return m, nil
}

func (m *Model) progress(e progress.Event) {
	n := slices.IndexFunc(m.loading, func(o progress.Event) bool { return o.ID == e.ID })
	if n < 0 {
		m.loading = append(m.loading, e)
		return
	}
	m.loading[n] = e
}

func (m *Model) loaded(msg loadedMsg) tea.Cmd {
	if msg.err != nil {
		m.err = msg.err
		return tea.Quit
	}
	m.data, m.loading = msg.data, nil
	if m.data.Result != nil {
		m.of = scope{0, 1}
		for _, d := range m.data.Result.Differences {
			if d.Measure == m.measure { // the first one is what both panes begin with
				m.of.from, m.of.to = d.Ends()
				break
			}
		}
		for n := range m.data.Result.Differences {
			m.causes[causeAt{n, -1, -1}] = true
		}
	}
	return m.show(m.of)
}

// show looks at one image or at two. The lists are there at once, the tree follows.
func (m *Model) show(of scope) tea.Cmd {
	f := m.panes[of]
	if f == nil {
		facts := []*weigh.Facts{m.data.Images[of.from].Facts}
		if of.joined() {
			facts = append(facts, m.data.Images[of.to].Facts)
		}
		f = newFiles(of, facts)
		m.panes[of] = f
		f.busy = true
		m.of, m.files = of, f
		m.fill()
		m.settle()
		return func() tea.Msg { return tableMsg{of, outline.New(facts...)} }
	}
	m.of, m.files = of, f
	m.fill()
	m.settle()
	return nil
}

// fill makes the lists of what is looked at.
func (m *Model) fill() {
	if m.of.joined() {
		m.lists = []*list{causesPane(m.data.Result, m.measure, m.causes), imagesPane(m.data)}
	} else {
		i := &m.data.Images[m.of.from]
		m.lists = []*list{layersPane(i), packagesPane(i), wastePane(i), stepsPane(i)}
		m.sel = selection{}
		m.sel.take(m.files.view.From, m.files.view.To, len(m.lists[0].rows))
		m.lists[0].cursor = m.files.view.From
	}
	m.tab = 0
}

func (m *Model) summed(msg summedMsg) tea.Cmd {
	f := m.panes[msg.of]
	if f == nil || !f.arrive(msg, m.area().filesRows) || f != m.files {
		return nil
	}
	var cmds []tea.Cmd
	queue := m.queue
	m.queue = nil
	for _, k := range queue {
		cmds = append(cmds, m.key(k))
	}
	return tea.Batch(cmds...)
}

// settle keeps the cursors in sight, after the size has changed.
func (m *Model) settle() {
	a := m.area()
	for _, l := range m.lists {
		l.move(l.cursor, a.listRows)
	}
	if m.files != nil {
		m.files.move(m.files.cursor, a.filesRows)
	}
}

func (m *Model) tell(text string, err error) {
	m.said, m.failed = screen.Safe(text), err != nil
	if err != nil {
		m.said = screen.Safe(err.Error())
	}
}

// prompt asks for a line of text.
type prompt struct {
	extract bool // where to extract to; else a filter
	was     string
	mode    outline.Mode
	input   textinput.Model
}
