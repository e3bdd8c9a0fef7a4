package weigh_test

import (
	"slices"
	"testing"

	"tare/internal/testkit"
	"tare/internal/tree"
	"tare/internal/weigh"
)

// find is the part of a map at the end of names; a zero Node if there is none.
func find(n weigh.Node, names ...string) weigh.Node {
	for _, name := range names {
		i := slices.IndexFunc(n.Parts, func(p weigh.Node) bool { return p.Name == name })
		if i < 0 {
			return weigh.Node{}
		}
		n = n.Parts[i]
	}
	return n
}

// What is added and what is gone is the difference of the live bytes, to the byte.
func TestMapAgainst(t *testing.T) {
	was := factsOf(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, fill("srv/same", "s", 400), fill("srv/other", "a", 100), fill("srv/gone", "g", 70))}})
	now := factsOf(t, testkit.Options{Layers: [][]byte{
		testkit.Tar(t, fill("srv/same", "s", 400), fill("srv/other", "b", 130), fill("srv/hidden", "h", 50)),
		testkit.Tar(t, fill("srv/new", "n", 20), testkit.File("srv/.wh.hidden", ""))}})
	m := now.Map("now", weigh.MapOptions{Parts: 1000, Against: was, Name: "was"})
	if m.Added != 150 || m.Gone != 170 || now.Sizes.Live-was.Sizes.Live != m.Added-m.Gone {
		t.Errorf("added %d, gone %d", m.Added, m.Gone)
	}
	if m.Against != "was" || !slices.Contains(m.Has, "added") || slices.Contains(m.Has, "read") {
		t.Errorf("%v against %s", m.Has, m.Against)
	}
	if n := find(m, "only in was"); n.Gone != 170 || n.Bytes != 0 {
		t.Errorf("only in was: %+v", n)
	}
	if n := find(m, "1 ", "app", "srv", "other"); n.Added != 130 {
		t.Errorf("other: %+v", n)
	}
	if n := find(m, "1 ", "app", "srv", "same"); n.Added != 0 || n.Bytes != 400 {
		t.Errorf("same: %+v", n)
	}
	alone := now.Map("now", weigh.MapOptions{Parts: 1000})
	if alone.Added != 0 || alone.Gone != 0 || alone.Against != "" || slices.Contains(alone.Has, "added") {
		t.Errorf("of one image: %+v", alone)
	}
	if same := now.Map("now", weigh.MapOptions{Parts: 1000, Against: now, Name: "itself"}); same.Added != 0 || same.Gone != 0 {
		t.Errorf("against itself: %+v", same)
	}
}

// A trace's word counts for live bytes only; without one nothing is said.
func TestMapOfTrace(t *testing.T) {
	f := factsOf(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, fill("srv/a", "a", 100), fill("srv/b", "b", 60), fill("srv/c", "c", 40))}})
	m := f.Map("x", weigh.MapOptions{Parts: 1000, Touched: func(r tree.Ref) (bool, bool) {
		p := f.Tree.Entry(r).Path
		return p == "srv/a", p == "srv/b"
	}})
	if m.Read != 100 || m.Looked != 60 || !slices.Contains(m.Has, "read") {
		t.Errorf("%+v", m)
	}
	if m := f.Map("x", weigh.MapOptions{Parts: 1000}); m.Read != 0 || m.Looked != 0 || slices.Contains(m.Has, "read") {
		t.Errorf("%+v", m)
	}
}

// A file keeps its bytes where the same layer has a directory of its path, too.
func TestMapOfFileAndDirectory(t *testing.T) {
	f := factsOf(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, fill("srv/a", "a", 100), fill("srv/a/b", "b", 60))}})
	m := f.Map("x", weigh.MapOptions{Parts: 1000})
	var leaves int64
	var walk func(weigh.Node)
	walk = func(n weigh.Node) {
		if len(n.Parts) == 0 {
			leaves += n.Bytes
		}
		for _, p := range n.Parts {
			walk(p)
		}
	}
	walk(m)
	if leaves != m.Bytes || m.Bytes != 160 {
		t.Errorf("the leaves have %d of %d bytes", leaves, m.Bytes)
	}
}
