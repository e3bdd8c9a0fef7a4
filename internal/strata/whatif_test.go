package strata_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"tare/internal/fleet"
	"tare/internal/request"
	"tare/internal/strata"
	"tare/internal/testkit/fleets"
)

func word(t *testing.T, s string) []strata.WhatIf {
	t.Helper()
	w, err := strata.ParseWhatIf(s)
	if err != nil {
		t.Fatal(err)
	}
	return []strata.WhatIf{w}
}

// stored counts plainly what all registries store: sets of digests, registry by registry.
func stored(p *fleet.Plan) (sum int64) {
	homes := map[string]map[digest.Digest]int64{}
	for _, img := range p.Images {
		for _, name := range img.Names {
			home, _, _ := strings.Cut(name, "/")
			if homes[home] == nil {
				homes[home] = map[digest.Digest]int64{}
			}
			for _, l := range img.Layers {
				homes[home][l.Digest] = l.Bytes
			}
			homes[home][img.Digest], homes[home][img.Config] = img.ManifestBytes, img.ConfigBytes
		}
	}
	for _, blobs := range homes {
		for _, n := range blobs {
			sum += n
		}
	}
	return sum
}

// What a deletion frees is what registries store less when the names are gone.
func TestDeleteAgainstAPlainCount(t *testing.T) {
	freed, kept := 0, 0
	for seed := range uint64(60) {
		f := random(seed + 500)
		team := fmt.Sprintf("team%d", seed%10)
		tag := []string{":1", ":2", ":{1,2}", ""}[seed%4]
		after := &fleet.Plan{}
		var gone, tags int
		for _, img := range f.Images {
			left := slices.DeleteFunc(slices.Clone(img.Names), func(n string) bool {
				_, rest, _ := strings.Cut(n, "/")
				head, end, _ := strings.Cut(rest, ":")
				return strings.HasPrefix(head, team+"/") && (tag == "" || strings.Contains(tag, end))
			})
			tags += len(img.Names) - len(left)
			if img.Names = left; len(left) > 0 {
				after.Images = append(after.Images, img)
			} else {
				gone++
			}
		}
		r, err := strata.Make(strata.Input{Plan: f.Plan, WhatIf: word(t, "delete="+team+"/*"+tag)})
		var nothing *strata.NothingError
		if tags == 0 {
			if !errors.As(err, &nothing) {
				t.Errorf("seed %d: %v for a pattern that matches nothing", seed, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		c := r.WhatIf[0]
		if want := stored(f.Plan) - stored(after); c.Freed != want || c.Images != gone || c.Tags != tags {
			t.Errorf("seed %d: %+v, want %d bytes freed, %d images, %d tags", seed, c, want, gone, tags)
		}
		if c.Freed > 0 {
			freed++
		}
		kept += c.Kept
	}
	if freed == 0 || kept == 0 {
		t.Errorf("%d deletions free something, %d images keep a name: the cases are one-sided", freed, kept)
	}
}

// What a move stores and pulls is what the difference of plans says.
func TestRebaseAgainstAPlainCount(t *testing.T) {
	moves := 0
	for seed := range uint64(40) {
		f := fleets.Make(fleets.Options{Seed: seed, Images: 30, Layers: 8, Bases: 6, Nodes: 3, Files: 1})
		old, to := named(f, "registry0.example/base/os0:1"), named(f, "registry0.example/base/os1:1")
		after := &fleet.Plan{}
		pulled, had := map[digest.Digest]int64{}, map[digest.Digest]bool{}
		moved := map[digest.Digest]fleet.Image{}
		for _, img := range f.Images {
			if len(img.Layers) > len(old.Layers) && slices.Equal(img.Layers[:len(old.Layers)], old.Layers) {
				for _, l := range img.Layers {
					had[l.Digest] = true
				}
				was := img.Digest
				img.Layers = slices.Concat(to.Layers, img.Layers[len(old.Layers):])
				img.Digest, img.Config = digest.FromString("new "+string(img.Digest)), digest.FromString("new "+string(img.Config))
				moved[was] = img
			}
			after.Images = append(after.Images, img)
		}
		r, err := strata.Make(strata.Input{Plan: f.Plan, WhatIf: word(t, "rebase=base/os0:1="+string(to.Digest))})
		if len(moved) == 0 {
			if err == nil {
				t.Errorf("seed %d: no error where nothing moves", seed)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		moves++
		take := func(img fleet.Image) {
			for _, l := range img.Layers {
				if !had[l.Digest] {
					pulled[l.Digest] = l.Bytes
				}
			}
			pulled[img.Digest], pulled[img.Config] = img.ManifestBytes, img.ConfigBytes
		}
		for _, img := range moved {
			take(img)
		}
		c := r.WhatIf[0]
		if got, want := c.Added-c.Freed, stored(after)-stored(f.Plan); got != want || c.Images != len(moved) || c.Pulled != sum(pulled) || c.Rebuilt < c.Pulled {
			t.Errorf("seed %d: %+v, want %d images, %d bytes more, %d pulled", seed, c, len(moved), want, sum(pulled))
		}
		for _, n := range c.Nodes {
			clear(pulled)
			clear(had)
			node := f.Plan.Nodes[slices.IndexFunc(f.Plan.Nodes, func(x fleet.Node) bool { return x.Name == n.Name })]
			for _, img := range f.Images {
				for _, l := range img.Layers {
					had[l.Digest] = had[l.Digest] || slices.Contains(node.Images, img.Digest)
				}
			}
			for _, d := range node.Images {
				if img, ok := moved[d]; ok {
					take(img)
				}
			}
			if n.Pulled != sum(pulled) {
				t.Errorf("seed %d, %s: %d pulled, want %d", seed, n.Name, n.Pulled, sum(pulled))
			}
		}
	}
	if moves < 10 {
		t.Errorf("only %d moves", moves)
	}
}

func sum(m map[digest.Digest]int64) (n int64) {
	for _, v := range m {
		n += v
	}
	return n
}

func named(f *fleets.Fleet, name string) fleet.Image {
	for _, img := range f.Images {
		if slices.Contains(img.Names, name) {
			return img
		}
	}
	panic("no image " + name)
}

func TestMatches(t *testing.T) {
	const app = "registry.example:5000/team/app:1.2"
	for glob, want := range map[string]bool{
		"registry.example:5000/team/app:1.2": true, "team/app:1.2": true, "team/app": true, "registry.example:5000/team/*": true, "registry.example:5000/team/app:*": true, "*/app:1.?": true,
		"**/*:1.2": true, "team/{app,web}": true, "team/{a,b}": false, "**/app": true, "**/app:2": false, "team/app:2": false, "app:1.2": false, "app": false, "team": false, "*": false, "*:1.2": false, "other/app": false, "team/*:[0-9]*": true, "registry.example/team/app": false,
		"registry.example:5000/**": true, "**": true,
	} {
		if got := strata.Matches(glob, app); got != want {
			t.Errorf("%s matches %s: %t", glob, app, got)
		}
	}
	by := "registry.example/app@sha256:" + strings.Repeat("a", 64)
	for glob, want := range map[string]bool{"app": true, "app:*": false, "app@sha256:*": true, "registry.example/app@*": true} {
		if got := strata.Matches(glob, by); got != want {
			t.Errorf("%s matches %s: %t", glob, by, got)
		}
	}
}

func TestParseWhatIf(t *testing.T) {
	for _, bad := range []string{"", "delete", "delete=", "delete=[", "delete=a,", "delete=a,[", "rebase=a", "rebase==a", "rebase=a=", "rebase=a=b=c", "rebase=a=a", "drop=a", "=a"} {
		var usage request.Error
		if _, err := strata.ParseWhatIf(bad); !errors.As(err, &usage) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, good := range []string{"delete=a", "delete=a,b/*:c", "delete={a,b}:c,d", "rebase=a:1=b@sha256:1"} {
		if _, err := strata.ParseWhatIf(good); err != nil {
			t.Error(err)
		}
	}
}

func TestParsePrices(t *testing.T) {
	for _, bad := range []string{"storage", "storage=", "storage=x", "storage=-1", "storage=+1", "storage=1e3", "storage=NaN", "storage=Inf", "storage=1.2.3", "foo=1", "storage=1USD/GB", "storage=USD1EUR", "storage=10000000", "storage=1" + strings.Repeat("x", 9)} {
		var usage request.Error
		if _, err := strata.ParsePrices([]string{bad}); !errors.As(err, &usage) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, bad := range [][]string{{"storage=1", "storage=2"}, {"storage=1USD", "egress=1EUR"}, {"storage=1", "egress=1EUR"}} {
		if _, err := strata.ParsePrices(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
	f := random(4)
	for words, want := range map[string]string{"storage=0.10USD": "1.23 USD", "storage=$0.1": "$1.23", "storage=0.1": "1.23", "storage=0.1 €": "1.23 €"} {
		p, err := strata.ParsePrices([]string{words})
		if err != nil {
			t.Fatal(err)
		}
		r := make1(t, strata.Input{Plan: f.Plan, Prices: p})
		if got := r.Costs.Text(1.23); got != want {
			t.Errorf("%s: %s, want %s", words, got, want)
		}
		if total := float64(stored(f.Plan)) / 1e9 * 0.1; *r.Costs.Storage < total-1e-6 || *r.Costs.Storage > total+1e-6 || r.Costs.Pull != nil {
			t.Errorf("%s: %v, want %f", words, *r.Costs.Storage, total)
		}
	}
	for n, want := range map[float64]string{0: "0.00", 0.0041: "0.0041", 0.09: "0.090", 1234567.891: "1,234,567.89", -2.5: "-2.50", 0.000001: "0.000001"} {
		if got := (&strata.Costs{}).Text(n); got != want {
			t.Errorf("%f: %s, want %s", n, got, want)
		}
	}
}
