package bench_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tare/internal/bench"
	"tare/internal/engine"
	"tare/internal/experiment"
	"tare/internal/lab"
	"tare/internal/testkit"
)

// sweeper is an engine with a cache, and with others who use it.
type sweeper struct {
	*testkit.Engine
	list   []engine.CacheRecord
	visits int64
	joined bool
	busy   bool // nothing can be dropped
}

func (s *sweeper) Holds(context.Context) ([]engine.CacheRecord, int64, bool, error) {
	return slices.Clone(s.list), s.visits, !s.joined, nil
}

func (s *sweeper) Drop(_ context.Context, ids []string) error {
	if s.busy {
		return errors.New("busy")
	}
	s.list = slices.DeleteFunc(s.list, func(r engine.CacheRecord) bool { return slices.Contains(ids, r.ID) })
	return nil
}

func (s *sweeper) add(ids ...string) {
	for _, id := range ids {
		kind := map[byte]string{'r': "regular", 'l': "source.local", 'm': "exec.cachemount", 'f': "frontend", 'i': "internal"}[id[0]]
		s.list = append(s.list, engine.CacheRecord{ID: id, Kind: kind})
	}
}

func (s *sweeper) ids() (out []string) {
	for _, r := range s.list {
		out = append(out, r.ID)
	}
	return out
}

func newSweeper(t *testing.T) (*bench.Lab, *sweeper) {
	b, e, _ := newBench(t)
	s := &sweeper{Engine: e}
	b.Engine = func(context.Context) (engine.Engine, error) { return s, nil }
	s.add("r-mine", "l-mine", "m-mine")
	return &bench.Lab{Bench: b, Images: map[string]string{"own": "tare-lab/x:own"}}, s
}

func TestOnlyWhatTimedBuildsMadeGoes(t *testing.T) {
	l, s := newSweeper(t)
	end := l.Begin(t.Context())
	s.add("r-cold", "l-edit", "m-cache", "f-front", "i-own")
	end()
	want := []string{"r-mine", "l-mine", "m-mine", "l-edit", "m-cache", "f-front", "i-own"}
	if got := s.ids(); !slices.Equal(got, want) {
		t.Errorf("after a build %v, want %v", got, want)
	}
	l.Tidy(t.Context())
	want = slices.DeleteFunc(want, func(id string) bool { return id == "l-edit" })
	if got := s.ids(); !slices.Equal(got, want) {
		t.Errorf("at the end %v, want %v", got, want)
	}
}

// TestWhatOthersMayHaveMadeStays: their builds are none of the lab's business.
func TestWhatOthersMayHaveMadeStays(t *testing.T) {
	for name, do := range map[string]func(s *sweeper, begun bool){
		"in there before":      func(s *sweeper, _ bool) { s.joined = true },
		"come and gone":        func(s *sweeper, begun bool) { s.visits++ },
		"come, and still here": func(s *sweeper, begun bool) { s.joined = begun },
	} {
		l, s := newSweeper(t)
		do(s, false)
		end := l.Begin(t.Context())
		do(s, true)
		s.add("r-whose")
		end()
		l.Tidy(t.Context())
		if !slices.Contains(s.ids(), "r-whose") {
			t.Errorf("%s: gone", name)
		}
	}
}

func TestWhatCannotGoNowGoesLater(t *testing.T) {
	l, s := newSweeper(t)
	s.busy = true
	end := l.Begin(t.Context())
	s.add("r-one")
	end()
	if !slices.Contains(s.ids(), "r-one") {
		t.Fatal("dropped by an engine that is busy")
	}
	s.busy = false
	end = l.Begin(t.Context())
	s.add("r-two")
	end()
	if got := s.ids(); slices.Contains(got, "r-one") || slices.Contains(got, "r-two") {
		t.Errorf("left: %v", got)
	}
}

// TestBlobsOfTimedBuildsGo: five builds without cache are five images in the store.
func TestBlobsOfTimedBuildsGo(t *testing.T) {
	l, s := newSweeper(t)
	dir := contextOf(t, "FROM base:1\nCOPY main.py /\n")
	v := experiment.Variant{Name: "own", Context: dir, Dockerfile: filepath.Join(dir, "Dockerfile")}
	o, err := l.Obtain(t.Context(), v, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.Compare(t.Context(), []*lab.Obtained{o}, 0); err != nil {
		t.Fatal(err)
	}
	recs, err := s.Store.Records()
	if err != nil {
		t.Fatal(err)
	}
	kept := map[string]bool{}
	for _, r := range recs {
		kept[r.Name] = true
	}
	end := l.Begin(t.Context())
	v.Context = contextOf(t, "FROM base:1\nCOPY main.py /\n# another\n")
	v.Dockerfile = filepath.Join(v.Context, "Dockerfile")
	if err := os.WriteFile(filepath.Join(v.Context, "main.py"), []byte("print(2)\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cold, err := l.Build(t.Context(), v, lab.How{NoCache: true, Context: v.Context})
	if err != nil {
		t.Fatal(err)
	}
	recs, _ = s.Store.Records()
	for _, r := range recs {
		if !kept[r.Name] { // the engine of the tests names what it builds
			if err := s.Store.Drop(r.Name); err != nil {
				t.Fatal(err)
			}
		}
	}
	end()
	if _, err := s.Store.Content().Info(t.Context(), o.Image.Target.Digest); err != nil {
		t.Errorf("the variant's own image is gone: %v", err)
	}
	if _, err := s.Store.Content().Info(t.Context(), cold.Image.Target.Digest); err == nil || cold.Image.Target.Digest == o.Image.Target.Digest {
		t.Error("the image of a timed build stays")
	}
}
