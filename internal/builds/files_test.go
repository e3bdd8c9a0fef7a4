package builds

import (
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/profile"
	"tare/internal/testkit"
)

// some are n files as a context has them.
func some(n int) map[string]profile.File {
	r := rand.New(rand.NewPCG(1, 2))
	out := map[string]profile.File{}
	for i := range n {
		p := fmt.Sprintf("src/%d/%x/file%d.js", i%17, r.Uint32()%256, i)
		switch i % 50 {
		case 0:
			out[p] = profile.File{Mode: uint32(fs.ModeSymlink | 0o777), Link: "../" + p}
		case 1:
			out[p] = profile.File{Mode: uint32(fs.ModeDir | 0o755)}
		default:
			out[p] = profile.File{Mode: 0o644, Size: int64(r.Uint32()), Sum: fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()),
				Time: int64(r.Uint64() >> 2), Changed: int64(r.Uint64() >> 2), Inode: r.Uint64()}
		}
	}
	return out
}

func book(t testing.TB) (Book, string) {
	t.Helper()
	st := testkit.Store(t)
	return Open(st), filepath.Join(st.Root(), "builds", filesKind)
}

// keepBuild keeps a build as Note does, under a kind and a key.
func (b Book) keepBuild(kind string, key digest.Digest, made *profile.Build) {
	b.keep(kind, key, b.keepFiles(made))
}

func inodes(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	list, _ := os.ReadDir(dir)
	out := map[string]int64{}
	for _, e := range list {
		if fi, err := e.Info(); err == nil {
			out[e.Name()] = fi.Size()
		}
	}
	return out
}

func TestPieces(t *testing.T) {
	b, dir := book(t)
	key := digest.FromString("a")
	for _, n := range []int{0, 1, 2, 127, 128, 129, 5000} {
		in := &profile.Build{Source: "FROM x", Files: map[string]map[string]profile.File{"context": some(n), "other": {}}}
		b.keepBuild(madeKind, key, in)
		if out := b.getBuild(madeKind, key); !reflect.DeepEqual(in, out) {
			t.Errorf("%d files: other ones came back", n)
		}
	}
	// What one file changes of 30,000 is a piece, and what all images of it remember is its names.
	files := some(30000)
	in := &profile.Build{Files: map[string]map[string]profile.File{"context": files}}
	b.keepBuild(madeKind, key, in)
	before := inodes(t, dir)
	for n, change := range []func(){
		func() {},
		func() { f := files["src/2/0/new"]; f.Size = 7; files["src/2/0/new"] = f },
		func() { delete(files, "src/2/0/new") },
		func() { files["a"] = profile.File{Mode: 0o600} },
		func() { files["zzz"] = profile.File{Mode: 0o600} },
	} {
		change()
		b.keepBuild(madeKind, key, in)
		b.keepBuild(ofKind, key, in)
		if out := b.getBuild(ofKind, key); !maps.Equal(out.Files["context"], files) {
			t.Errorf("change %d: other files came back", n)
		}
		written := int64(0)
		after := inodes(t, dir)
		for name, size := range after {
			if _, had := before[name]; !had {
				written += size
			}
		}
		before = after
		fi, err := os.Stat(filepath.Join(dir, "..", ofKind, key.Encoded()))
		if err != nil || written > 32<<10 || fi.Size() > 32<<10 {
			t.Errorf("change %d wrote %d bytes of files and a record of %d: %v", n, written, fi.Size(), err)
		}
	}
}

func TestPiecesThatAreNotWhole(t *testing.T) {
	b, dir := book(t)
	key := digest.FromString("a")
	in := &profile.Build{Files: map[string]map[string]profile.File{"context": some(1000)}}
	for name, harm := range map[string]func(file string) error{
		"gone":      os.Remove,
		"damaged":   func(file string) error { return os.WriteFile(file, []byte("x"), 0o600) },
		"truncated": func(file string) error { return os.Truncate(file, 100) },
	} {
		b.keepBuild(madeKind, key, in)
		list, err := os.ReadDir(dir)
		if err != nil || len(list) < 3 {
			t.Fatalf("%d pieces: %v", len(list), err)
		}
		if err := harm(filepath.Join(dir, list[1].Name())); err != nil {
			t.Fatal(err)
		}
		if b.getBuild(madeKind, key) != nil {
			t.Errorf("%s: remembered all the same", name)
		}
		b.keepBuild(madeKind, key, in) // heals it
		if out := b.getBuild(madeKind, key); !reflect.DeepEqual(in, out) {
			t.Errorf("%s: the next build did not mend it", name)
		}
	}
}

// What every build of the last 90 days needs stays.
func TestPiecesAreRefreshed(t *testing.T) {
	b, dir := book(t)
	key := digest.FromString("a")
	in := &profile.Build{Files: map[string]map[string]profile.File{"context": some(1000)}}
	b.keepBuild(madeKind, key, in)
	old := time.Now().Add(-Shelf - time.Hour)
	for name := range inodes(t, dir) {
		if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	b.keepBuild(madeKind, key, in)
	b.Prune(time.Now())
	if b.getBuild(madeKind, key) == nil {
		t.Error("pruned, though a build has just used it")
	}
	for name := range inodes(t, dir) {
		if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	if b.Prune(time.Now()); b.getBuild(madeKind, key) != nil {
		t.Error("not pruned after its time")
	}
}

func FuzzUnpack(f *testing.F) {
	for piece := range pieces(some(300)) {
		f.Add(piece)
	}
	f.Add([]byte{1})
	f.Add([]byte{0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		files := map[string]profile.File{}
		if unpack(b, files) != nil {
			return
		}
		again := map[string]profile.File{}
		for piece := range pieces(files) {
			if err := unpack(piece, again); err != nil {
				t.Fatal(err)
			}
		}
		if !maps.Equal(files, again) {
			t.Error("what was read is written as something else")
		}
	})
}

// BenchmarkKeep is what a build remembers of 30,000 files after one was changed.
func BenchmarkKeep(b *testing.B) {
	k, _ := book(b)
	files := some(30000)
	in := &profile.Build{Files: map[string]map[string]profile.File{"context": files}}
	k.keepBuild(madeKind, digest.FromString("a"), in)
	for n := 0; b.Loop(); n++ {
		files["one"] = profile.File{Size: int64(n)}
		made := k.keepFiles(in)
		k.keep(madeKind, digest.FromString("a"), made)
		k.keep(ofKind, digest.FromString("b"), made)
	}
}

// BenchmarkGet is what it costs to know them again.
func BenchmarkGet(b *testing.B) {
	k, _ := book(b)
	k.keepBuild(madeKind, digest.FromString("a"), &profile.Build{Files: map[string]map[string]profile.File{"context": some(30000)}})
	for b.Loop() {
		if k.getBuild(madeKind, digest.FromString("a")) == nil {
			b.Fatal("forgotten")
		}
	}
}
