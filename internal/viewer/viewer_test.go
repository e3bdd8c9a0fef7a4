package viewer_test

import (
	"archive/tar"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tare/internal/outline"
	"tare/internal/progress"
	"tare/internal/store"
	"tare/internal/target"
	"tare/internal/testkit"
	"tare/internal/viewer"
)

// open opens an image of layers.
func open(t *testing.T, layers ...[]testkit.Entry) (*viewer.Session, *outline.Table) {
	t.Helper()
	var o testkit.Options
	for _, l := range layers {
		o.Layers = append(o.Layers, testkit.Tar(t, l...))
	}
	st := testkit.Store(t)
	testkit.Put(t, st, "docker.io/library/app:latest", store.Pulled, testkit.Image(t, o))
	f := &target.Finder{Store: func() (*store.Store, error) { return st, nil }, Watch: func() (progress.Func, func()) { return nil, func() {} }, Note: func(string) {}}
	s, err := viewer.Open(t.Context(), f, viewer.Request{Words: []string{"app"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	d, err := s.Load(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, outline.New(d.Images[0].Facts)
}

// extract extracts a path, with all layers, to a name in a new directory.
func extract(t *testing.T, s *viewer.Session, table *outline.Table, path string) (dir, said string, err error) {
	t.Helper()
	i, ok := table.Find(path)
	if !ok {
		t.Fatalf("%s is not there", path)
	}
	dir = filepath.Join(t.TempDir(), "out")
	said, err = s.Extract(context.Background(), 0, table.Items(i, 0, len(table.Facts[0].Tree.Lists)-1), dir)
	return dir, said, err
}

func content(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestExtract(t *testing.T) {
	run := testkit.File("app/run.sh", "new")
	run.Mode = 0o4755
	s, table := open(t,
		[]testkit.Entry{testkit.Dir("app"), testkit.File("app/run.sh", "old"), testkit.File("app/sub/data", "data"), testkit.File("app/gone", "secret")},
		[]testkit.Entry{run, testkit.Link("app/hard", "app/run.sh"), testkit.Symlink("app/near", "sub/data"), testkit.Symlink("app/far", "/etc/passwd"), testkit.Symlink("app/up", "../../x"),
			testkit.File("app/.wh.gone", ""), {Header: tar.Header{Name: "app/null", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 3}}})
	dir, said, err := extract(t, s, table, "app")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"run.sh": "new", "hard": "new", "sub/data": "data", "near": "data"} {
		if got := content(t, filepath.Join(dir, name)); got != want {
			t.Errorf("%s holds %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"far", "up", "null", "gone"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s was written", name)
		}
	}
	if i, err := os.Stat(filepath.Join(dir, "run.sh")); err != nil || i.Mode() != 0o755 {
		t.Errorf("run.sh has %v, %v: set-uid must not be extracted", i.Mode(), err)
	}
	if want := "extracted 3 files, 7B, to " + dir + "; left out 2 symbolic links to elsewhere and 1 device"; said != want {
		t.Errorf("it says %q, want %q", said, want)
	}
}

// A file that a later layer removed is there to be had: that is why it is looked for.
func TestExtractWhatWasRemoved(t *testing.T) {
	s, table := open(t, []testkit.Entry{testkit.File("key", "secret")}, []testkit.Entry{testkit.File(".wh.key", "")})
	name, _, err := extract(t, s, table, "key")
	if err != nil || content(t, name) != "secret" {
		t.Errorf("not extracted: %v", err)
	}
	i, _ := table.Find("key")
	b, err := s.Read(t.Context(), 0, table.Items(i, 0, 1)[0].Ref)
	if err != nil || string(b) != "secret" {
		t.Errorf("read %q, %v", b, err)
	}
}

func TestExtractWritesOverNothing(t *testing.T) {
	s, table := open(t, []testkit.Entry{testkit.File("etc/a", "1"), testkit.File("etc/b", "2")})
	there := filepath.Join(t.TempDir(), "there")
	if err := os.WriteFile(there, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	dangling := filepath.Join(t.TempDir(), "dangling")
	if err := os.Symlink(filepath.Join(t.TempDir(), "nowhere"), dangling); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"etc", "etc/a"} {
		i, _ := table.Find(path)
		for _, name := range []string{there, dangling, "", "  "} {
			said, err := s.Extract(t.Context(), 0, table.Items(i, 0, 0), name)
			if err == nil {
				t.Errorf("%s was extracted to %q: %s", path, name, said)
			}
		}
	}
	if content(t, there) != "mine" {
		t.Error("a file was written over")
	}
	if _, err := os.Stat(dangling); err == nil {
		t.Error("it was written through a symbolic link")
	}
}

// Whatever stands in an image, nothing is written outside of what was made for it; and what
// cannot be written leaves nothing behind.
func TestExtractStaysInside(t *testing.T) {
	s, table := open(t,
		[]testkit.Entry{testkit.Dir("d"), testkit.Symlink("d/out", ".."), testkit.Symlink("d/in", "real"), testkit.Dir("d/real"), testkit.File("d/real/x", "1")},
		[]testkit.Entry{testkit.File("d/out/evil", "evil"), testkit.File("d/in/y", "2")})
	dir, _, err := extract(t, s, table, "d")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(filepath.Dir(dir), "evil")); err == nil {
		t.Error("a file was written outside")
	}
	list, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || len(list) != 1 {
		t.Errorf("%v stands beside what was extracted, %v", list, err)
	}
}

func TestReadRefusesLargeFiles(t *testing.T) {
	s, table := open(t, []testkit.Entry{testkit.File("big", strings.Repeat("x", 5<<20))})
	i, _ := table.Find("big")
	if _, err := s.Read(t.Context(), 0, table.Items(i, 0, 0)[0].Ref); err == nil || !strings.Contains(err.Error(), "too many to show") {
		t.Errorf("it says %v", err)
	}
}

func TestNoTerminal(t *testing.T) {
	for env, want := range map[string]string{"TERM=dumb": "TERM=dumb", "TERM=xterm": "are no terminal"} {
		_, err := viewer.Terminal(os.Stdin, &strings.Builder{}, []string{env})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "tare weigh") {
			t.Errorf("%s: %v", env, err)
		}
	}
}
