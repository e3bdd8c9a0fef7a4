package advice_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"tare/internal/advice"
	"tare/internal/testkit"
)

// random are the steps of an image in which everything happens that rules look for, often
// to the same files.
func random(seed uint64) []step {
	beside := map[string][]E{ // one version alone is not beside another
		"app/__pycache__/a.cpython-39.pyc": {kib("app/__pycache__/a.cpython-311.pyc", 1)},
		"srv/node_modules/l/i.js": {testkit.File("srv/node_modules/l/package.json", `{"name":"l","version":"1.0.0"}`),
			testkit.File("srv/node_modules/m/node_modules/l/package.json", `{"name":"l","version":"2.0.0"}`), kib("srv/node_modules/m/node_modules/l/i.js", 2)},
	}
	r := rand.New(rand.NewPCG(seed, 12))
	paths := []string{"app/.git/objects/x", "app/main.py", "app/.env", "root/.ssh/id_rsa", "root/.cache/pip/x", "var/lib/apt/lists/y", "tmp/z", "tmp/.git/w", "usr/include/h.h", "usr/bin/cc", "usr/lib/l.a", "go/pkg/mod/m", "var/log/l",
		"app/node_modules/x/y.js", "app/a.py", "app/__pycache__/a.cpython-311.pyc", "usr/bin/vi", "app/__pycache__/a.cpython-39.pyc", "opt/java/bin/javac", "srv/node_modules/l/i.js"}
	var out []step
	if r.IntN(3) > 0 {
		d := distribution(kib("usr/bin/python3.11", 1), kib("opt/java/bin/java", 1), kib("opt/java/lib/modules", 1))
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
				e = testkit.File("lib/apk/db/installed", "P:"+[]string{"gcc", "curl"}[r.IntN(2)]+"\nV:1\nF:usr/bin\nR:cc\n\nP:vim\nV:1\nF:usr/bin\nR:vi\n\n")
			}
			s.entries = append(append(s.entries, e), beside[p]...)
		}
		out = append(out, s)
	}
	return out
}

// The sum counts each byte once, whatever findings are about the same files, and every
// rule finds something in images in which everything happens.
func TestRulesTogether(t *testing.T) {
	overlaps, found := 0, map[string]bool{}
	for seed := range uint64(40) {
		steps := random(seed)
		img := image(t, steps...)
		img.Host = map[int]bool{}
		for k, s := range steps {
			img.Host[k] = contains(s.by, "COPY")
		}
		list := advice.Find(img)
		for i, f := range list {
			found[f.Rule] = true
			alone := advice.Together(img, list[i:i+1])
			if f.Rule != "secret-file" && (alone.Tar != f.Tar || alone.Transfer != f.Transfer || alone.Live != f.Live || alone.Overlap != 0) {
				t.Errorf("seed %d: %+v alone is %+v", seed, f, alone)
			}
			for j := range i {
				if list[j].Rule != f.Rule || f.Rule == "secret-file" {
					continue
				}
				// Findings of one rule are never about the same bytes.
				if pair := advice.Together(img, []advice.Finding{list[j], f}); pair.Overlap != 0 {
					t.Errorf("seed %d: %s counts twice: %+v and %+v", seed, f.Rule, list[j], f)
				}
			}
		}
		all := advice.Together(img, list)
		back := slices.Clone(list)
		slices.Reverse(back)
		if again := advice.Together(img, back); again.Tar != all.Tar || again.Transfer != all.Transfer || again.Live != all.Live {
			t.Errorf("seed %d: the order matters: %+v and %+v", seed, all, again)
		}
		if again := advice.Together(img, append(back, list...)); again.Tar != all.Tar || again.Places != all.Places {
			t.Errorf("seed %d: repetition matters: %+v and %+v", seed, all, again)
		}
		if all.Tar > img.Sizes.Tar || all.Live > img.Sizes.Live || all.Transfer.Compare(img.Sizes.Transfer) > 0 {
			t.Errorf("seed %d: %+v of %+v", seed, all, img.Sizes)
		}
		if all.Overlap > 0 {
			overlaps++
		}
	}
	// Four rules have tests of their own only: they are about the build, or want Debian's database or programs.
	if overlaps < 3 || len(found) < len(advice.Rules())-4 {
		t.Errorf("the images are too plain: %d overlaps, rules %v", overlaps, found)
	}
}
