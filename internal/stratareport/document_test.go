package stratareport_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/fleet"
	"tare/internal/layer"
	"tare/internal/page"
	"tare/internal/report"
	"tare/internal/secret"
	"tare/internal/strata"
	"tare/internal/stratareport"
)

// layers are indexes by the digests of blobs.
type layers map[digest.Digest]*layer.Index

func (l layers) Layer(d digest.Digest) (*layer.Index, error) {
	if x := l[d]; x != nil {
		return x, nil
	}
	return nil, strata.ErrNotScanned
}

func (l layers) Config(digest.Digest) ([]byte, error) { return nil, strata.ErrNotScanned }

// scan makes indexes of the layers of images: a file of 100 bytes each, and what else is said of a layer by its name.
func scan(more map[string][]layer.Entry, images ...fleet.Image) layers {
	out := layers{}
	for _, img := range images {
		for _, l := range img.Layers {
			name := l.MediaType
			x := &layer.Index{Sums: layer.Sums{Blob: l.Digest, DiffID: l.DiffID, Transfer: l.Bytes, Compression: layer.Gzip}}
			list := append([]layer.Entry{{Path: "data/" + name, Size: 100, Sum: layer.Sum{byte(len(name)), name[0]}, Mode: 0o644}}, more[name]...)
			slices.SortFunc(list, func(a, b layer.Entry) int { return layer.ComparePaths(a.Path, b.Path) })
			for _, e := range list {
				e.Offset, e.Span = x.Tar, 512+(e.Size+511)/512*512
				x.Tar += e.Span
				x.Files += e.Size
				x.Entries++
				x.List = append(x.List, e)
			}
			x.TrailerShare = l.Bytes
			out[l.Digest] = x
		}
	}
	return out
}

func built(name string, names ...string) fleet.Image {
	img := fleet.Image{Digest: digest.FromString(name), Config: digest.FromString(name + " config"), ManifestBytes: 400, ConfigBytes: 600, Names: []string{"r.example/" + name}, Platform: "linux/amd64"}
	for _, l := range names {
		img.Layers = append(img.Layers, fleet.Layer{Digest: digest.FromString("blob " + l), DiffID: digest.FromString(l), Bytes: 1_000_000, MediaType: l})
	}
	return img
}

