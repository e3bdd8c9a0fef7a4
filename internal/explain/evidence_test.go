package explain_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"tare/internal/compare"
	"tare/internal/explain"
	"tare/internal/store"
	"tare/internal/testkit"
)

// pair are two images on two distributions, uncompressed, so that transfer is the same
// wherever it is worked out: one has pip and more packages, the other npm and stages.
func pair(t *testing.T) (slim, full compare.Subject) {
	s := testkit.Store(t)
	file := func(name string, n int) testkit.Entry {
		return testkit.File(name, strings.Repeat(name[len(name)-1:], n))
	}
	subject := func(name string, layers ...[]testkit.Entry) compare.Subject {
		o := testkit.Options{Compression: "none"}
		for _, l := range layers {
			o.Layers = append(o.Layers, testkit.Tar(t, l...))
		}
		return compare.Subject{Name: name, Facts: testkit.Facts(t, s, testkit.Put(t, s, name, store.Pulled, testkit.Image(t, o)))}
	}
	db := func(names ...string) testkit.Entry {
		text := ""
		for _, n := range names {
			text += "P:" + n + "\nV:1\nF:usr/bin\nR:" + n + "\n\n"
		}
		return testkit.File("lib/apk/db/installed", text)
	}
	release := func(id string) testkit.Entry {
		return testkit.File("etc/os-release", "ID="+id+"\nVERSION_ID=1\nPRETTY_NAME=\""+id+" 1\"\n")
	}
	slim = subject("slim", []testkit.Entry{release("tiny"), db("common", "own", "shell"), file("usr/bin/common", 50_000), file("usr/bin/own", 30_000), file("usr/bin/shell", 400)},
		[]testkit.Entry{testkit.File("usr/lib/node_modules/npm/package.json", `{"name":"npm","version":"10"}`)})
	full = subject("full", []testkit.Entry{release("large"), db("a", "b", "c", "common", "gcc"), file("usr/bin/a", 10_000), file("usr/bin/b", 10_000), file("usr/bin/c", 70_000), file("usr/bin/common", 60_000), file("usr/bin/gcc", 900_000), testkit.Symlink("usr/bin/cc", "gcc")},
		[]testkit.Entry{testkit.File("usr/lib/python3/site-packages/pip-23.dist-info/METADATA", "Name: pip\nVersion: 23\n"), file("tmp/x", 5_000), file("tmp/y", 200)},
		[]testkit.Entry{testkit.File("tmp/.wh.x", ""), file("tmp/y", 201)})
	full.Target = []string{"full"}
	full.Stages = []compare.Stage{
		{Name: "build", Facts: subject("build", []testkit.Entry{db("gcc"), file("usr/bin/gcc", 800_000), file("src", 150_000), file("tmp/y", 30)}).Facts},
		{Name: "test", Facts: subject("test", []testkit.Entry{file("src", 150_000), file("logs", 200_000)}, []testkit.Entry{testkit.File(".wh.logs", "")}).Facts},
	}
	return slim, full
}

