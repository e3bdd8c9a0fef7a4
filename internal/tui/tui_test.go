package tui

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"context"

	tea "charm.land/bubbletea/v2"
	"github.com/google/go-cmp/cmp"

	"tare/internal/compare"
	"tare/internal/layer"
	"tare/internal/outline"
	"tare/internal/progress"
	"tare/internal/tree"
	"tare/internal/weigh"
)

var update = flag.Bool("update", false, "write the golden screens")

// fake is a source without files.
type fake struct {
	data      *Data
	text      string
	err       error
	extracted []outline.Item
	to        string
}

func (f *fake) Load(context.Context, progress.Func) (*Data, error) { return f.data, f.err }

func (f *fake) Read(context.Context, int, tree.Ref) ([]byte, error) { return []byte(f.text), f.err }

func (f *fake) Extract(_ context.Context, _ int, items []outline.Item, name string) (string, error) {
	f.extracted, f.to = items, name
	return "extracted to " + name, f.err
}

func entry(path string, kind layer.Kind, size int64) layer.Entry {
	return layer.Entry{Path: path, Kind: kind, Size: size, Mode: 0o755, Span: 512 + size, Share: size / 2, Sum: layer.Sum{byte(size), byte(size >> 8), byte(len(path))}}
}

// app are facts of a small image: a base, a package manager's lists, a build, a clean-up.
func app(t testing.TB) *weigh.Facts {
	const f, d = layer.File, layer.Dir
	return factsOf(t,
		[]layer.Entry{entry("bin", d, 0), entry("bin/sh", f, 1_200_000), entry("etc", d, 0), entry("etc/passwd", f, 900), entry("var/lib/lists", f, 30_000_000)},
		[]layer.Entry{entry("app", d, 0), entry("app/main", f, 8_000_000), entry("app/key.pem", f, 1700), entry("app/docs/guide.txt", f, 52_000), entry("etc/passwd", f, 950)},
		[]layer.Entry{entry("app/key.pem", layer.Whiteout, 0), entry("var/lib/lists", layer.Whiteout, 0), entry("app/bad\x1b[31m\u202ename", f, 10), entry("app/link", layer.Symlink, 0)},
	)
}

func look(t testing.TB, width, height int) (*Model, *fake) {
	t.Helper()
	src := &fake{data: &Data{Images: []Image{{Name: "app:1\x1b]0;x\a", Facts: app(t), Dockerfile: &weigh.Dockerfile{Name: "Dockerfile", Lines: map[int]int{1: 4, 2: 7}}}}}}
	return start(t, src, width, height), src
}

func start(t testing.TB, src *fake, width, height int) *Model {
	m := New(t.Context(), src, func(tea.Msg) {})
	m.Update(tea.WindowSizeMsg{Width: width, Height: height})
	drain(m, m.Init())
	return m
}

// two are a comparison of two images.
func two(t testing.TB) *fake {
	t.Helper()
	a, b := app(t), factsOf(t, []layer.Entry{entry("bin/sh", layer.File, 1_200_000), entry("app/main", layer.File, 9_500_000), entry("app/new", layer.File, 400)})
	r, err := compare.Compare([]compare.Subject{{Name: "old", Facts: a}, {Name: "new", Facts: b}}, compare.Options{Depth: 10})
	if err != nil {
		t.Fatal(err)
	}
	return &fake{data: &Data{Images: []Image{{Name: "old", Facts: a}, {Name: "new", Facts: b}}, Result: r}}
}

// Screens are held against golden ones; every line fits, and nothing in them commands a
// terminal.
func TestScreens(t *testing.T) {
	for _, c := range []struct {
		name          string
		width, height int
		two           bool
		keys          string
	}{
		{"first", 80, 24, false, ""},
		{"wide", 160, 45, false, "tab w"},
		{"layer", 80, 24, false, "down ctrl+l tab down right"},
		{"range", 80, 24, false, "down v down"},
		{"packages", 80, 24, false, "2"},
		{"waste", 80, 24, false, "3 enter"},
		{"steps", 80, 24, false, "4 down"},
		{"filter", 80, 24, false, "/ k e y"},
		{"regex", 80, 24, false, "/ tab tab m a i n $ enter"},
		{"badregex", 80, 24, false, "/ tab tab ("},
		{"attributes", 80, 24, false, "i tab right"},
		{"help", 80, 24, false, "?"},
		{"removed", 80, 24, false, "G tab G right down down down"},
		{"small", 40, 12, false, ""},
		{"causes", 80, 24, true, "down right"},
		{"joined", 80, 24, true, "tab Z"},
		{"unchanged", 80, 24, true, "U tab Z"},
		{"images", 80, 24, true, "2"},
		{"oneof", 80, 24, true, "2 down enter"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m *Model
			if c.two {
				m = start(t, two(t), c.width, c.height)
			} else {
				m, _ = look(t, c.width, c.height)
			}
			m.keysFor(strings.Fields(c.keys)...)
			check(t, m)
			name := filepath.Join("testdata", c.name+".txt")
			if *update {
				if err := os.WriteFile(name, []byte(plain(m)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), plain(m)); diff != "" {
				t.Errorf("another screen (-update writes it):\n%s", diff)
			}
		})
	}
}

