package advice

import (
	"archive/tar"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/store"
	"tare/internal/testkit"
	"tare/internal/tree"
	"tare/internal/weigh"
)

// step is a layer and the instruction that made it.
type step struct {
	by      string
	entries []testkit.Entry
}

// base is the layer of a distribution, with files that nobody else may change.
var base = step{"base", []testkit.Entry{testkit.File("etc/os-release", "ID=x\n"), big("usr/share/base", 9000), big("var/cache/base", 9000)}}

func big(name string, size int) testkit.Entry {
	return testkit.File(name, strings.Repeat(name+" ", size/(len(name)+1)+1)[:size])
}

// owned is an entry with another owner.
func owned(e testkit.Entry) testkit.Entry {
	e.Header.Uid = 1000
	return e
}

func gone(name string) testkit.Entry { return testkit.File(name, "") }

func imageOf(t *testing.T, steps ...step) *Image {
	t.Helper()
	var o testkit.Options
	for _, s := range steps {
		o.Layers = append(o.Layers, testkit.Tar(t, s.entries...))
		o.History = append(o.History, ocispec.History{CreatedBy: s.by + " # buildkit"})
	}
	st := testkit.Store(t)
	return &Image{Facts: testkit.Facts(t, st, testkit.Put(t, st, "x:1", store.Pulled, testkit.Image(t, o)))}
}

// of are the findings of a rule.
func of(img *Image, rule string) []Finding {
	return slices.DeleteFunc(Find(img), func(f Finding) bool { return f.Rule != rule })
}

// Each rule must speak of the first, and be silent about the second.
func TestRules(t *testing.T) {
	copied := func(e ...testkit.Entry) step { return step{"COPY . /src", e} }
	ran := func(e ...testkit.Entry) step { return step{"RUN /bin/sh -c x", e} }
	apk := testkit.File("lib/apk/db/installed", "P:gcc\nV:1\nF:usr/bin\nR:gcc\n\nP:curl\nV:1\nF:usr/bin\nR:curl\n\n")
	for _, c := range []struct {
		rule     string
		yes, no  []step
		layer    int
		says     string
		severity weigh.Severity
	}{
		{"chown-copies-layer", []step{base, copied(big("src/a", 5000)), ran(owned(big("src/a", 5000)))},
			[]step{base, copied(owned(big("src/a", 5000))), ran(owned(big("src/a", 5000)))}, 3, "from layer 2, and so copies them", weigh.Warning},
		{"chown-copies-layer", []step{base, ran(owned(big("usr/share/base", 9000)))}, []step{base, ran(big("other", 9000))}, 2, "from the base image", weigh.Warning},
		{"written-twice", []step{base, copied(big("src/a", 5000)), copied(big("src/a", 5000))}, []step{base, copied(big("src/a", 5000)), copied(big("src/b", 5000))}, 3, "again, unchanged", weigh.Warning},
		{"overwritten", []step{base, ran(big("a", 5000)), ran(big("a", 4000))}, []step{base, ran(big("usr/share/base", 10))}, 3, "overwrites 5kB in 1 file from layer 2", weigh.Note},
		{"deleted-later", []step{base, ran(big("a", 5000)), ran(gone(".wh.a"))}, []step{base, ran(gone("usr/share/.wh.base"))}, 3, "deletes 5kB in 1 file from layer 2, where they stay", weigh.Warning},
		{"deleted-later", []step{base, ran(big("d/a", 5000), big("d/b", 10)), ran(gone(".wh.d"))}, []step{base, copied(big("a", 5000)), ran(gone(".wh.a"))}, 3, "5.01kB in 2 files", weigh.Warning},
		{"copied-then-deleted", []step{base, copied(big("a", 5000)), ran(gone(".wh.a"))}, []step{base, ran(big("a", 5000)), ran(gone(".wh.a"))}, 3, "that layer 2 copied in", weigh.Warning},
		{"package-cache", []step{base, ran(big("var/cache/apk/x", 5000))}, []step{base, ran(big("var/lib/other", 5000))}, 2, "most in /var/cache/apk", weigh.Warning},
		{"vcs-data", []step{base, copied(big("src/.git/objects/pack/x", 5000))}, []step{base, copied(big("src/.gitignore", 5000), big("src/git/x", 50))}, 2, "/src/.git", weigh.Warning},
		{"build-tools", []step{base, ran(apk, big("usr/bin/gcc", 5000), big("usr/bin/curl", 10))}, []step{base, ran(apk, big("usr/bin/curl", 5000))}, 2, ": gcc", weigh.Warning},
		{"build-tools", []step{base, ran(big("usr/include/x.h", 5000))}, []step{{"base", []testkit.Entry{testkit.File("etc/os-release", "ID=x\n"), big("usr/include/x.h", 5000)}}, ran(big("usr/bin/x", 10))}, 2, "headers", weigh.Warning},
		{"secret-file", []step{base, copied(big("root/.ssh/id_rsa", 500))}, []step{base, copied(big("root/.ssh/id_rsa.pub", 500), big("etc/ssl/certs/ca.pem", 500), big("src/tests/id_rsa", 500))}, 2, "looks like a private key by its name", weigh.Secret},
		{"secret-file", []step{base, copied(big("root/.aws/credentials", 500)), ran(gone("root/.aws/.wh.credentials"))}, []step{base, copied(big("srv/credentials", 500))}, 2, "can still be read from this layer", weigh.Secret},
	} {
		got := of(imageOf(t, c.yes...), c.rule)
		if len(got) != 1 || got[0].Layer != c.layer || !strings.Contains(got[0].Text, c.says) || got[0].Severity != c.severity || got[0].Title == "" || got[0].Tar == 0 {
			t.Errorf("%s is not found: %+v", c.rule, got)
		}
		if got := of(imageOf(t, c.no...), c.rule); len(got) > 0 {
			t.Errorf("%s is found where there is none: %+v", c.rule, got)
		}
	}
}

