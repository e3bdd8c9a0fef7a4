package explain

import (
	"strings"
	"testing"

	"tare/internal/compare"
	"tare/internal/units"
)

// What a pull transfers is said where it is known of all images, and of none where one
// is not: neither who is the smallest nor by how much they differ.
func TestNothingIsSaidOfWhatIsNotKnown(t *testing.T) {
	three := func(unknown ...int) *compare.Result {
		r := sized(Sized{"a", 10, 2000}, Sized{"b", 20, 3000}, Sized{"c", 30, 4000})
		for i := range r.Images {
			z := &r.Images[i].Sizes
			z.Tar, z.Files, z.Docker = z.Live, z.Live, z.Live
		}
		for _, n := range unknown {
			r.Images[n].Sizes.Transfer = units.Unknown()
		}
		return r
	}
	for _, c := range []struct {
		unknown       []int
		verdict, rank string
		pair          string
	}{
		{nil, "a is the smallest: 10B to pull, 2kB live; b +100%, c +200% to pull", "a is the smallest on every measure (transfer, tar, files, live and docker).", "(live: 3kB instead of 2kB; transfer: +10B)"},
		{[]int{1}, "a is the smallest live (2kB); b +50%, c +100%; transfer is not known of all", "a is the smallest on every measure that is known of all (tar, files, live and docker).", "(live: 3kB instead of 2kB)"},
		{[]int{0, 1, 2}, "a is the smallest live (2kB); b +50%, c +100%; transfer is not known of all", "a is the smallest on every measure that is known of all (tar, files, live and docker).", "(live: 3kB instead of 2kB)"},
	} {
		r := three(c.unknown...)
		if got := Verdict(r, units.Bytes); got != c.verdict {
			t.Errorf("%v:\n%s, want\n%s", c.unknown, got, c.verdict)
		}
		if got := says(r, func(w *writer) { w.ranking() }); !strings.HasPrefix(got, c.rank) {
			t.Errorf("%v:\n%s, want\n%s", c.unknown, got, c.rank)
		}
		d := compare.Between(r, 0, 1, "live")
		got := says(r, func(w *writer) { w.pair(&d) })
		if !strings.Contains(got, c.pair) || strings.Contains(got, "transfer") != (c.unknown == nil) {
			t.Errorf("%v:\n%s, want\n%s", c.unknown, got, c.pair)
		}
	}
	one := sized(Sized{"a", 10, 2000})
	one.Images[0].Sizes.Transfer = units.Unknown()
	if got := Verdict(one, units.Bytes); got != "a: 2kB live, 7B waste, transfer not known" {
		t.Error(got)
	}
	same := sized(Sized{"a", 10, 2000}, Sized{"b", 10, 2000})
	same.Images[1].Sizes.Transfer = units.Unknown()
	if got := Verdict(same, units.Bytes); got != "Both are the same size live (2kB); transfer is not known of all" {
		t.Error(got)
	}
	remote := &compare.Remote{Images: []compare.RemoteImage{{Name: "a", Transfer: units.Known(5)}, {Name: "b", Transfer: units.Unknown()}}}
	if got := RemoteVerdict(remote, units.Bytes); got != "transfer is not known of b" {
		t.Error(got)
	}
}

// Shared layers are counted in tar where a pull is not known, and in transfer where it is.
func TestSharingOfWhatIsNotKnown(t *testing.T) {
	r := sized(Sized{"a", 10, 2000}, Sized{"b", 20, 3000})
	level := func(together, separately int64) compare.Level {
		return compare.Level{Together: units.Known(together), Separately: units.Known(separately)}
	}
	r.Sharing = compare.Sharing{Blob: level(60, 100), DiffID: level(600, 1000), Content: level(1, 1)}
	said := func() string { return says(r, func(w *writer) { w.sharing() }) }
	if got := said(); !strings.Contains(got, "Pulling all of them onto one host transfers 60B of layers instead of 100B") || strings.Contains(got, "tar") {
		t.Error(got)
	}
	r.Sharing.Blob = compare.Level{Together: units.Unknown(), Separately: units.Unknown()}
	if got := said(); !strings.Contains(got, "Unpacked, all of them together have 600B of layers (tar) instead of 1kB") || strings.Contains(got, "transfers") {
		t.Error(got)
	}
	if !shares(r) {
		t.Error("shared layers are not material")
	}
	r.Sharing.DiffID = level(1000, 1000)
	if shares(r) {
		t.Error("nothing is shared")
	}
}
