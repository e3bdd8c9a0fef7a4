package tui

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"tare/internal/cut"
	"tare/internal/layer"
	"tare/internal/outline"
	"tare/internal/screen"
	"tare/internal/units"
)

// overlay is text over both panes: help, or a file.
type overlay struct {
	title string
	lines []string // safe
	top   int
}

func (o *overlay) move(to, height int) {
	o.top = max(0, min(to, len(o.lines)-(height-2)))
}

// leaf does what a key says while text is shown.
func (m *Model) leaf(do action, k tea.KeyPressMsg) tea.Cmd {
	if n, ok := step(do, m.height-2); ok {
		m.over.move(max(-1, min(m.over.top+n, len(m.over.lines))), m.height)
		return nil
	}
	switch {
	case do == doQuit, do == doHelp, do == doClearFilter, do == doEnter, do == doBack, k.String() == "h", k.String() == "left":
		m.over = nil
	case do == doToggle:
		m.over.move(m.over.top+m.height-2, m.height)
	}
	return nil
}

// help is the overlay of all keys.
func help() *overlay {
	o := &overlay{title: "Keys"}
	group, wide := "", 0
	for _, b := range Bindings() {
		wide = max(wide, cut.Width(b.Shown))
	}
	for _, b := range Bindings() {
		if b.Group != group {
			if group != "" {
				o.lines = append(o.lines, "")
			}
			group = b.Group
			o.lines = append(o.lines, group)
		}
		o.lines = append(o.lines, "  "+cut.Pad(b.Shown, wide)+"  "+b.Does)
	}
	o.lines = append(o.lines, "", "Signs")
	for s := outline.Added; s <= outline.Hidden; s++ {
		o.lines = append(o.lines, "  "+cut.Pad(s.Mark(), wide)+"  "+s.String())
	}
	o.lines = append(o.lines, "", "Columns",
		"  SIZE       bytes of files that the layers in the range leave",
		"  TRANSFER   the part of their blobs, as a pull transfers them (apportioned)",
		"  HIDDEN     bytes of files that they hide, of their own or of layers below")
	return o
}

// open reads the file at the cursor.
func (m *Model) open() tea.Cmd {
	image, r, ok := m.version()
	if !ok {
		m.tell("there is no file here", nil)
		return nil
	}
	t := m.data.Images[image].Facts.Tree
	path := "/" + m.files.table.Path(m.files.node())
	if to, link := t.Target(r); link {
		r = to
	}
	e := t.Entry(r)
	switch {
	case e.Kind == layer.Symlink:
		m.tell("a symbolic link to "+e.Link(), nil)
		return nil
	case e.Kind != layer.File:
		m.tell(path+" is a "+e.Kind.String(), nil)
		return nil
	}
	title := fmt.Sprintf("%s  %s, layer %d", screen.Safe(path), units.Bytes(e.Size), r.Layer+1)
	m.tell("reading "+path, nil)
	return func() tea.Msg {
		b, err := m.src.Read(m.ctx, image, r)
		return textMsg{title, b, err}
	}
}

// read shows a file that was read.
func (m *Model) read(msg textMsg) {
	m.said, m.failed = "", false
	switch {
	case msg.err != nil:
		m.tell("", msg.err)
	case !isText(msg.text):
		m.tell("", fmt.Errorf("%s is not text: e extracts it", msg.title))
	default:
		o := &overlay{title: msg.title}
		for line := range strings.Lines(string(msg.text)) {
			line = strings.ReplaceAll(strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), "\t", "    ")
			o.lines = append(o.lines, screen.Safe(line))
		}
		if len(o.lines) == 0 {
			o.lines = []string{"(empty)"}
		}
		m.over = o
	}
}

func isText(b []byte) bool { return utf8.Valid(b) && !bytes.ContainsRune(b, 0) }

// ask opens the prompt, for a filter or for where to extract to.
func (m *Model) ask(extract bool) tea.Cmd {
	p := &prompt{extract: extract, was: m.files.text, mode: m.files.mode, input: textinput.New()}
	p.input.Prompt = ""
	p.input.SetVirtualCursor(false)
	p.input.SetWidth(max(m.width-24, 10))
	if extract {
		if len(m.files.rows) == 0 {
			return nil
		}
		name := m.files.table.Name(m.files.node())
		if screen.Safe(name) != name || name == "." || name == ".." {
			name = "extracted"
		}
		p.input.SetValue("./" + name)
	} else {
		p.input.SetValue(m.files.text)
	}
	p.input.CursorEnd()
	m.prompt = p
	_ = p.input.Focus() // the terminal's own cursor blinks by itself
	return nil
}

// typed takes what is typed into the prompt. A filter acts at once.
func (m *Model) typed(msg tea.Msg) tea.Cmd {
	p := m.prompt
	if k, ok := msg.(tea.KeyPressMsg); ok {
		switch k.String() {
		case "esc":
			m.prompt = nil
			if p.extract {
				return nil
			}
			return m.files.filter("", p.mode)
		case "enter":
			m.prompt = nil
			if p.extract {
				return m.extract(p.input.Value())
			}
			m.onFiles = true
			return nil
		case "tab":
			if !p.extract {
				p.mode = p.mode.Next()
				return m.files.filter(p.input.Value(), p.mode)
			}
		}
	}
	was := p.input.Value()
	p.input, _ = p.input.Update(msg)
	if now := p.input.Value(); now != was && !p.extract {
		return m.files.filter(now, p.mode)
	}
	return nil
}

// extract writes what the cursor is on to disk. A directory that two images have is the
// second's, which need not have an entry for it.
func (m *Model) extract(name string) tea.Cmd {
	image, _, ok := m.version()
	f, node := m.files, m.files.node()
	m.tell("extracting to "+name, nil)
	table, of, data, top := f.table, m.of, m.data, f.view.To
	return func() tea.Msg {
		if !of.joined() {
			text, err := m.src.Extract(m.ctx, of.from, table.Items(node, 0, top), name)
			return saidMsg{text, err}
		}
		last := func(n int) int { return len(data.Images[n].Facts.Tree.Lists) - 1 }
		items := table.Items(node, 1, last(of.to))
		if len(items) == 0 || ok && image == of.from && table.Nodes[node].End == node+1 {
			items, image = table.Items(node, 0, last(of.from)), of.from
		} else {
			image = of.to
		}
		text, err := m.src.Extract(m.ctx, image, items, name)
		return saidMsg{text, err}
	}
}
