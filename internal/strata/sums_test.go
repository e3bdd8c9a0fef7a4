package strata_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"tare/internal/layer"
	"tare/internal/strata"
	"tare/internal/testkit/fleets"
	"tare/internal/units"
)

// scanned are the layers of a fleet that was made up, without some.
type scanned struct {
	f       *fleets.Fleet
	without map[digest.Digest]bool
	reads   map[digest.Digest]int
}

func (s scanned) Layer(d digest.Digest) (*layer.Index, error) {
	x, ok := s.f.Layer(d)
	if !ok || s.without[d] {
		return nil, fmt.Errorf("layer %s: %w", d, strata.ErrNotScanned)
	}
	if s.reads != nil {
		s.reads[d]++
	}
	return x, nil
}

func (s scanned) Config(d digest.Digest) ([]byte, error) {
	raw, ok := s.f.Config(d)
	if !ok {
		return nil, strata.ErrNotScanned
	}
	return raw, nil
}

func make1(t testing.TB, in strata.Input) *strata.Result {
	t.Helper()
	r, err := strata.Make(in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// naive counts as plainly as can be: sets of names, image by image.
func naive(f *fleets.Fleet) (blob, diff, content [4]int64) {
	type thing struct {
		bytes  int64
		images map[int]bool
	}
	count := func(level *[4]int64, things map[string]*thing) {
		for _, x := range things {
			level[0] += x.bytes
			if len(x.images) == 1 {
				level[2] += x.bytes
			} else {
				level[3] += x.bytes
			}
		}
	}
	note := func(things map[string]*thing, name string, bytes int64, image int) {
		if things[name] == nil {
			things[name] = &thing{bytes, map[int]bool{}}
		}
		things[name].images[image] = true
	}
	blobs, diffs, contents := map[string]*thing{}, map[string]*thing{}, map[string]*thing{}
	for n, img := range f.Images {
		once := map[string]int64{string(img.Digest): img.ManifestBytes, string(img.Config): img.ConfigBytes}
		for _, l := range img.Layers {
			once[string(l.Digest)] = l.Bytes
			x, _ := f.Layer(l.Digest)
			note(diffs, string(l.DiffID), x.Tar, n)
			diff[1] += x.Tar
			for _, e := range x.List {
				note(contents, fmt.Sprint(e.Sum, e.Size), e.Size, n)
				content[1] += e.Size
			}
		}
		for name, bytes := range once {
			note(blobs, name, bytes, n)
			blob[1] += bytes
		}
	}
	count(&blob, blobs)
	count(&diff, diffs)
	count(&content, contents)
	return blob, diff, content
}

func numbers(l strata.Level) [4]int64 {
	return [4]int64{l.Together.Or(-1), l.Separately.Or(-1), l.Unique.Or(-1), l.Shared.Or(-1)}
}

// random is a small fleet of any kind.
func random(seed uint64) *fleets.Fleet {
	r := rand.New(rand.NewPCG(seed, 1))
	return fleets.Make(fleets.Options{Seed: seed, Images: 1 + r.IntN(40), Layers: 1 + r.IntN(14), Bases: 1 + r.IntN(6), Nodes: r.IntN(4), Files: 1 + r.IntN(20)})
}

func TestAgainstANaiveCount(t *testing.T) {
	for seed := range uint64(30) {
		f := random(seed)
		r := make1(t, strata.Input{Plan: f.Plan, Layers: scanned{f: f}})
		blob, diff, content := naive(f)
		for name, pair := range map[string][2][4]int64{"blob": {numbers(r.Bytes.Blob), blob}, "diffid": {numbers(r.Bytes.DiffID), diff}, "content": {numbers(r.Bytes.Content), content}} {
			if pair[0] != pair[1] {
				t.Errorf("seed %d, %s: together, separately, unique, shared are %v, want %v", seed, name, pair[0], pair[1])
			}
		}
	}
}

// What is unique and what is shared sum up to all, to the byte, and so do the images' unique parts and the months.
func TestSums(t *testing.T) {
	for seed := range uint64(60) {
		f := random(seed + 1000)
		r := make1(t, strata.Input{Plan: f.Plan, Layers: scanned{f: f}, Now: time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)})
		var unique, content, months int64
		images := 0
		for _, l := range r.Largest {
			unique += l.Unique
			content += l.UniqueContent.Or(0)
		}
		for _, m := range append(r.Growth.Months, r.Growth.Undated, r.Growth.Implausible) {
			months += m.Bytes
			images += m.Images
		}
		for name, l := range map[string]strata.Level{"blob": r.Bytes.Blob, "diffid": r.Bytes.DiffID, "content": r.Bytes.Content} {
			if n := numbers(l); n[2]+n[3] != n[0] || n[0] > n[1] {
				t.Errorf("seed %d, %s: %v", seed, name, n)
			}
		}
		if unique != r.Bytes.Blob.Unique.Or(-1) || content != r.Bytes.Content.Unique.Or(-1) || months != r.Bytes.Blob.Together.Or(-1) || images != r.Images {
			t.Errorf("seed %d: the images' unique blobs are %d of %v, their contents %d of %v; months have %d of %v and %d of %d images", seed, unique, r.Bytes.Blob.Unique, content, r.Bytes.Content.Unique, months, r.Bytes.Blob.Together, images, r.Images)
		}
		for _, n := range r.Nodes {
			if n.Holds+n.Lacks != r.Bytes.Blob.Together.Or(-1) || n.Holds > n.Separately || n.Bases > n.Holds {
				t.Errorf("seed %d: node %+v", seed, n)
			}
		}
	}
}

// A scratch file of many runs gives what memory gives.
func TestContentsInAFile(t *testing.T) {
	f := fleets.Make(fleets.Options{Seed: 5, Images: 60, Layers: 8, Bases: 4, Files: 60})
	want := make1(t, strata.Input{Plan: f.Plan, Layers: scanned{f: f}})
	for _, limit := range []int{2, 100, 5000} {
		file, err := os.Create(filepath.Join(t.TempDir(), "scratch"))
		if err != nil {
			t.Fatal(err)
		}
		done := strata.Limit(limit)
		got := make1(t, strata.Input{Plan: f.Plan, Layers: scanned{f: f}, Scratch: file})
		done()
		if fi, err := file.Stat(); err != nil || fi.Size() == 0 {
			t.Errorf("limit %d: nothing was written: %v", limit, err)
		}
		if d := cmp.Diff(want.Bytes, got.Bytes, cmp.Comparer(func(a, b units.Amount) bool { return a == b })); d != "" {
			t.Errorf("limit %d: %s", limit, d)
		}
		_ = file.Close()
	}
}

// A full disk is an error, and no wrong number.
func TestFullScratch(t *testing.T) {
	defer strata.Limit(10)()
	f := random(7)
	if _, err := strata.Make(strata.Input{Plan: f.Plan, Layers: scanned{f: f}, Scratch: full{}}); err == nil {
		t.Error("no error")
	}
}

type full struct{ *bytes.Reader }

func (full) Write([]byte) (int, error) { return 0, os.ErrClosed }

// Without a scan, or without all of it, nobody knows what needs all layers.
func TestNotScanned(t *testing.T) {
	f := fleets.Make(fleets.Options{Seed: 3, Images: 9, Layers: 8, Bases: 2, Files: 4})
	for name, layers := range map[string]strata.Layers{"none": nil, "most": scanned{f: f, without: map[digest.Digest]bool{last(f): true}}} {
		r := make1(t, strata.Input{Plan: f.Plan, Layers: layers, Weigh: true})
		if r.Bytes.DiffID.Together.Known() || r.Bytes.Content.Unique.Known() || r.Waste != nil || r.Largest[0].UniqueContent.Known() {
			t.Errorf("%s: %+v is said to be known", name, r.Bytes)
		}
		if !r.Bytes.Blob.Together.Known() || r.Scanned.Of == 0 || r.Scanned.Layers >= r.Scanned.Of {
			t.Errorf("%s: %+v %+v", name, r.Bytes.Blob, r.Scanned)
		}
		if name == "most" && (r.Scanned.Layers != r.Scanned.Of-1 || r.Scanned.Images == 0 || r.Scanned.Images >= r.Images) {
			t.Errorf("%+v", r.Scanned)
		}
	}
}

// last is a layer that one image has alone.
func last(f *fleets.Fleet) digest.Digest {
	for _, img := range f.Images {
		if len(img.Layers) > 4 {
			return img.Layers[5].Digest
		}
	}
	panic("no image has a layer of its own")
}

// Every layer is read once for what stands in it, whatever the number of images; weighing reads those again that need others beside them.
func TestLayersAreReadOnce(t *testing.T) {
	f := fleets.Make(fleets.Options{Seed: 9, Images: 50, Layers: 8, Bases: 4, Files: 5})
	s := scanned{f: f, reads: map[digest.Digest]int{}}
	make1(t, strata.Input{Plan: f.Plan, Layers: s})
	for d, n := range s.reads {
		if n != 1 {
			t.Errorf("layer %s was read %d times", d, n)
		}
	}
	clear(s.reads)
	make1(t, strata.Input{Plan: f.Plan, Layers: s, Weigh: true})
	for d, n := range s.reads {
		if n != 2 {
			t.Errorf("weighed, layer %s was read %d times", d, n)
		}
	}
}