// check holds what is true of every screen.
func check(t *testing.T, m *Model) {
	t.Helper()
	s := m.Screen()
	if strings.Contains(s, "\x1b[31m\u202e") || strings.ContainsAny(s, "\a\u202e") || strings.Contains(s, "\x1b]") {
		t.Error("a name commands the terminal")
	}
	lines := strings.Split(strings.TrimSuffix(plain(m), "\n"), "\n")
	if len(lines) != m.height {
		t.Errorf("%d lines on a screen of %d", len(lines), m.height)
	}
	for _, l := range lines {
		if n := len([]rune(l)); n > m.width {
			t.Errorf("a line of %d columns on a screen of %d: %s", n, m.width, l)
		}
	}
}

// Every key, at every size, leaves a screen that fits; also with nothing in the image.
func TestEveryKeyAtEverySize(t *testing.T) {
	for _, size := range [][2]int{{20, 10}, {80, 24}, {120, 24}} {
		for _, src := range []*fake{two(t), {data: &Data{Images: []Image{{Name: "empty", Facts: factsOf(t, nil)}}}}, {data: &Data{Images: []Image{{Name: "app", Facts: app(t)}}}}} {
			m := start(t, src, size[0], size[1])
			for _, prefix := range []string{"1", "2", "3", "4", "tab"} {
				for _, b := range Bindings() {
					for _, k := range b.Keys {
						if b.do == doQuit {
							continue
						}
						m.keysFor(prefix, "down", k)
						check(t, m)
						m.keysFor("esc", "esc")
						check(t, m)
					}
				}
			}
		}
	}
}

func TestResizing(t *testing.T) {
	m, _ := look(t, 80, 24)
	m.keysFor("tab", "Z", "G")
	for _, size := range [][2]int{{160, 45}, {20, 10}, {20, 5}, {20, 4}, {20, 3}, {20, 2}, {1, 1}, {20, 5}, {80, 24}} {
		m.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		check(t, m)
		if got := plain(m); size[1] > 1 && strings.Count(got, "> ") != 1 && strings.Count(got, ">┃") != 1 {
			t.Errorf("at %v the row at the cursor is not there:\n%s", size, got)
		}
		if f := m.files; f.cursor < f.top || m.area().filesRows > 0 && f.cursor >= f.top+m.area().filesRows {
			t.Errorf("at %v the cursor %d is out of sight from %d", size, f.cursor, f.top)
		}
	}
}

// A terminal of a few lines shows the pane that has the keys, and every key works there.
func TestFewLines(t *testing.T) {
	for _, size := range [][2]int{{20, 5}, {80, 5}, {20, 3}, {10, 2}} {
		m, _ := look(t, size[0], size[1])
		for _, k := range []string{"down", "tab", "right", "down", "G", "g", "pgdown", "w", "s", "/", "a", "enter", "esc", "Z", "o", "q", "?", "down", "G", "q", "e", "esc", "P", "L", "D", "1", "2", "3", "4", "enter", "ctrl+o", "v", "J", "K", "a", "i", "U"} {
			m.keysFor(k)
			check(t, m)
			if m.files == nil {
				t.Fatalf("%v: %s leaves", size, k)
			}
		}
	}
	m, _ := look(t, 40, 5)
	if got := plain(m); !strings.Contains(got, "[1 Layers]") || strings.Contains(got, "Files,") {
		t.Errorf("the list has the keys:\n%s", got)
	}
	m.keysFor("tab")
	if got := plain(m); strings.Contains(got, "[1 Layers]") || !strings.Contains(got, "Files,") {
		t.Errorf("the files have the keys:\n%s", got)
	}
	row := m.files.top + 1
	m.Update(tea.MouseClickMsg{X: 3, Y: 3, Button: tea.MouseLeft})
	if m.files.cursor != row {
		t.Errorf("a click on the second row leads to %d", m.files.cursor)
	}
}

