package strata_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/identity"

	"tare/internal/fleet"
	"tare/internal/strata"
)

// built is an image of these layers, 10 bytes each, under one name.
func built(name string, layers ...string) fleet.Image {
	img := fleet.Image{Digest: digest.FromString(name), Config: digest.FromString(name + " config"), ManifestBytes: 1, ConfigBytes: 2, Names: []string{"r.example/" + name}, Platform: "linux/amd64"}
	for _, l := range layers {
		img.Layers = append(img.Layers, fleet.Layer{Digest: digest.FromString("blob " + l), DiffID: digest.FromString(l), Bytes: 10})
	}
	return img
}

func chain(layers ...string) digest.Digest {
	var ids []digest.Digest
	for _, l := range layers {
		ids = append(ids, digest.FromString(l))
	}
	return identity.ChainID(ids)
}

// said are the strata in words: name, how it is known, and each version.
func said(r *strata.Result) (out []string) {
	for _, s := range r.Strata {
		text := fmt.Sprintf("%q %s %d:", s.Name, s.From, s.Images)
		for _, b := range s.Digests {
			text += fmt.Sprintf(" %d on %s layers (%s), own %s saves %s", b.Images, b.Layers, b.LayersFrom, b.Own, b.Saves)
		}
		out = append(out, text)
	}
	return out
}

func TestStrata(t *testing.T) {
	annotated := func(img fleet.Image, name string, d digest.Digest) fleet.Image {
		img.BaseName, img.BaseDigest = name, string(d)
		return img
	}
	day := time.Date(2025, 3, 4, 0, 0, 0, 0, time.UTC)
	dated := built("os:1", "a", "b")
	dated.Created = &day
	for name, c := range map[string]struct {
		images []fleet.Image
		want   []string
	}{
		"nothing":           {nil, nil},
		"one image":         {[]fleet.Image{built("x:1", "a", "b")}, nil},
		"nothing in common": {[]fleet.Image{built("x:1", "a", "b"), built("y:1", "b", "a")}, nil},
		"no layers":         {[]fleet.Image{built("x:1"), built("y:1")}, nil},
		"all the same":      {[]fleet.Image{built("x:1", "a", "b"), built("y:1", "a", "b")}, nil},
		"a prefix":          {[]fleet.Image{built("x:1", "a", "b", "c"), built("y:1", "a", "b", "d")}, []string{`"" prefix 2: 2 on 2 layers (prefix), own 20 saves 20`}},
		"one on the other": {[]fleet.Image{built("x:1", "a", "b", "c"), built("y:1", "a", "b", "d"), built("z:1", "a", "e")},
			[]string{`"" prefix 3: 3 on 1 layers (prefix), own 10 saves 20`, `"" prefix 2: 2 on 2 layers (prefix), own 10 saves 10`}},
		"an image is the base": {[]fleet.Image{dated, built("x:1", "a", "b", "c")}, []string{`"r.example/os:1" image 1: 1 on 2 layers (image), own 20 saves 20`}},
		"annotated, and the base is there": {[]fleet.Image{dated, annotated(built("x:1", "a", "b", "c"), "os:1", dated.Digest), built("y:1", "a", "b", "d")},
			[]string{`"os:1" annotation 2: 2 on 2 layers (image), own 20 saves 40`}},
		"annotated, by name": {[]fleet.Image{dated, annotated(built("x:1", "a", "b", "c"), "r.example/os:1", "sha256:gone")},
			[]string{`"r.example/os:1" annotation 1: 1 on 2 layers (image), own 20 saves 20`}},
		"annotated, by the name of something else": {[]fleet.Image{built("os:1", "z"), annotated(built("x:1", "a", "b", "c"), "r.example/os:1", "sha256:gone")},
			[]string{`"r.example/os:1" annotation 1: 1 on – layers (), own – saves –`}},
		"annotated, two versions": {[]fleet.Image{annotated(built("v:1", "a", "b"), "os:1", "sha256:1"), annotated(built("w:1", "a", "c"), "os:1", "sha256:1"), annotated(built("x:1", "d", "e", "f"), "os:1", "sha256:2"), annotated(built("y:1", "d", "e", "g"), "os:1", "sha256:2"), annotated(built("z:1", "d", "e", "h"), "os:1", "sha256:2")},
			[]string{`"os:1" annotation 5: 3 on 2 layers (prefix), own 20 saves 40 2 on 1 layers (prefix), own 10 saves 10`}},
	} {
		t.Run(name, func(t *testing.T) {
			for range 3 { // whatever the order
				slices.Reverse(c.images)
				r := make1(t, strata.Input{Plan: &fleet.Plan{Images: c.images}})
				if got := said(r); strings.Join(got, "\n") != strings.Join(c.want, "\n") {
					t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
				}
			}
		})
	}
}

