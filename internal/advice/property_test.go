package advice_test

import (
	"regexp"
	"slices"
	"testing"

	"tare/internal/advice"
	"tare/internal/layer"
	"tare/internal/testkit"
	"tare/internal/tree"
	"tare/internal/units"
	"tare/internal/weigh"
)

// amount is the amount that the text of a finding names.
var amount = regexp.MustCompile(`([0-9.]+[kMGT]?B) in (\d+ files?)`)

// without are the steps without the entries that findings say need not be there, found in
// the layers by where they stand in the tar, not by what the ledger knows of them.
func without(img *advice.Image, steps []step, list ...advice.Finding) []step {
	gone := map[tree.Ref]bool{}
	for _, f := range list {
		for r := range advice.Frees(f) {
			gone[r] = true
		}
	}
	out := make([]step, len(steps))
	for k, s := range steps {
		at, away := int64(0), map[int64]bool{}
		for r := range gone {
			if int(r.Layer) == k {
				away[img.Tree.Entry(r).Offset] = true
			}
		}
		out[k] = step{by: s.by}
		for _, e := range s.entries {
			if !away[at] {
				out[k].entries = append(out[k].entries, e)
			}
			at += 512 + (int64(len(e.Body))+511)/512*512
		}
	}
	return out
}

// visible are the files that a container sees, with their content.
func visible(img *advice.Image) map[string]any {
	out := map[string]any{}
	img.Live(func(r tree.Ref, _ *layer.Entry) { e := img.Tree.Entry(r); out[e.Path] = [2]any{e.Sum, e.UID()} })
	return out
}

// TestAmountsAreTrue carries advice out: an image without what a finding is about is
// smaller by just what the finding says, and so is one without what all are about, by what
// "Save N of M" says. What nobody saw nobody misses.
func TestAmountsAreTrue(t *testing.T) {
	st := testkit.Store(t)
	seeds, rules, saved := uint64(25), map[string]int{}, 0
	if testing.Short() { // make mutants runs it hundreds of times
		seeds = 3
	}
	for seed := range seeds {
		steps := random(seed + 100)
		img := imageIn(t, st, steps...)
		img.Host = map[int]bool{}
		for k, s := range steps {
			img.Host[k] = contains(s.by, "COPY")
		}
		before := visible(img)
		all := advice.Find(img)
		for _, f := range all {
			freed := map[string]int64{}
			for r := range advice.Frees(f) {
				e := img.Tree.Entry(r)
				freed[e.Path] = max(freed[e.Path], e.Size)
			}
			var content int64
			for _, n := range freed {
				content += n
			}
			if m := amount.FindStringSubmatch(f.Text); m != nil {
				if m[1] != units.Bytes(content) || m[2] != units.Plural(len(freed), "file") {
					t.Errorf("seed %d: %q, but %d bytes in %d files", seed, f.Text, content, len(freed))
				}
			} else if f.Rule != weigh.SecretFile {
				t.Errorf("seed %d: %q names no amount", seed, f.Text)
			}
			if f.Rule == weigh.SecretFile {
				continue
			}
			rules[f.Rule]++
			after := imageIn(t, st, without(img, steps, f)...)
			if got := img.Sizes.Tar - after.Sizes.Tar; got != f.Tar {
				t.Errorf("seed %d: %s says %d bytes of tar, without its files it is %d less: %s", seed, f.Rule, f.Tar, got, f.Text)
			}
			seen := visible(after)
			for p, was := range before {
				if now, there := seen[p]; now != was && (freed[p] == 0 || f.Live == 0) {
					t.Errorf("seed %d: %s changes /%s (still there: %v), which it is not about: %s", seed, f.Rule, p, there, f.Text)
				}
			}
		}
		list, _ := advice.Of(img)
		s := weigh.Save(list, img.Sizes.Tar, units.Material{Bytes: 2000}) // these images are small
		var material []advice.Finding
		for n, f := range list {
			if !f.Small && f.Rule != weigh.SecretFile {
				material = append(material, all[n])
			}
		}
		after := imageIn(t, st, without(img, steps, material...)...)
		if got := img.Sizes.Tar - after.Sizes.Tar; got != s.Tar {
			t.Errorf("seed %d: all say %d bytes of tar, without their files it is %d less", seed, s.Tar, got)
		}
		if s.Tar > 0 {
			saved++
		}
		places := map[int]bool{}
		for _, f := range material {
			if f.Tar > 0 {
				places[f.Layer] = true
			}
		}
		if s.Places != len(places) || len(s.Layers) != len(places) || slices.ContainsFunc(s.Layers, func(n int) bool { return !places[n] }) {
			t.Errorf("seed %d: %d places, layers %v, but the findings are about %v", seed, s.Places, s.Layers, places)
		}
	}
	if !testing.Short() && (saved < 10 || len(rules) < 12) {
		t.Errorf("the images are too plain: %d save something, rules %v", saved, rules)
	}
}