// With a Dockerfile, lines are named, and layers without one are the base's.
func TestLines(t *testing.T) {
	img := imageOf(t, base, step{"base", []testkit.Entry{big("a", 5000)}}, step{"COPY . /", []testkit.Entry{big("b", 5000)}},
		step{"RUN x", []testkit.Entry{gone(".wh.a"), gone(".wh.b"), big("tmp/x", 5000)}})
	img.Lines, img.Base = map[int]int{2: 7, 3: 9}, 2
	list := Find(img)
	if len(list) != 2 || list[0].Line != 9 || list[1].Line != 9 {
		t.Fatalf("%+v", list)
	}
	for _, f := range list {
		if f.Rule == "copied-then-deleted" && (f.Other != 7 || !strings.Contains(f.Text, "line 7 copied in")) {
			t.Errorf("%+v", f)
		}
	}
}

// The same bytes count once, however many findings are about them.
func TestTotalCountsOnce(t *testing.T) {
	img := imageOf(t, base, step{"COPY . /src", []testkit.Entry{big("src/.git/x", 50_000), big("src/a", 5000)}},
		step{"RUN chown", []testkit.Entry{owned(big("src/.git/x", 50_000)), owned(big("src/a", 5000))}})
	list := Find(img)
	if len(list) != 2 {
		t.Fatalf("%+v", list)
	}
	// Both copies of .git, and one of a.
	s := Total(img, list)
	if want := int64(2*(51_200) + 5632); s.Tar < want-2048 || s.Tar > want+2048 || s.Places != 2 {
		t.Errorf("%+v, want about %d", s, want)
	}
	if sum := list[0].Tar + list[1].Tar; sum <= s.Tar {
		t.Errorf("the findings overlap and sum up to no more than %d: %d", s.Tar, sum)
	}
}

// Whatever is in an image: together it is no more than each finding alone, nor than the
// image, and as much as the largest.
func TestTotalIsBounded(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		names := []string{"src/.git/a", "src/.git/b", "src/x", "var/lib/apt/lists/l", "usr/include/h.h", "tmp/t", "usr/share/base"}
		steps := []step{base}
		for n := range 2 + r.IntN(4) {
			s := step{by: []string{"COPY . /", "RUN x"}[r.IntN(2)]}
			for _, name := range names {
				e := big(name, 1000+r.IntN(3)*1000)
				switch r.IntN(5) {
				case 0:
					s.entries = append(s.entries, e)
				case 1:
					s.entries = append(s.entries, owned(e))
				case 2:
					if n > 0 {
						i := strings.LastIndexByte(name, '/') + 1
						s.entries = append(s.entries, testkit.Entry{Header: tar.Header{Name: name[:i] + ".wh." + name[i:]}})
					}
				}
			}
			s.entries = append(s.entries, testkit.File(fmt.Sprintf("last-%d", n), "x"))
			steps = append(steps, s)
		}
		img := imageOf(t, steps...)
		list := Find(img)
		total := together(img, list)
		if said := Total(img, list); said.Tar > total.Tar || said.Tar*100 < total.Tar*(100-int64(len(list))) {
			t.Errorf("seed %d: %d is said of %d", seed, said.Tar, total.Tar)
		}
		var sum, most int64
		seen := map[tree.Ref]int{}
		for _, f := range list {
			sum += f.Tar
			most = max(most, f.Tar)
			for ref := range f.frees {
				seen[ref]++
				if !img.own(ref.Layer) {
					t.Errorf("seed %d: %s is to save bytes of the base image", seed, f.Rule)
				}
			}
		}
		disjoint := true
		for _, n := range seen {
			disjoint = disjoint && n == 1
		}
		if total.Tar > sum || total.Tar < most || total.Tar > img.Sizes.Tar || total.Transfer.Compare(img.Sizes.Transfer) > 0 || disjoint && total.Tar != sum {
			t.Errorf("seed %d: together %d, alone %d, the largest %d, the image %d", seed, total.Tar, sum, most, img.Sizes.Tar)
		}
	}
}

func TestNothingToSave(t *testing.T) {
	img := imageOf(t, base, step{"COPY x /x", []testkit.Entry{big("x", 5000)}})
	if list, s := Of(img); len(list) != 0 || s.Tar != 0 || s.Places != 0 || s.Lines != nil {
		t.Errorf("%+v %+v", list, s)
	}
}

// Every rule is explained, and nothing else is.
func TestRulesAreExplained(t *testing.T) {
	b, err := os.ReadFile("../../docs/reference/findings.md")
	if err != nil {
		t.Fatal(err)
	}
	var have, want []string
	for _, m := range regexp.MustCompile(`(?m)^## ([a-z-]+)$`).FindAllStringSubmatch(string(b), -1) {
		have = append(have, m[1])
	}
	for _, r := range Rules() {
		want = append(want, r.ID)
	}
	slices.Sort(have)
	if !slices.Equal(have, want) {
		t.Errorf("docs/reference/findings.md explains %v, and the rules are %v", have, want)
	}
}
