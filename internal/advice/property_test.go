package advice_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tare/internal/advice"
	"tare/internal/testkit"
)

// random are the steps of an image in which everything happens that rules look for, often
// to the same files.
func random(seed uint64) []step {
	r := rand.New(rand.NewPCG(seed, 12))
	paths := []string{"app/.git/objects/x", "app/main.py", "app/.env", "root/.ssh/id_rsa", "root/.cache/pip/x", "var/lib/apt/lists/y", "tmp/z", "tmp/.git/w", "usr/include/h.h", "usr/bin/cc", "usr/lib/l.a", "go/pkg/mod/m"}
	var out []step
	if r.IntN(3) > 0 {
		d := distribution()
		for range r.IntN(4) {
			d.entries = append(d.entries, kib(paths[r.IntN(len(paths))], 1+r.IntN(9)))
		}
		out = append(out, d)
	}
	for n := range 1 + r.IntN(5) {
		s := step{by: []string{"COPY . /", "RUN x"}[r.IntN(2)] + fmt.Sprint(" ", n)}
		for range r.IntN(9) {
			p := paths[r.IntN(len(paths))]
			e := kib(p, 1+r.IntN(3))
			switch r.IntN(5) {
			case 0:
				e = whiteout(p)
			case 1:
				e = whiteout(p[:1+slices.Index([]byte(p[1:]), '/')])
			case 2:
				e = owned(e)
			case 3:
				e = testkit.File("lib/apk/db/installed", "P:"+[]string{"gcc", "curl"}[r.IntN(2)]+"\nV:1\nF:usr/bin\nR:cc\n\n")
			}
			s.entries = append(s.entries, e)
		}
		out = append(out, s)
	}
	return out
}

// The sum counts each byte once, whatever findings are about the same files.
func TestTotalCountsOnce(t *testing.T) {
	overlaps, found := 0, map[string]bool{}
	for seed := range uint64(60) {
		l := ledger(t, random(seed)...)
		var tar, transfer, live int64
		for _, p := range l.Parts {
			tar += p.Tar
			transfer += p.Transfer
			if p.By < 0 {
				live += p.Files
			}
		}
		list := advice.Find(l)
		var sum int64
		for i, f := range list {
			found[f.Rule] = true
			sum += f.Tar
			if one := advice.Total(list[i : i+1]); one.Tar != f.Tar || one.Transfer != f.Transfer || one.Live != f.Live {
				t.Errorf("seed %d: %+v alone is %+v", seed, f, one)
			}
			for j := range i {
				pair := advice.Total([]advice.Finding{list[j], f})
				if pair.Tar > list[j].Tar+f.Tar || pair.Tar < max(list[j].Tar, f.Tar) {
					t.Errorf("seed %d: two findings of %d and %d free %d", seed, list[j].Tar, f.Tar, pair.Tar)
				}
				// Findings of one rule are never about the same bytes.
				if list[j].Rule == f.Rule && pair.Tar != list[j].Tar+f.Tar {
					t.Errorf("seed %d: %s counts twice: %+v and %+v", seed, f.Rule, list[j], f)
				}
			}
		}
		all := advice.Total(list)
		if all.Tar > sum || all.Tar > tar || all.Live > live || all.Transfer > transfer {
			t.Errorf("seed %d: %+v of %d, findings sum up to %d", seed, all, tar, sum)
		}
		back := slices.Clone(list)
		slices.Reverse(back)
		if advice.Total(back) != all || advice.Total(append(back, list...)) != all {
			t.Errorf("seed %d: order or repetition matters", seed)
		}
		s := advice.Sum(list, tar)
		if s.Tar+s.SmallTar != all.Tar {
			t.Errorf("seed %d: %+v is not %+v", seed, s, all)
		}
		if s.Overlap > 0 {
			overlaps++
		}
	}
	if overlaps < 5 || len(found) < len(advice.Rules())-1 { // but for the context
		t.Errorf("the images are too plain: %d overlaps, rules %v", overlaps, found)
	}
}

// What is cached of a ledger gives the same findings, whichever lines are known later.
func TestCompactFindsTheSame(t *testing.T) {
	smaller := false
	for seed := range uint64(40) {
		l := ledger(t, random(seed)...)
		short := l.Compact()
		smaller = smaller || len(short.Parts) < len(l.Parts)
		var a, b int64
		for _, p := range l.Parts {
			a += p.Tar
		}
		for _, p := range short.Parts {
			b += p.Tar
		}
		if a != b {
			t.Errorf("seed %d: %d bytes became %d", seed, a, b)
		}
		for base := range len(l.Layers) {
			lines := make([]int, len(l.Layers))
			for k := base; k < len(lines); k++ {
				lines[k] = 3 + k
			}
			for _, pair := range [][2]*advice.Ledger{{l, short}, {l.Lined(lines, base), short.Lined(lines, base)}} {
				x, y := advice.Find(pair[0]), advice.Find(pair[1])
				if d := cmp.Diff(x, y, cmpopts.IgnoreUnexported(advice.Finding{})); d != "" {
					t.Errorf("seed %d, base %d: %s", seed, base, d)
				}
				if advice.Total(x) != advice.Total(y) {
					t.Errorf("seed %d: %+v and %+v", seed, advice.Total(x), advice.Total(y))
				}
			}
		}
	}
	if !smaller {
		t.Error("nothing became smaller")
	}
}

// The parts of a ledger sum up to the image, and so do those of a layer.
func TestPartsSumUp(t *testing.T) {
	for seed := range uint64(20) {
		steps := random(seed)
		l := ledger(t, steps...)
		tars := make([]int64, len(l.Layers))
		for _, p := range l.Parts {
			tars[p.Layer] += p.Tar
			if p.Count < 0 || p.Tar < 0 || p.Transfer < 0 || p.Files < 0 {
				t.Errorf("seed %d: %+v", seed, p)
			}
		}
		for k, n := range tars {
			if want := int64(len(testkit.Tar(t, steps[k].entries...))); n != want {
				t.Errorf("seed %d: layer %d has %d bytes, its parts %d", seed, k+1, want, n)
			}
		}
	}
}