func TestBaseOfAnImage(t *testing.T) {
	day := time.Date(2025, 3, 4, 0, 0, 0, 0, time.UTC)
	os := built("os:1", "a", "b")
	os.Created = &day
	later := day.AddDate(0, 1, 0)
	x, y := built("x:1", "a", "b", "c"), built("y:1", "a", "b", "d")
	x.Created = &later
	r := make1(t, strata.Input{Plan: &fleet.Plan{Images: []fleet.Image{os, x, y}, Nodes: []fleet.Node{{Name: "n", Images: []digest.Digest{x.Digest, "sha256:other"}}}}})
	b := r.Strata[0].Digests[0]
	if b.ChainID != chain("a", "b") || b.Digest != string(os.Digest) || b.Created == nil || !b.Created.Equal(day) || b.Oldest == nil || !b.Oldest.Equal(later) || b.On != "" {
		t.Errorf("%+v", b)
	}
	if n := r.Nodes[0]; n.Images != 1 || n.Missing != 1 || n.Holds != 33 || n.Bases != 20 || n.Lacks != r.Bytes.Blob.Together.Or(0)-33 {
		t.Errorf("%+v", n)
	}
}

func TestMonths(t *testing.T) {
	at := func(img fleet.Image, year int, m time.Month) fleet.Image {
		d := time.Date(year, m, 1, 0, 0, 0, 0, time.UTC)
		img.Created = &d
		return img
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	images := []fleet.Image{at(built("a:1", "a", "b"), 2025, 5), at(built("b:1", "a", "c"), 2025, 3), built("c:1", "a", "d"), at(built("d:1", "d", "e"), 1970, 1), at(built("e:1", "f"), 2005, 1), at(built("g:1", "f", "g"), 2030, 1), at(built("h:1", "d"), 1980, 1)}
	r := make1(t, strata.Input{Plan: &fleet.Plan{Images: images}, Now: now})
	want := "[{2025-03 1 23} {2025-05 1 13}] { 3 29} { 2 26}"
	if got := fmt.Sprint(r.Growth.Months, r.Growth.Undated, r.Growth.Implausible); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// What manifests contradict one another in, or what cannot be, is said and does not spoil the sums.
func TestDamagedPlans(t *testing.T) {
	lies := built("l:1", "a", "b")
	lies.Layers[0].Bytes = -5
	more := built("m:1", "b", "c")
	more.Layers[0].Bytes = 1 << 62
	r := make1(t, strata.Input{Plan: &fleet.Plan{Images: []fleet.Image{lies, more, lies}}})
	if len(r.Problems) != 4 || r.Bytes.Blob.Together.Or(-1) != 10+10+3+3 {
		t.Errorf("%d bytes, %q", r.Bytes.Blob.Together.Or(-1), r.Problems)
	}
	if r := make1(t, strata.Input{Plan: &fleet.Plan{}}); r.Images != 0 || r.Bytes.Blob.Together.Or(-1) != 0 {
		t.Errorf("%+v", r)
	}
}