func TestJumpsThereAndBack(t *testing.T) {
	m, _ := look(t, 80, 24)
	m.keysFor("/", "g", "u", "i", "d", "e", "enter", "G")
	before := plain(m)
	m.keysFor("L")
	if m.tab != 0 || m.lists[0].at() != layerAt(1) || m.onFiles {
		t.Errorf("L leads to %v of list %d", m.lists[m.tab].at(), m.tab)
	}
	m.keysFor("D")
	if m.tab != 3 || m.lists[3].at() != stepAt(1) {
		t.Errorf("D leads to %v of list %d", m.lists[m.tab].at(), m.tab)
	}
	m.keysFor("ctrl+o", "backspace")
	if diff := cmp.Diff(before, plain(m)); diff != "" {
		t.Errorf("back is elsewhere:\n%s", diff)
	}
	m.keysFor("P")
	if !strings.Contains(plain(m), "no package owns this") {
		t.Error("a file without a package has one")
	}
}

func TestReading(t *testing.T) {
	m, src := look(t, 80, 24)
	src.text = "one\ttab\n\x1b[2Jtwo\n"
	m.keysFor("/", "m", "a", "i", "n", "enter", "G", "o")
	s := plain(m)
	if !strings.Contains(s, "/app/main") || !strings.Contains(s, "one    tab") || strings.Contains(m.Screen(), "\x1b[2J") {
		t.Errorf("not the text:\n%s", s)
	}
	check(t, m)
	m.keysFor("q")
	if m.over != nil {
		t.Error("q does not close the text")
	}
	src.text = "\x00ELF"
	m.keysFor("o")
	if !strings.Contains(plain(m), "is not text") {
		t.Error("bytes are shown as text")
	}
	src.err = errors.New("layer is damaged")
	m.keysFor("o")
	if !strings.Contains(plain(m), "layer is damaged") {
		t.Error("an error is not shown")
	}
}

func TestExtracting(t *testing.T) {
	m, src := look(t, 80, 24)
	m.keysFor("/", "k", "e", "y", "enter", "G", "e")
	if !strings.Contains(plain(m), "extract to: ./key.pem") {
		t.Fatalf("it does not ask where to:\n%s", plain(m))
	}
	m.keysFor("2", "enter")
	if src.to != "./key.pem2" || len(src.extracted) != 1 || src.extracted[0].Ref.Layer != 1 || !strings.Contains(plain(m), "extracted to ./key.pem2") {
		t.Errorf("to %q: %v", src.to, src.extracted)
	}
	src.to = ""
	m.keysFor("e", "esc")
	if src.to != "" {
		t.Error("Esc extracts")
	}
}

func TestCopying(t *testing.T) {
	m, _ := look(t, 80, 24)
	m.keysFor("/", "m", "a", "i", "n", "enter", "G")
	_, cmd := m.Update(press("y"))
	if cmd == nil || cmd() != tea.SetClipboard("/app/main")() {
		t.Error("the path is not copied")
	}
	m.keysFor("/", "ctrl+u", "b", "a", "d", "enter", "G")
	if _, cmd = m.Update(press("y")); cmd != nil || !strings.Contains(plain(m), "it is not copied") {
		t.Error("a path that commands terminals is copied")
	}
}

// Keys that come while an answer is on its way wait for it, in their order.
func TestKeysWait(t *testing.T) {
	one, _ := look(t, 80, 24)
	one.keysFor("tab", "s", "down", "right", "down")
	all, _ := look(t, 80, 24)
	var first tea.Cmd
	for _, k := range []string{"tab", "s", "down", "right", "down"} {
		if _, cmd := all.Update(press(k)); cmd != nil {
			first = cmd
		}
	}
	drain(all, first)
	if diff := cmp.Diff(plain(one), plain(all)); diff != "" {
		t.Errorf("keys in haste do something else:\n%s", diff)
	}
}

// What was typed last counts, in whichever order the answers come.
func TestAnswersThatAreLate(t *testing.T) {
	m, _ := look(t, 80, 24)
	m.keysFor("/")
	_, first := m.Update(press("m"))
	_, second := m.Update(press("z"))
	drain(m, second)
	want := plain(m)
	drain(m, first)
	if diff := cmp.Diff(want, plain(m)); diff != "" {
		t.Errorf("an old answer is shown:\n%s", diff)
	}
}

