package weigh_test

import (
	"math/rand/v2"
	"testing"

	"tare/internal/packages"
	"tare/internal/units"
	"tare/internal/weigh"
)

// Origins sum up to the layers, whatever is folded.
func TestOriginsSumUp(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 5))
		res := &weigh.Result{Savings: &weigh.Savings{}}
		n := 1 + r.IntN(40)
		var live, transfer, waste int64
		for k := range n {
			size := int64(r.IntN(1 << uint(8+r.IntN(20))))
			res.Layers = append(res.Layers, weigh.Layer{Index: k + 1, Live: size / 2, Waste: size - size/2, Files: size, Transfer: units.Known(size / 3), Instruction: "RUN"})
			res.Sizes.Files += size
			live, transfer, waste = live+size/2, transfer+size/3, waste+size-size/2
		}
		res.BaseLayers = r.IntN(n + 1)
		list := res.Origins(10)
		for _, s := range list {
			live, transfer, waste = live-s.Live, transfer-s.Transfer.Or(0), waste-s.Waste
		}
		if live != 0 || transfer != 0 || waste != 0 || len(list) > 11 {
			t.Errorf("seed %d: %d rows, %d, %d and %d bytes are missing", seed, len(list), live, transfer, waste)
		}
	}
}

func TestOrigins(t *testing.T) {
	r := &weigh.Result{BaseImage: "python:slim", BaseLayers: 2, Layers: []weigh.Layer{{Index: 1, Files: 5e6}, {Index: 2, Files: 1e6},
		{Index: 3, Files: 2e6, Instruction: "RUN a", Line: 4}, {Index: 4, Files: 10}, {Index: 5, Files: 20}, {Index: 6, Files: 30, Instruction: "RUN b"}}}
	r.Sizes.Files = 8e6 + 60
	r.Savings = &weigh.Savings{Layers: []int{6}}
	got := r.Origins(9)
	if len(got) != 4 || got[0].Name != "base python:slim (2 layers)" || got[0].First != 1 || got[0].Last != 2 || got[0].Files != 6e6 ||
		got[1].Name != "RUN a" || got[1].Line != 4 || got[2].Name != "RUN b" || got[3].Name != "2 smaller layers" || got[3].First != 0 {
		t.Errorf("%+v", got)
	}
	r.BaseImage, r.BaseLayers, r.Savings = "", 0, nil
	if got := r.Origins(9); len(got) != 4 || got[0].First != 1 || got[0].Last != 1 || got[3].Name != "3 smaller layers" {
		t.Errorf("without a base: %+v", got)
	}
}

// Build tools are apart from other packages, and all sums up to live.
func TestContents(t *testing.T) {
	r := &weigh.Result{Owners: []weigh.Owner{{Kind: "package", Subject: "apk", Live: 5_000_000}, {Kind: "class", Subject: "vcs", Live: 2_000_000}, {Kind: "class", Subject: "log", Live: 10}, {Kind: "class", Subject: "config", Live: 20}},
		Packages: []weigh.Package{{Type: packages.APK, Name: "gcc", Live: 3_000_000}, {Type: packages.APK, Name: "curl", Live: 2_000_000}}}
	r.Sizes.Live = 7_000_030
	got := r.Contents(5)
	want := []weigh.Share{{Name: "build tools", Live: 3_000_000}, {Name: "Alpine packages (apk)", Live: 2_000_000}, {Name: "version control data", Live: 2_000_000}, {Name: "everything else", Live: 30}}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for n := range want {
		if got[n] != want[n] {
			t.Errorf("%+v, want %+v", got[n], want[n])
		}
	}
	if got := r.Contents(1); len(got) != 2 || got[1].Live != 4_000_030 {
		t.Errorf("%+v", got)
	}
}

// Every class has words of its own.
func TestClassTitles(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range weigh.AllClasses {
		if title := c.Title(); title == "" || seen[title] || title == string(c) && c != weigh.Unknown {
			t.Errorf("%s is called %q", c, title)
		}
		seen[c.Title()] = true
	}
}
