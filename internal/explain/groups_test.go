package explain

import (
	"strings"
	"testing"

	"tare/internal/compare"
	"tare/internal/units"
)

// What goes together, what it is called in a table and in a sentence, and what is not put
// together.
func TestGroupsInWords(t *testing.T) {
	c := func(kind, subject, change string, n int64) compare.Cause {
		return compare.Cause{Kind: kind, Subject: subject, Change: change, Bytes: n}
	}
	via := func(x compare.Cause, via string) compare.Cause { x.Via = via; return x }
	version := func(x compare.Cause, from, to string) compare.Cause {
		x.FromVersion, x.ToVersion = from, to
		return x
	}
	for _, x := range []struct {
		name   string
		causes []compare.Cause
		want   string // ROW | IN A SENTENCE | CHANGE BYTES CAUSES
	}{
		{"a package", []compare.Cause{version(c("package", "apk curl", "added", 5), "", "8.1")}, "curl 8.1 | curl | added 5 1"},
		{"another version", []compare.Cause{version(c("package", "apk curl", "changed", 5), "8.0", "8.1")}, "curl 8.0 → 8.1 | curl | changed 5 1"},
		{"the same version", []compare.Cause{version(c("package", "apk curl", "changed", 5), "8.1", "8.1")}, "curl 8.1 | curl | changed 5 1"},
		{"a package that is gone", []compare.Cause{version(c("package", "apk curl", "removed", -5), "8.0", "")}, "curl 8.0 | curl | removed -5 1"},
		{"a runtime", []compare.Cause{version(c("package", "runtime node", "added", 5), "", "20")}, "node 20 (outside the package manager) | node | added 5 1"},
		{"with what it pulls in", []compare.Cause{c("package", "apk gcc", "added", 5), via(c("package", "apk mpc", "added", 2), "apk gcc")}, "gcc and the package it pulls in | gcc and the package it pulls in | added 7 2"},
		{"with several", []compare.Cause{via(c("package", "apk isl", "added", 1), "apk gcc"), c("package", "apk gcc", "added", 5), via(c("package", "apk mpc", "added", 2), "apk gcc")}, "gcc and the 2 packages it pulls in | gcc and the 2 packages it pulls in | added 8 3"},
		{"a distribution", []compare.Cause{c("base", "Alpine 3.20", "added", 5)}, "base: Alpine 3.20 | the distribution Alpine 3.20 | added 5 1"},
		{"another distribution", []compare.Cause{c("base", "Debian 12", "removed", -50), c("base", "Alpine 3.20", "added", 5)}, "base: Debian 12 becomes Alpine 3.20 | Debian 12 becoming Alpine 3.20 | changed -45 2"},
		{"one from the manager, one without", []compare.Cause{version(c("package", "apk python3", "removed", -30), "3.12", ""), version(c("package", "runtime python", "added", 40), "", "3.13")}, "python3 3.12 becomes python 3.13 | python3 becoming python | changed 10 2"},
		{"with what it pulled in", []compare.Cause{version(c("package", "apk python3", "removed", -30), "3.12", ""), via(c("package", "apk expat", "removed", -4), "apk python3"), version(c("package", "runtime python", "added", 40), "", "3.13")}, "python3 3.12 becomes python 3.13 and the package it pulls in | python3 becoming python and the package it pulls in | changed 6 3"},
		{"both from managers", []compare.Cause{c("package", "apk python3", "removed", -30), c("package", "deb python3.11", "added", 40)}, "python3.11 | python3.11 | added 40 1\npython3 | python3 | removed -30 1"},
		{"both are new", []compare.Cause{c("package", "apk python3", "added", 30), c("package", "runtime python", "added", 40)}, "python (outside the package manager) | python | added 40 1\npython3 | python3 | added 30 1"},
		{"both are gone", []compare.Cause{c("package", "apk python3", "removed", -30), c("package", "runtime python", "removed", -40)}, "python (outside the package manager) | python | removed -40 1\npython3 | python3 | removed -30 1"},
		{"of other kinds", []compare.Cause{c("base", "python3", "removed", -30), c("package", "runtime python3", "added", 40)}, "python3 (outside the package manager) | python3 | added 40 1\nbase: python3 | the distribution python3 | removed -30 1"},
		{"classes are not replaced", []compare.Cause{c("cache", "runtime x", "removed", -30), c("cache", "apk x", "added", 40)}, "unpackaged: apk x | apk x files that no package owns | added 40 1\nunpackaged: runtime x | runtime x files that no package owns | removed -30 1"},
		{"two in the place of one", []compare.Cause{c("base", "Debian 12", "removed", -50), c("base", "Alpine", "added", 5), c("base", "Wolfi", "added", 4)}, "base: Debian 12 becomes Alpine | Debian 12 becoming Alpine | changed -45 2\nbase: Wolfi | the distribution Wolfi | added 4 1"},
		{"waste", []compare.Cause{c("waste", "deleted-file", "changed", 5)}, "waste: deleted-file | waste (deleted-file) | changed 5 1"},
		{"files of nobody", []compare.Cause{c("cache", "cache", "changed", 5)}, "unpackaged: cache | cache files that no package owns | changed 5 1"},
		{"what names itself", []compare.Cause{c("overhead", "tar headers", "changed", 5)}, "tar headers | tar headers | changed 5 1"},
		{"the largest first, whatever the sign", []compare.Cause{c("package", "apk a", "added", 1), c("package", "apk b", "removed", -3), c("package", "apk c", "added", 2)}, "b | b | removed -3 1\nc | c | added 2 1\na | a | added 1 1"},
	} {
		var got []string
		for _, g := range Groups(x.causes) {
			got = append(got, strings.Join([]string{g.String(), g.name(), strings.Join([]string{g.Change(), units.Exact(g.Bytes), units.Exact(int64(g.Causes()))}, " ")}, " | "))
		}
		if s := strings.ReplaceAll(strings.Join(got, "\n"), "−", "-"); s != x.want {
			t.Errorf("%s:\n%s\nwant\n%s", x.name, s, x.want)
		}
	}
}