func TestMouse(t *testing.T) {
	m, _ := look(t, 80, 24)
	send := func(msg tea.Msg) {
		_, cmd := m.Update(msg)
		drain(m, cmd)
	}
	a := m.area()
	send(tea.MouseClickMsg{X: 30, Y: a.filesY + 3, Button: tea.MouseLeft})
	if !m.onFiles || m.files.cursor != 1 {
		t.Errorf("a click leads to row %d", m.files.cursor)
	}
	rows := len(m.files.rows)
	send(tea.MouseClickMsg{X: 30, Y: a.filesY + 3, Button: tea.MouseLeft})
	if len(m.files.rows) <= rows {
		t.Error("a second click does not open the directory")
	}
	send(tea.MouseWheelMsg{X: 30, Y: a.filesY + 3, Button: tea.MouseWheelUp})
	if m.files.cursor != 0 {
		t.Error("the wheel does not move")
	}
	send(tea.MouseClickMsg{X: 16, Y: a.listY, Button: tea.MouseLeft})
	if m.tab != 1 {
		t.Errorf("a click on the second title shows list %d", m.tab)
	}
	send(tea.MouseClickMsg{X: 3, Y: a.listY, Button: tea.MouseLeft})
	send(tea.MouseClickMsg{X: 30, Y: a.listY + 3, Button: tea.MouseLeft})
	if m.files.view.From != 1 || m.files.view.To != 1 {
		t.Errorf("a click on the second layer shows %d to %d", m.files.view.From, m.files.view.To)
	}
}

func TestLoading(t *testing.T) {
	src := &fake{err: errors.New("no such image")}
	m := New(t.Context(), src, nil)
	m.Update(progressMsg{ID: "sha256:12", Action: "Downloading", Done: 500, Total: 1000})
	if s := plain(m); !strings.Contains(s, "Downloading") || !strings.Contains(s, "500B") {
		t.Errorf("progress is not shown:\n%s", s)
	}
	check(t, m)
	_, cmd := m.Update(m.Init()())
	if m.Err() == nil || cmd == nil || cmd() != tea.Quit() {
		t.Error("an error does not end it")
	}
}

// No key does two things, and no two keys of help are the same.
func TestKeysAreDistinct(t *testing.T) {
	seen := map[string]string{}
	for _, b := range Bindings() {
		for _, k := range b.Keys {
			if seen[k] != "" {
				t.Errorf("%s: %s and %s", k, seen[k], b.Does)
			}
			seen[k] = b.Does
		}
	}
	for k, does := range map[string]string{"tab": "pane", "ctrl+a": "up to", "ctrl+l": "only the layer", "ctrl+space": "close all", "ctrl+f": "filter", "ctrl+u": "unchanged", "ctrl+r": "removed", "ctrl+b": "modes", "space": "open or close", "ctrl+e": "extract"} {
		if !strings.Contains(seen[k], does) {
			t.Errorf("dive's %s does %q", k, seen[k])
		}
	}
}

// The page of the command has every key.
func TestPageHasAllKeys(t *testing.T) {
	b, err := os.ReadFile("../../docs/reference/view.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range Bindings() {
		row := "| `" + strings.ReplaceAll(k.Shown, " ", "` `") + "` | " + k.Does + " |\n"
		if !strings.Contains(string(b), row) {
			t.Errorf("docs/reference/view.md lacks %s", row)
		}
	}
	if n := strings.Count(string(b), "\n| `"); n != len(Bindings())+int(outline.Hidden-outline.Added)+1 {
		t.Errorf("docs/reference/view.md has %d rows of keys and signs, want %d", n, len(Bindings())+int(outline.Hidden-outline.Added)+1)
	}
}

// What both images have is read from the second, what only the first has from there.
func TestWhichOfTwoIsRead(t *testing.T) {
	m := start(t, two(t), 120, 24)
	m.keysFor("tab", "Z")
	sides := map[int]int{}
	for n, i := range m.files.rows {
		m.files.cursor = n
		image, _, ok := m.version()
		sign := m.files.sums.Sign[i]
		if !ok || m.files.table.Nodes[i].End > i+1 { // a directory need not have an entry
			continue
		}
		sides[image]++
		if want := map[bool]int{true: m.of.from, false: m.of.to}[sign == outline.Removed]; image != want {
			t.Errorf("%s (%s) is read from image %d", m.files.table.Path(i), sign, image)
		}
	}
	if sides[0] == 0 || sides[1] == 0 {
		t.Errorf("only one of both was read: %v", sides)
	}
}
