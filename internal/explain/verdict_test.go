package explain

import (
	"strings"
	"testing"
	"testing/quick"

	"tare/internal/compare"
	"tare/internal/image"
	"tare/internal/units"
)

func sized(list ...Sized) *compare.Result {
	r := &compare.Result{}
	for _, s := range list {
		r.Images = append(r.Images, compare.Image{Name: s.Name, Sizes: image.Sizes{Transfer: units.Known(s.Transfer), Live: s.Live, Waste: 7}})
	}
	return r
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		images []Sized
		want   string
	}{
		{[]Sized{{"a", 1000, 2000}}, "a: 1kB to pull, 2kB live, 7B waste"},
		{[]Sized{{"python:slim", 43_900_000, 123_000_000}, {"one", 22_000_000, 64_000_000}, {"two", 14_900_000, 42_000_000}}, "two is the smallest: 14.9MB to pull, 42MB live; one +48%, python:slim +195% to pull"},
		{[]Sized{{"a", 1, 2}, {"b", 1, 2}}, "Both are the same size: 1B to pull, 2B live"},
		{[]Sized{{"a", 1, 2}, {"b", 1, 2}, {"c", 1, 2}}, "All 3 are the same size: 1B to pull, 2B live"},
		{[]Sized{{"a", 1, 3}, {"b", 2, 2}}, "a is the smallest to pull (1B), b is the smallest live (2B)"},
		{[]Sized{{"a", 1, 2}, {"b", 1, 2}, {"c", 3, 4}}, "a and b are the smallest: 1B to pull, 2B live; c +200% to pull"},
		{[]Sized{{"a", 1, 2}, {"b", 1, 3}}, "a is the smallest live (2B); all have as much to pull (1B)"},
		{[]Sized{{"a", 1, 2}, {"b", 2, 2}}, "a is the smallest: 1B to pull; b +100% to pull; all have as much live (2B)"},
		{[]Sized{{"a", 1, 2}, {"b", 1, 3}, {"c", 2, 3}}, "a and b are the smallest to pull (1B), a is the smallest live (2B)"},
		{[]Sized{{"a", 10, 2}, {"b", 11, 3}, {"c", 12, 3}, {"d", 13, 3}, {"e", 14, 3}, {"f", 15, 3}, {"g", 30, 3}}, "a is the smallest: 10B to pull, 2B live; b +10%, c +20%, d +30%, e +40%, 2 more up to +200% to pull"},
		{[]Sized{{"a", 0, 0}, {"b", 5, 3}}, "a is the smallest: 0B to pull, 0B live; b +5B to pull"},
		{[]Sized{{"a", 1_000_000, 2}, {"b", 1_000_001, 3}}, "a is the smallest: 1MB to pull, 2B live; b +<0.01% to pull"},
	} {
		if got := Verdict(sized(c.images...), units.Bytes); got != c.want {
			t.Errorf("%v:\n%s, want\n%s", c.images, got, c.want)
		}
	}
}

func TestRemoteVerdict(t *testing.T) {
	for want, list := range map[string][]int64{"a: 5B to pull": {5}, "Both are the same size: 5B to pull": {5, 5}, "b is the smallest to pull: 4B; c +25%, a +50%": {6, 4, 5}} {
		r := &compare.Remote{}
		for n, b := range list {
			r.Images = append(r.Images, compare.RemoteImage{Name: string(rune('a' + n)), Transfer: units.Known(b)})
		}
		if got := RemoteVerdict(r, units.Bytes); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// cause is a cause of few kinds, as the numbers say.
func cause(k, n uint8, bytes int32) compare.Cause {
	c := compare.Cause{Kind: []string{"package", "package", "base", "app", "waste"}[k%5], Bytes: int64(bytes), Change: []string{"added", "removed", "changed"}[n%3]}
	switch c.Kind {
	case "package":
		c.Subject = []string{"runtime python", "apk python3", "deb libc6", "apk py3-pip", "pypi pip"}[n%5]
		if k%2 == 1 {
			c.Via = []string{"apk py3-pip", "apk gone", "deb libc6"}[n%3]
		}
	case "base":
		c.Subject = []string{"debian 12", "alpine 3.20"}[n%2]
	default:
		c.Subject = c.Kind
	}
	return c
}

// Whatever is grouped, the groups sum up to the causes, and none gets lost.
func TestGroupsSumUp(t *testing.T) {
	f := func(kinds, names []uint8, bytes []int32) bool {
		var list []compare.Cause
		var want int64
		seen := map[string]bool{}
		for i := range min(len(kinds), len(names), len(bytes)) {
			c := cause(kinds[i], names[i], bytes[i])
			if id := c.Kind + c.Subject + c.Change + c.Via; !seen[id] {
				seen[id] = true
				list = append(list, c)
				want += c.Bytes
			}
		}
		var got int64
		n := 0
		for _, g := range Groups(list) {
			sum := g.Head.Bytes
			if g.Was != nil {
				sum += g.Was.Bytes
			}
			for _, k := range g.Kids {
				sum += k.Bytes
			}
			if sum != g.Bytes || g.String() == "" || g.name() == "" {
				t.Logf("%+v", g)
				return false
			}
			got += g.Bytes
			n += g.Causes()
		}
		return got == want && n == len(list)
	}
	if err := quick.Check(f, &quick.Config{MaxCount: 3000}); err != nil {
		t.Error(err)
	}
}

func TestGroups(t *testing.T) {
	list := []compare.Cause{
		{Kind: "base", Subject: "debian 12", Bytes: -73, Change: "removed"}, {Kind: "base", Subject: "alpine 3.20", Bytes: 8, Change: "added"},
		{Kind: "package", Subject: "runtime python", Bytes: -28, Change: "removed", FromVersion: "3.11.2"},
		{Kind: "package", Subject: "apk python3", Bytes: 20, Change: "added", ToVersion: "3.11.4"},
		{Kind: "package", Subject: "apk sqlite-libs", Bytes: 1, Change: "added", Via: "apk python3"},
		{Kind: "package", Subject: "apk py3-pip", Bytes: 6, Change: "added", ToVersion: "23"}, {Kind: "package", Subject: "apk py3-setuptools", Bytes: 5, Change: "added", Via: "apk py3-pip"},
		{Kind: "package", Subject: "deb libc6", Bytes: -2, Change: "changed", FromVersion: "1", ToVersion: "2"},
		{Kind: "package", Subject: "pypi pip", Bytes: -3, Change: "removed", FromVersion: "22.3.1"},
		{Kind: "cache", Subject: "cache", Bytes: 1, Change: "added"},
	}
	var got []string
	for _, g := range Groups(list) {
		got = append(got, units.Delta(g.Bytes)+" "+g.String())
	}
	want := "−65B base: debian 12 becomes alpine 3.20|+11B py3-pip and the package it pulls in|−7B python 3.11.2 becomes python3 3.11.4 and the package it pulls in|−3B pip 22.3.1|−2B libc6 1 → 2|+1B unpackaged: cache"
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("%s, want\n%s", s, want)
	}
	// What stays is not replaced, and neither is one package by another.
	for _, c := range Groups([]compare.Cause{{Kind: "package", Subject: "apk python3", Bytes: 1, Change: "added"}, {Kind: "package", Subject: "deb python3", Bytes: -1, Change: "removed"}, {Kind: "package", Subject: "runtime node", Bytes: -1, Change: "removed"}}) {
		if c.Was != nil {
			t.Errorf("%s", &c)
		}
	}
}
