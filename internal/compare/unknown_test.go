package compare_test

import (
	"math/rand/v2"
	"testing"

	"tare/internal/compare"
	"tare/internal/explain"
	"tare/internal/image"
	"tare/internal/testkit"
	"tare/internal/units"
	"tare/internal/weigh"
)

// Whichever layers of an image are not known: a sum is known exactly if everything in it
// is, and then it is what it was; all other measures stay as they are.
func TestSumsOfUnknownLayers(t *testing.T) {
	s := testkit.Store(t)
	mixed, end := 0, uint64(60)
	if testing.Short() { // make mutants runs it hundreds of times
		end = 10
	}
	for seed := range end {
		r := rand.New(rand.NewPCG(seed, 17))
		sub := random(t, s, seed)
		was := sub.Facts.Report("", 0)
		img := *sub.Facts.Image
		push := *img.Push
		push.From = make([]image.Sent, len(img.Layers))
		gone, first := map[int]bool{}, map[string]int{}
		for k, d := range push.Layers { // one blob is known wherever it stands, or nowhere
			if at, again := first[d.Digest.String()]; again {
				push.From[k] = push.From[at]
				continue
			}
			first[d.Digest.String()] = k
			push.From[k] = image.SentStored
			if r.IntN(3) == 0 {
				push.From[k] = image.SentUnknown
				gone[k+1] = true // layers count from 1
			}
		}
		img.Push = &push
		f, err := weigh.New(&img)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		now := f.Report("", 0)
		same := func(what string, a, b units.Amount, unknown bool) {
			if a.Known() == unknown || !unknown && a != b {
				t.Errorf("seed %d: %s is %v, was %v; unknown %v", seed, what, a, b, unknown)
			}
		}
		any := len(gone) > 0
		same("transfer", now.Sizes.Transfer, was.Sizes.Transfer, any)
		same("docker-containerd", now.Sizes.DockerContainerd, was.Sizes.DockerContainerd, any)
		z := now.Sizes
		z.Transfer, z.DockerContainerd = was.Sizes.Transfer, was.Sizes.DockerContainerd
		if z != was.Sizes {
			t.Errorf("seed %d: %+v, was %+v", seed, z, was.Sizes)
		}
		for k := range now.Layers {
			same("a layer", now.Layers[k].Transfer, was.Layers[k].Transfer, gone[k+1])
		}
		for k, p := range now.Packages {
			unknown := false
			for _, l := range p.Layers {
				unknown = unknown || gone[l]
			}
			same("package "+p.Name, p.Transfer, was.Packages[k].Transfer, unknown)
		}
		for k, w := range now.Wasted {
			same("waste", w.Transfer, was.Wasted[k].Transfer, gone[w.Writer])
		}
		for k, l := range now.Largest {
			same(l.Path, l.Transfer, was.Largest[k].Transfer, gone[l.Layer])
		}
		if any && len(gone) < len(first) {
			mixed++
		}
		c, err := compare.Compare([]compare.Subject{sub, {Name: "unknown", Facts: f}}, compare.Options{})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if len(c.Differences) != len(compare.Measures) {
			t.Errorf("seed %d: %d differences", seed, len(c.Differences))
		}
		for _, d := range c.Differences {
			if d.Causes == nil { // JSON has a list
				t.Errorf("seed %d: no causes of %s", seed, d.Measure)
			}
			if d.Total.Known() == (any && (d.Measure == "transfer" || d.Measure == "docker-containerd")) || !d.Total.Known() && len(d.Causes) > 0 || d.Bytes() != 0 {
				t.Errorf("seed %d: %s %v with %d causes", seed, d.Measure, d.Total, len(d.Causes))
			}
		}
		if c.Sharing.Blob.Separately.Known() == any || c.Sharing.Blob.Images[1].Shared.Known() && c.Sharing.Blob.Images[1].Unique.Known() == any || !c.Sharing.DiffID.Separately.Known() {
			t.Errorf("seed %d: sharing %+v", seed, c.Sharing)
		}
		_ = explain.Sentences(c, explain.Material{}) // of what is not known nothing is taken
	}
	if mixed < int(end)/6 {
		t.Errorf("only %d images with layers of both kinds", mixed)
	}
}
