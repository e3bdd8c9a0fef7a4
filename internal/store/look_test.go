package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containerd/errdefs"

	"tare/internal/store"
	"tare/internal/testkit"
)

const someKey = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// A store that can be written is opened as ever.
func TestLookWritable(t *testing.T) {
	s, err := store.Look(filepath.Join(t.TempDir(), "store"))
	if err != nil || s.Looking() != nil {
		t.Fatalf("%v, %v", err, s.Looking())
	}
	testkit.Put(t, s, "docker.io/library/a:1", store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 1000)}}))
	s.Keep("kind", someKey, 7)
	var n int
	if !s.Get("kind", someKey, &n) || n != 7 {
		t.Error("nothing is kept")
	}
}

// Where there cannot be a store, there is an empty one, and nothing is written.
func TestLookNowhere(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	thesis := filepath.Join(t.TempDir(), "thesis")
	if err := os.MkdirAll(filepath.Join(thesis, "chapters"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, root := range []string{filepath.Join(file, "store"), thesis} {
		s, err := store.Look(root)
		if err != nil {
			t.Errorf("%s: %v", root, err)
			continue
		}
		empty(t, s)
	}
	if list, _ := os.ReadDir(thesis); len(list) != 1 {
		t.Errorf("made in a directory of others: %v", list)
	}
	why := errors.New("nobody has a home")
	s := store.Nowhere(why)
	empty(t, s)
	if !errors.Is(s.Looking(), why) {
		t.Errorf("%v", s.Looking())
	}
	if _, err := os.Stat(s.Root()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s: %v", s.Root(), err)
	}
}

// empty has a store in which nothing is and nothing can be kept.
func empty(t *testing.T, s *store.Store) {
	t.Helper()
	if s.Looking() == nil {
		t.Error("it can be written")
	}
	if recs, err := s.Records(); len(recs) != 0 || err != nil {
		t.Errorf("records: %v %v", recs, err)
	}
	if _, err := s.Find(ctx, "a"); !errdefs.IsNotFound(err) {
		t.Errorf("find: %v", err)
	}
	release, err := s.Hold(ctx)
	if err != nil {
		t.Fatalf("hold: %v", err)
	}
	release()
	refuses(t, s)
}

// refuses has a store that cannot be changed, and says what to do.
func refuses(t *testing.T, s *store.Store) {
	t.Helper()
	s.Keep("kind", someKey, 8)
	var n int
	if s.Get("kind", someKey, &n) && n == 8 {
		t.Error("a value was kept")
	}
	img := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 9, 100)}})
	err := s.Write(ctx, strings.NewReader(string(img.Blobs[img.Target.Digest])), img.Target)
	if err == nil || !strings.Contains(err.Error(), "set TARE_HOME") {
		t.Errorf("write: %v", err)
	}
	if _, err := s.Collect(ctx); err == nil {
		t.Error("garbage was collected")
	}
}
