package advice_test

import (
	"path"
	"slices"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/advice"
	"tare/internal/store"
	"tare/internal/testkit"
)

// kib is a file of n kB, the same for the same name and size.
func kib(name string, n int) testkit.Entry {
	return testkit.File(name, strings.Repeat(name+"\n", n*1024/(len(name)+1)+1)[:n*1024])
}

// owned is the entry with another owner: what a chown writes.
func owned(e testkit.Entry) testkit.Entry {
	e.Header.Uid = 1000
	return e
}

// lined is the image with the lines of its layers, the first base of which are the base
// image's.
func lined(img *advice.Image, base int, lines ...int) *advice.Image {
	img.Base, img.Lines = base, map[int]int{}
	for k, line := range lines {
		if line > 0 {
			img.Lines[k] = line
		}
	}
	return img
}

// E is an entry of a layer.
type E = testkit.Entry

// whiteout is the entry that deletes a path.
func whiteout(p string) E {
	dir, base := path.Split(p)
	return testkit.File(dir+".wh."+base, "")
}

func contains(s, part string) bool { return strings.Contains(s, part) }

// step is a layer and the instruction that made it.
type step struct {
	by      string
	entries []testkit.Entry
}

// image is an image made of steps, bottom first.
func image(t testing.TB, steps ...step) *advice.Image {
	t.Helper()
	return imageIn(t, testkit.Store(t), steps...)
}

// imageIn is the same in a store that there is.
func imageIn(t testing.TB, s *store.Store, steps ...step) *advice.Image {
	t.Helper()
	var o testkit.Options
	for _, x := range steps {
		o.Layers = append(o.Layers, testkit.Tar(t, x.entries...))
		o.History = append(o.History, ocispec.History{CreatedBy: x.by})
	}
	return &advice.Image{Facts: testkit.Facts(t, s, testkit.Put(t, s, "x", store.Pulled, testkit.Image(t, o)))}
}

// distribution is a base layer with an os-release file.
func distribution(more ...testkit.Entry) step {
	return step{"ADD rootfs.tar /", append([]testkit.Entry{testkit.File("etc/os-release", "ID=debian\nVERSION_ID=12\n")}, more...)}
}

// only are the findings of one rule.
func only(l *advice.Image, rule string) []advice.Finding {
	return slices.DeleteFunc(advice.Find(l), func(f advice.Finding) bool { return f.Rule != rule })
}

// one is the only finding of a rule, which must be about a layer and so many kB of
// content at least, with less than a tenth more for headers, and say the words.
func one(t *testing.T, l *advice.Image, rule string, layer int, kb int64, words ...string) advice.Finding {
	t.Helper()
	list := only(l, rule)
	if len(list) != 1 {
		t.Fatalf("%d findings of %s, want 1: %+v", len(list), rule, list)
	}
	f := list[0]
	if f.Layer != layer || f.Tar < kb*1024 || f.Tar > kb*1024*11/10+2048 {
		t.Errorf("%s: layer %d with %d bytes, want layer %d with %d kB", rule, f.Layer, f.Tar, layer, kb)
	}
	for _, w := range words {
		if !strings.Contains(f.Text+"\n"+f.Remedy, w) {
			t.Errorf("%s: %q and %q do not say %q", rule, f.Text, f.Remedy, w)
		}
	}
	return f
}

// none must be found of a rule.
func none(t *testing.T, l *advice.Image, rule string) {
	t.Helper()
	if list := only(l, rule); len(list) > 0 {
		t.Errorf("%s: found %+v", rule, list)
	}
}