// rested is what is said, each sentence with the numbers that it rests on.
func rested(t *testing.T, say func(*compare.Result, explain.Material) []compare.Sentence, m explain.Material, list ...compare.Subject) string {
	t.Helper()
	r, err := compare.Compare(list, compare.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range say(r, m) {
		line := s.Topic + ": "
		if s.Kind != "" {
			line = s.Topic + " (" + s.Kind + "): "
		}
		out = append(out, line+s.Text)
		for _, e := range s.Evidence {
			of := e.Image
			if e.From != "" {
				of = e.From + ">" + e.To
			}
			out = append(out, "  "+strings.Join(strings.Fields(fmt.Sprintf("%s = %d: %s %s %s %s", e.What, e.Value, of, e.Measure, e.Kind, e.Subject)), " "))
		}
	}
	return strings.Join(out, "\n")
}

// Of many packages six are named, and of a package that several images have the largest
// counts; what is in layers of their own and equal is told with its bytes.
func TestPackagesThatOthersHave(t *testing.T) {
	s := testkit.Store(t)
	image := func(name, id string, owned map[string]int) compare.Subject {
		text, l := "", []testkit.Entry{testkit.File("etc/os-release", "ID="+id+"\nVERSION_ID=1\n")}
		for _, p := range slices.Sorted(maps.Keys(owned)) {
			text += "P:" + p + "\nV:" + name + "\nF:usr/bin\nR:" + p + "\n\n"
			l = append(l, testkit.File("usr/bin/"+p, strings.Repeat(p, owned[p])))
		}
		l = append(l, testkit.File("lib/apk/db/installed", text))
		return compare.Subject{Name: name, Facts: testkit.Facts(t, s, testkit.Put(t, s, name, store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, l...)}})))}
	}
	many := map[string]int{"a": 100, "b": 200, "c": 300, "d": 400, "e": 500, "f": 600, "g": 700, "z": 50}
	one, two := image("one", "x", map[string]int{"z": 50, "y": 1}), image("two", "y", many)
	three := image("three", "y", map[string]int{"b": 900, "z": 50})
	for _, c := range []struct {
		name, got, want string
	}{
		{"another distribution", rested(t, explain.Sentences, explain.Material{}, one, two), "difference (more-tools): two has 7 packages of its distribution (2.8kB) that one lacks, the largest being g (700B), f (600B), e (500B), d (400B), c (300B) and b (200B)."},
		{"what it lacks itself", rested(t, explain.Sentences, explain.Material{}, one, two), "  packages that it lacks itself, by name = 1: one live"},
		{"of two as large the first", rested(t, explain.Sentences, explain.Material{}, image("one", "x", map[string]int{"k": 10}), image("two", "y", map[string]int{"m": 10})), "difference (more-tools): one has 1 package of its distribution (10B) that two lacks: k (10B)."},
		{"it is not material", rested(t, explain.Sentences, explain.Threshold, one, two), "-more-tools"},
		{"one distribution", rested(t, explain.Sentences, explain.Material{}, two, three), "-more-tools"},
		{"the largest of several", rested(t, explain.Course, explain.Material{}, one, two, three), "packages: one lacks 7 packages that others have, the largest being b three (900B), g two (700B), f two (600B), e two (500B) and d two (400B)."},
		{"and their bytes", rested(t, explain.Course, explain.Material{}, one, three, two), "  their bytes in the others = 3500: one live"},
		{"equal files", rested(t, explain.Sentences, explain.Material{}, one, two), "  equal files in layers that only one has = 50: live"},
	} {
		what, not := strings.CutPrefix(c.want, "-")
		if strings.Contains(c.got, what) == not || !not && !slices.Contains(strings.Split(c.got, "\n"), what) {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, c.got, c.want)
		}
	}
}

// Only the installer itself can install, whatever else of its kind is there, and whatever
// has its name; a package that a database names twice counts once.
func TestWhoCanInstall(t *testing.T) {
	s := testkit.Store(t)
	image := func(name string, files ...testkit.Entry) compare.Subject {
		return compare.Subject{Name: name, Facts: testkit.Facts(t, s, testkit.Put(t, s, name, store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, files...)}})))}
	}
	library := func(name, version string) testkit.Entry {
		return testkit.File("usr/lib/python3/site-packages/"+name+"-"+version+".dist-info/METADATA", "Name: "+name+"\nVersion: "+version+"\n")
	}
	twice := "P:pip\nV:1\nF:usr/bin\nR:pip\n\n"
	one := image("one", library("foo", "1"), testkit.File("lib/apk/db/installed", twice+twice), testkit.File("usr/bin/pip", strings.Repeat("p", 40)))
	two := image("two", library("pip", "23"))
	said := strings.Split(rested(t, explain.Course, explain.Material{}, one, two), "\n")
	for _, want := range []string{"tools: pip is in two (23) but not in one.", "packages: two lacks 2 packages that others have, the largest being pip 1 (2 copies) (40B) and foo 1 (21B)."} {
		if !slices.Contains(said, want) {
			t.Errorf("%s, want\n%s", strings.Join(said, "\n"), want)
		}
	}
}

