package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/weigh"
)

// many are facts of an image of n files in five layers; the last removes some.
func many(t testing.TB, n int) *weigh.Facts {
	t.Helper()
	lists := make([][]layer.Entry, 5)
	dirs := map[string]bool{}
	add := func(k int, e layer.Entry) {
		e.Offset = int64(len(lists[k])) * 1536
		lists[k] = append(lists[k], e)
	}
	for i := range n {
		k := i % 4
		dir := fmt.Sprintf("usr/lib/module%03d/part%02d", i%500, i/500%50)
		if key := fmt.Sprint(k, dir); !dirs[key] {
			dirs[key] = true
			add(k, layer.Entry{Path: dir, Kind: layer.Dir, Mode: 0o755, Span: 512})
		}
		add(k, layer.Entry{Path: fmt.Sprintf("%s/file%06d.py", dir, i), Kind: layer.File, Mode: 0o644, Size: int64(i%977) * 11, Span: 1024, Share: 7, Sum: layer.Sum{byte(i), byte(i >> 8), byte(i >> 16)}})
	}
	for i := 0; i < n; i += 50 {
		add(4, layer.Entry{Path: fmt.Sprintf("usr/lib/module%03d/part%02d/file%06d.py", i%500, i/500%50, i), Kind: layer.Whiteout, Span: 512})
	}
	return factsOf(t, lists...)
}

// factsOf makes the facts of layers with entries.
func factsOf(t testing.TB, lists ...[]layer.Entry) *weigh.Facts {
	t.Helper()
	img := &image.Image{Push: &image.Pushed{}}
	img.Config.OS, img.Config.Architecture = "linux", "amd64"
	for k, list := range lists {
		slices.SortStableFunc(list, func(a, b layer.Entry) int { return layer.ComparePaths(a.Path, b.Path) })
		x := &layer.Index{List: list}
		shares := &layer.Shares{}
		for i := range list {
			x.Tar += list[i].Span
			x.Files += list[i].Size
			x.Entries++
			shares.List = append(shares.List, list[i].Share)
			shares.Transfer += list[i].Share
		}
		x.DiffID = digest.FromString(fmt.Sprint("layer ", k))
		d := ocispec.Descriptor{Digest: digest.FromString(fmt.Sprint("blob ", k)), Size: shares.Transfer, MediaType: ocispec.MediaTypeImageLayerGzip}
		x.Compression = layer.Gzip
		img.Layers = append(img.Layers, image.Layer{Descriptor: d, DiffID: x.DiffID, Sums: &x.Sums, Index: x, Shares: shares})
		img.Push.Layers = append(img.Push.Layers, d)
		img.History = append(img.History, image.Step{History: ocispec.History{CreatedBy: fmt.Sprintf("RUN /bin/sh -c step %d # buildkit", k+1)}, Layer: k})
	}
	f, err := weigh.New(img)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// press is a key by its name.
func press(name string) tea.KeyPressMsg {
	codes := map[string]rune{"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight, "tab": tea.KeyTab, "enter": tea.KeyEnter, "esc": tea.KeyEscape,
		"space": tea.KeySpace, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "home": tea.KeyHome, "end": tea.KeyEnd, "backspace": tea.KeyBackspace}
	var k tea.KeyPressMsg
	for {
		rest, mod := "", tea.KeyMod(0)
		switch {
		case strings.HasPrefix(name, "ctrl+"):
			rest, mod = name[5:], tea.ModCtrl
		case strings.HasPrefix(name, "shift+"):
			rest, mod = name[6:], tea.ModShift
		}
		if mod == 0 {
			break
		}
		k.Mod |= mod
		name = rest
	}
	if c, ok := codes[name]; ok {
		k.Code = c
		if name == "space" && k.Mod == 0 {
			k.Text = " "
		}
		return k
	}
	k.Code = []rune(name)[0]
	if k.Mod == 0 {
		k.Text = name
	}
	return k
}

// drain carries out commands, and what follows from them.
func drain(m *Model, cmds ...tea.Cmd) {
	for len(cmds) > 0 {
		cmd := cmds[0]
		cmds = cmds[1:]
		if cmd == nil {
			continue
		}
		msg := cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			cmds = append(cmds, batch...)
			continue
		}
		switch msg.(type) {
		case loadedMsg, tableMsg, summedMsg, textMsg, saidMsg, tea.KeyPressMsg:
			_, next := m.Update(msg)
			cmds = append(cmds, next)
		}
	}
}

// keys sends keys and waits for what they ask for.
func (m *Model) keysFor(names ...string) {
	for _, n := range names {
		_, cmd := m.Update(press(n))
		drain(m, cmd)
	}
}

// plain is the screen without colours.
func plain(m *Model) string {
	var out []string
	for line := range strings.Lines(ansi.Strip(m.Screen()) + "\n") {
		out = append(out, strings.TrimRight(line, " \n"))
	}
	return strings.Join(out, "\n") + "\n"
}