// Which groups have a row of their own.
func TestFold(t *testing.T) {
	for _, c := range []struct {
		bytes []int64
		rows  int
		want  int
	}{
		{nil, 5, 0},
		{[]int64{1}, 5, 1},
		{[]int64{1000, -900, 800}, 5, 3},
		{[]int64{1000, 900, 800, 700, 600, 500}, 4, 3},
		{[]int64{1000, 900, 800, 700}, 4, 4},                 // the last would be folded alone
		{[]int64{90_000_000, 100_000, 99_999, 5}, 9, 2},      // 100 kB are worth a row
		{[]int64{90_000, 918, 917, 9}, 9, 2},                 // and so is a hundredth: of 91,844 that is 918
		{[]int64{90_000_000, -100_000, -99_999, 5, 1}, 9, 2}, // whatever the sign
		{[]int64{90_000_000, 5}, 9, 2},
	} {
		var groups []Group
		for _, n := range c.bytes {
			groups = append(groups, Group{Bytes: n})
		}
		if got := Fold(groups, c.rows); got != c.want {
			t.Errorf("%v in %d rows: %d, want %d", c.bytes, c.rows, got, c.want)
		}
	}
}

// What is said where it is not known what a pull transfers, and what is not.
func TestVerdictsWithoutTransfer(t *testing.T) {
	type z struct {
		live  int64
		known bool
	}
	for _, c := range []struct {
		sizes []z
		want  string
	}{
		{[]z{{1000, true}}, "a: 7B to pull, 1kB live, 0B waste"},
		{[]z{{1000, false}}, "a: 1kB live, 0B waste, transfer not known"},
		{[]z{{1000, false}, {2000, true}}, "a is the smallest live (1kB); b +100%; transfer is not known of all"},
		{[]z{{1000, true}, {2000, false}}, "a is the smallest live (1kB); b +100%; transfer is not known of all"},
		{[]z{{1000, false}, {1000, false}}, "Both are the same size live (1kB); transfer is not known of all"},
		{[]z{{1000, true}, {1000, true}}, "Both are the same size: 7B to pull, 1kB live"},
	} {
		r := &compare.Result{}
		for i, s := range c.sizes {
			img := compare.Image{Name: string(rune('a' + i))}
			img.Sizes.Live, img.Sizes.Transfer = s.live, units.Unknown()
			if s.known {
				img.Sizes.Transfer = units.Known(7)
			}
			r.Images = append(r.Images, img)
		}
		if got := Verdict(r, units.Bytes); got != c.want {
			t.Errorf("%+v: %s, want %s", c.sizes, got, c.want)
		}
	}
}