// Every sentence has the numbers that it rests on, and what they are of.
func TestEvidence(t *testing.T) {
	slim, full := pair(t)
	for _, c := range []struct{ name, got, want string }{
		{"sentences", rested(t, explain.Sentences, explain.Material{}, slim, full), `
ranking (smallest): slim is the smallest on every measure (transfer, tar, files, live and docker).
  transfer = 88370: slim transfer
  tar = 87552: slim tar
  files = 80562: slim files
  live = 80562: slim live
  docker = 80562: slim docker
difference: full is 970kB larger than slim (live: 1.05MB instead of 80.6kB; transfer: +981kB).
  difference of live = 969834: slim>full live
  difference of transfer = 981218: slim>full transfer
difference: Why: tiny 1 becoming large 1 (+970kB, replaced); everything else adds up to +194B.
  tiny 1 becoming large 1 = 969640: slim>full live base large 1
  everything else = 194: slim>full live
difference (build-tools): Compilers, build tools, headers and static libraries are 900kB of the 970kB by which full is larger.
  compilers, build tools, headers and static libraries = 0: slim live
  compilers, build tools, headers and static libraries = 900000: full live
  compilers, build tools, headers and static libraries = 900000: slim>full live
difference (more-tools): full has 4 packages of its distribution (990kB) that slim lacks: gcc (900kB), c (70kB), a (10kB) and b (10kB).
  packages that the other lacks, by name = 990000: full live
  their number = 4: full
  package = 900000: full live package gcc
  package = 70000: full live package c
  package = 10000: full live package a
  package = 10000: full live package b
  packages that it lacks itself, by name = 30400: slim live
  their number = 2: slim
layers: slim has 2 layers and full has 3 layers.
  layers = 2: slim
  layers = 3: full
tools: pip is in full (23) but not in slim.
  versions of pip = 0: slim package pip
  versions of pip = 1: full package pip
tools: npm is in slim (10) but not in full.
  versions of npm = 1: slim package npm
  versions of npm = 0: full package npm
stages (stages): The multi-stage build of full saves 150kB: files of stages build and test that are not in the image; and 200kB that layers of stages build and test hide.
  bytes of stage build that are not in the image = 150000: full live stage build
  bytes of stage test that are not in the image = 150000: full live stage test
  build tools among what all stages left behind = 0: full live stages
  bytes of all stages that are in the image with other contents = 800057: full live stages
  bytes that layers of the stages hide = 200000: full waste stages
  bytes of all stages that are not in the image = 150000: full live stages
waste: full has 5.2kB that no container can see, 5kB of it deleted-file (tare weigh full shows which layers wrote and hid it).
  waste = 5200: full waste
  deleted-file = 5000: full waste waste deleted-file
sharing: They share no layer (0B of 1.16MB).
  blobs together = 1156096: transfer
  blobs separately = 1156096: transfer
`},
		{"course", rested(t, explain.Course, explain.Threshold, full, slim), `
ranking (smallest): slim is the smallest on every measure (transfer, tar, files, live and docker).
  transfer = 88370: slim transfer
  tar = 87552: slim tar
  files = 80562: slim files
  live = 80562: slim live
  docker = 80562: slim docker
difference: slim is 970kB smaller than full (live: 80.6kB instead of 1.05MB; transfer: −981kB).
  difference of live = -969834: full>slim live
  difference of transfer = -981218: full>slim transfer
difference: Why: large 1 becoming tiny 1 (−970kB, replaced); everything else adds up to −194B.
  large 1 becoming tiny 1 = -969640: full>slim live base tiny 1
  everything else = -194: full>slim live
difference (build-tools): Compilers, build tools, headers and static libraries are 900kB of the 970kB by which full is larger.
  compilers, build tools, headers and static libraries = 900000: full live
  compilers, build tools, headers and static libraries = 0: slim live
  compilers, build tools, headers and static libraries = -900000: full>slim live
difference (more-tools): full has 4 packages of its distribution (990kB) that slim lacks: gcc (900kB), c (70kB), a (10kB) and b (10kB).
  packages that the other lacks, by name = 990000: full live
  their number = 4: full
  package = 900000: full live package gcc
  package = 70000: full live package c
  package = 10000: full live package a
  package = 10000: full live package b
  packages that it lacks itself, by name = 30400: slim live
  their number = 2: slim
layers: full has 3 layers and slim has 2 layers.
  layers = 3: full
  layers = 2: slim
packages: full lacks 3 packages that others have, the largest being own 1 (30kB), shell 1 (400B) and npm 10 (29B).
  packages that it lacks = 3: full
  their bytes in the others = 30429: full live
packages: slim lacks 5 packages that others have, the largest being gcc 1 (900kB), c 1 (70kB), a 1 (10kB), b 1 (10kB) and pip 23 (22B).
  packages that it lacks = 5: slim
  their bytes in the others = 990022: slim live
tools: pip is in full (23) but not in slim.
  versions of pip = 1: full package pip
  versions of pip = 0: slim package pip
tools: npm is in slim (10) but not in full.
  versions of npm = 0: full package npm
  versions of npm = 1: slim package npm
stages (stages): The multi-stage build of full saves 150kB: files of stages build and test that are not in the image; and 200kB that layers of stages build and test hide.
  bytes of stage build that are not in the image = 150000: full live stage build
  bytes of stage test that are not in the image = 150000: full live stage test
  build tools among what all stages left behind = 0: full live stages
  bytes of all stages that are in the image with other contents = 800057: full live stages
  bytes that layers of the stages hide = 200000: full waste stages
  bytes of all stages that are not in the image = 150000: full live stages
waste: full has 5.2kB that no container can see, 5kB of it deleted-file (tare weigh full shows which layers wrote and hid it).
  waste = 5200: full waste
  deleted-file = 5000: full waste waste deleted-file
sharing: They share no layer (0B of 1.16MB).
  blobs together = 1156096: transfer
  blobs separately = 1156096: transfer
`},
	} {
		if c.got != strings.TrimSpace(c.want) {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, c.got, c.want)
		}
	}
}