func text(t *testing.T, in strata.Input, view report.View) string {
	t.Helper()
	r, err := strata.Make(in)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	f := page.FormatOf("text")
	p := stratareport.Page(r)
	p.Doc = stratareport.Document(r, false).View(view, f.Rest)
	if err := f.Write(&b, &p, report.Style{Width: 200}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func parsed(t *testing.T, words ...string) (out []strata.WhatIf) {
	t.Helper()
	for _, w := range words {
		x, err := strata.ParseWhatIf(w)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, x)
	}
	return out
}

// Each sentence appears where it is true, and not where it is not.
func TestSentences(t *testing.T) {
	day := time.Date(2025, 5, 6, 0, 0, 0, 0, time.UTC)
	x, y, os, other := built("x:1", "a", "b", "c"), built("y:1", "a", "b", "d"), built("os:1", "a", "b"), built("os:2", "e")
	dated := x
	dated.Created = &day
	before := day.AddDate(-2, 0, 0)
	early := y
	early.Created = &before
	twice := x
	twice.Names = []string{"r.example/x:1", "r.example/x:2"}
	arm := built("z:1", "a", "b", "f")
	arm.Platform = "linux/arm64"
	armOS := built("osarm:1", "a", "b")
	armOS.Platform, armOS.Names = "linux/arm64", os.Names
	annotated := x
	annotated.BaseName, annotated.BaseDigest = "os:1", "sha256:1"
	alsoAnnotated := y
	alsoAnnotated.BaseName, alsoAnnotated.BaseDigest = "os:1", "sha256:1"
	plan := func(images ...fleet.Image) *fleet.Plan { return &fleet.Plan{Images: images} }
	nodes := plan(x, y)
	nodes.Nodes = []fleet.Node{{Name: "n1", Images: []digest.Digest{x.Digest}}}
	missing := plan(x, y)
	missing.Nodes = []fleet.Node{{Name: "n1", Images: []digest.Digest{x.Digest, "sha256:other"}}}
	unread := plan(x)
	unread.Unreadable = []fleet.Unreadable{{Name: "r.example/secret", Why: "denied"}}
	prices, err := strata.ParsePrices([]string{"storage=100USD", "egress=100USD"})
	if err != nil {
		t.Fatal(err)
	}
	hidden := map[string][]layer.Entry{"c": {{Path: "data/b", Kind: layer.Whiteout}}}
	keys := map[string][]layer.Entry{"b": {{Path: "root/.ssh/id_rsa", Size: 10, Mode: 0o600, Mark: secret.Key}}}
	removed := map[string][]layer.Entry{"b": keys["b"], "c": {{Path: "root/.ssh/id_rsa", Kind: layer.Whiteout}}}
	weighed := func(more map[string][]layer.Entry, images ...fleet.Image) strata.Input {
		return strata.Input{Plan: plan(images...), Layers: scan(more, images...), Weigh: true}
	}
	some := weighed(nil, x, y)
	delete(some.Layers.(layers), x.Layers[2].Digest)
	what := func(p *fleet.Plan, words ...string) strata.Input {
		return strata.Input{Plan: p, WhatIf: parsed(t, words...), Prices: prices}
	}
	for _, c := range []struct {
		say      string
		yes, not strata.Input
	}{
		{"2 images, 2 tags, 4 layers: 4MB together, 6MB separately (1.5 times as much)", strata.Input{Plan: plan(x, y)}, strata.Input{Plan: plan(x)}},
		{"and nothing is shared", strata.Input{Plan: plan(x, other)}, strata.Input{Plan: plan(x, y)}},
		{"only manifests were read: tare fleet scan", strata.Input{Plan: plan(x, y)}, weighed(nil, x, y)},
		{"diffid and content are not known: 3 of 4 layers are scanned", some, weighed(nil, x, y)},
		{"Waste of all is not known: 1 of 2 images were weighed.", some, weighed(nil, x, y)},
		{"Every file of every layer is seen in some image: no waste.", weighed(nil, x, y), weighed(hidden, x)},
		{"Waste: 100B in files that no image shows (100B counted image by image).", weighed(hidden, x), weighed(nil, x)},
		{"Waste: 0B in files that no image shows (100B counted image by image).", weighed(hidden, x, y), weighed(hidden, x)},
		{"1 of 2 images were weighed", some, weighed(nil, x, built("scratch:1"))}, // an image without layers is weighed, too
		{"2 findings about secrets", weighed(map[string][]layer.Entry{"b": keys["b"], "c": {{Path: "app/key.pem", Size: 10, Mark: secret.Key}}}, x), weighed(nil, x)},
		{"1 file hidden by later layers can still be read", weighed(removed, x), weighed(keys, x)},
		{"1 file hidden by later layers can still be read", weighed(removed, x), weighed(removed, x, y)}, // y shows it
		{"unnamed: the first 2 layers of r.example/x:1", strata.Input{Plan: plan(x, y)}, strata.Input{Plan: plan(x, y, os)}},
		{"Unnamed: the longest sequence of layers", strata.Input{Plan: plan(x, y)}, strata.Input{Plan: plan(x, y, os)}},
		{"Where the base itself is not in the fleet", strata.Input{Plan: plan(annotated, alsoAnnotated)}, strata.Input{Plan: plan(annotated, y, os)}},
		{"No image stands on another, and no two begin with the same layers.", strata.Input{Plan: plan(x, other)}, strata.Input{Plan: plan(x, y)}},
		{"Growth: 3MB came with the images of 2025-05, the latest month; 1 image without a date.", strata.Input{Plan: plan(dated, y)}, strata.Input{Plan: plan(x, y)}},
		{"No image has a plausible date.", strata.Input{Plan: plan(x, y)}, strata.Input{Plan: plan(dated, y)}},
		{"1 image with an implausible one", strata.Input{Plan: plan(dated, early), Now: day.AddDate(-1, 0, 0)}, strata.Input{Plan: plan(dated, early), Now: day}},
		{"Nodes have 1 image that the fleet does not have.", strata.Input{Plan: missing}, strata.Input{Plan: nodes}},
		{"1 name could not be read: no number here counts it.", strata.Input{Plan: unread}, strata.Input{Plan: plan(x)}},
		{"Delete x:1 (1 tag): 1 image goes; 1MB of 3MB is freed, 2MB is in images that stay.", what(plan(x, y), "delete=x:1"), what(plan(twice, y), "delete=x:1")},
		{"Delete x:1 (1 tag): no image goes: 1 stays under another name; nothing is freed.", what(plan(twice, y), "delete=x:1"), what(plan(x, y), "delete=x:1")},
		{"Delete x (1 tag): 1 image goes; 3MB of 3MB is freed.", what(plan(x), "delete=x"), what(plan(x, y), "delete=x")},
		{"Storage costs 0.30 USD less each month. Registries free it when they collect garbage.", what(plan(x), "delete=x"), what(plan(twice, y), "delete=x:1")},
		{"Move 2 images from os:1 to os:2: a host that has them pulls 1MB, 3MB if they are built again and their own layers change, too.", what(plan(x, y, os, other), "rebase=os:1=os:2"), what(plan(x, os, other), "rebase=os:1=os:2")},
		{"1 image stay: os:2 has no image for their platform.", what(plan(x, arm, armOS, os, other), "rebase=os:1=os:2"), what(plan(x, os, other), "rebase=os:1=os:2")},
		{"0.10 USD for 1 node", what(func() *fleet.Plan { p := plan(x, os, other); p.Nodes = nodes.Nodes; return p }(), "rebase=os:1=os:2"), what(plan(x, os, other), "rebase=os:1=os:2")},
		{"Storage of 3MB in 1 registry, each month: 0.30 USD", strata.Input{Plan: plan(x), Prices: prices}, strata.Input{Plan: plan(x)}},
		{"A pull of what 1 node hold (3MB): 0.30 USD", strata.Input{Plan: nodes, Prices: prices}, strata.Input{Plan: plan(x), Prices: prices}},
	} {
		full := report.View{Full: true}
		if got := text(t, c.yes, full); !strings.Contains(got, c.say) {
			t.Errorf("%q is not said:\n%s", c.say, got)
		}
		if got := text(t, c.not, full); strings.Contains(got, c.say) {
			t.Errorf("%q is said:\n%s", c.say, got)
		}
	}
}

// The first screen is one, and every format has the whole.
func TestFirstScreen(t *testing.T) {
	var images []fleet.Image
	for n := range 100 {
		img := built(fmt.Sprintf("team%d/app\x1b[31m%d:1", n%5, n), "a", fmt.Sprint("b", n%7), fmt.Sprint("c", n%20), fmt.Sprint("d", n))
		at := time.Date(2024, time.Month(n%12+1), 1, 0, 0, 0, 0, time.UTC)
		img.Created = &at
		images = append(images, img)
	}
	p := &fleet.Plan{Images: images}
	for n := range 9 {
		p.Nodes = append(p.Nodes, fleet.Node{Name: fmt.Sprint("node", n), Images: []digest.Digest{images[n].Digest, images[n+1].Digest}})
	}
	in := strata.Input{Plan: p, Layers: scan(nil, images...), Weigh: true, Top: 20}
	if got := text(t, in, report.View{}); strings.Count(got, "\n") > 42 || strings.Contains(got, "\x1b") {
		t.Errorf("%d lines:\n%q", strings.Count(got, "\n"), got)
	}
	r, err := strata.Make(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range page.Formats {
		var b bytes.Buffer
		pg := stratareport.Page(r)
		pg.Data, pg.Report, pg.Doc = r, "report", stratareport.Document(r, true).View(report.View{}, f.Rest)
		if err := f.Write(&b, &pg, report.Style{Width: 80}); err != nil || b.Len() == 0 || strings.Contains(b.String(), "\x1b") {
			t.Errorf("%s: %v, %d bytes", f.Name, err, b.Len())
		}
	}
	for _, part := range stratareport.Document(r, false).Parts() {
		if view := (report.View{Show: []string{part}}); view.Check(stratareport.Parts) != nil {
			t.Errorf("part %s is not among those that --show takes", part)
		}
	}
}
