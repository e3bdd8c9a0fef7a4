package compare

import (
	"maps"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"tare/internal/packages"
	"tare/internal/weigh"
)

// DiffSchema names the form of Diff as JSON: docs/reference/diff.schema.json.
const DiffSchema = "tare.diff/v1"

// Diff is what differs between two images, in what a container sees and in their
// settings.
type Diff struct {
	Schema string `json:"schema"`
	From   string `json:"from"`
	To     string `json:"to"`
	// Same says that packages, files with their metadata, settings and steps are the same,
	// but for what was to be ignored. Layers and Otherwise may differ all the same.
	Same bool `json:"same"`
	// SameImage says that both are one image: one manifest, by its digest.
	SameImage bool `json:"sameImage,omitempty"`
	// IgnoredTimes and IgnoredHistory say what was not looked at.
	IgnoredTimes   bool            `json:"ignoredTimes,omitempty"`
	IgnoredHistory bool            `json:"ignoredHistory,omitempty"`
	Packages       []PackageChange `json:"packages"`
	Files          []EntryChange   `json:"files"`
	Config         []Setting       `json:"config"`
	History        []HistoryChange `json:"history"`
	Layers         []LayerMatch    `json:"layers"`
	// Otherwise names what else differs between the configurations, and no container sees:
	// "created", "author", the order of "config.Env".
	Otherwise []string `json:"otherwise,omitempty"`
	Count     Counts   `json:"count"`
}

// Counts sums the changes up.
type Counts struct {
	PackagesAdded   int   `json:"packagesAdded"`
	PackagesRemoved int   `json:"packagesRemoved"`
	PackagesChanged int   `json:"packagesChanged"`
	Added           int   `json:"added"`    // files and other entries
	Removed         int   `json:"removed"`  //
	Content         int   `json:"content"`  // with other contents
	Metadata        int   `json:"metadata"` // with the same contents only
	AddedBytes      int64 `json:"addedBytes"`
	RemovedBytes    int64 `json:"removedBytes"`
}

// PackageChange is a package that only one image has, or in another version.
type PackageChange struct {
	Type   packages.Type `json:"type"`
	Name   string        `json:"name"`
	Change string        `json:"change"` // added, removed, changed
	From   string        `json:"from,omitempty"`
	To     string        `json:"to,omitempty"`
}

// EntryChange is a path that differs.
type EntryChange struct {
	Path   string `json:"path"`
	Change string `json:"change"` // added, removed, content, metadata
	Kind   string `json:"kind"`   // of what stands in To, or in From if it was removed
	From   int64  `json:"from"`   // bytes
	To     int64  `json:"to"`
	// What says which facts differ: "content", "kind", "mode 644 → 755", "owner",
	// "time", "link", "xattrs", "hard links".
	What []string `json:"what,omitempty"`
}

// Setting is a part of the configuration that differs.
type Setting struct {
	Name string `json:"name"` // "env PATH", "label x", "cmd"
	From string `json:"from"` // "" for none
	To   string `json:"to"`
}

// HistoryChange is a step that only one image has.
type HistoryChange struct {
	Change string `json:"change"` // added, removed
	Step   string `json:"step"`
	Layer  int    `json:"layer"` // from 1; 0 if it made none
}

// LayerMatch says where a layer of one image stands in the other: layers are matched
// by content, not by their place.
type LayerMatch struct {
	DiffID digest.Digest `json:"diffID"`
	From   int           `json:"from"` // from 1; 0 if it is not there
	To     int           `json:"to"`
	Tar    int64         `json:"tar"`
}

// DiffOptions choose what counts as a difference.
type DiffOptions struct {
	IgnoreTimes   bool // modification times alone
	IgnoreHistory bool // history and layers
}

// Differ sets two images side by side, path by path.
func Differ(a, b Subject, o DiffOptions) *Diff {
	d := &Diff{Schema: DiffSchema, From: a.Name, To: b.Name, Packages: []PackageChange{}, Files: []EntryChange{}, Config: []Setting{}, History: []HistoryChange{}, Layers: []LayerMatch{},
		IgnoredTimes: o.IgnoreTimes, IgnoredHistory: o.IgnoreHistory}
	d.packages(a.Facts, b.Facts)
	walk(a.Facts, b.Facts, func(c *pairing) { d.entry(c, o) })
	d.Config = changed(a.Facts.Image, b.Facts.Image)
	if !o.IgnoreHistory {
		d.history(a.Facts, b.Facts)
	}
	d.layers(a.Facts, b.Facts)
	d.Otherwise = otherwise(a.Facts.Image, b.Facts.Image)
	d.Same = len(d.Packages)+len(d.Files)+len(d.Config)+len(d.History) == 0
	d.SameImage = oneImage(a.Facts.Image, b.Facts.Image)
	return d
}

func (d *Diff) packages(a, b *weigh.Facts) {
	versions := func(f *weigh.Facts) map[string][]string {
		out := map[string][]string{}
		for _, id := range f.Final {
			p := &f.Packages[id]
			out[p.Key()] = append(out[p.Key()], p.Version)
		}
		return out
	}
	from, to := versions(a), versions(b)
	keys := maps.Clone(from)
	maps.Copy(keys, to)
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		x, y := Versions(from[k]), Versions(to[k])
		if x == y {
			continue
		}
		kind, name, _ := strings.Cut(k, " ")
		c := PackageChange{Type: packages.Type(kind), Name: name, From: x, To: y, Change: "changed"}
		switch {
		case len(from[k]) == 0:
			c.Change = "added"
			d.Count.PackagesAdded++
		case len(to[k]) == 0:
			c.Change = "removed"
			d.Count.PackagesRemoved++
		default:
			d.Count.PackagesChanged++
		}
		d.Packages = append(d.Packages, c)
	}
}

// maxAligned bounds the table of the longest common subsequence of two histories.
const maxAligned = 1 << 20

func (d *Diff) history(a, b *weigh.Facts) {
	steps := func(f *weigh.Facts) []string {
		var out []string
		for _, s := range f.Image.History {
			out = append(out, s.Instruction())
		}
		return out
	}
	x, y := steps(a), steps(b)
	// The longest common subsequence: steps are few. Of histories that somebody made
	// long, what is equal at both ends is left out, and the rest called different.
	from := 0
	for from < len(x) && from < len(y) && x[from] == y[from] {
		from++
	}
	n, m := len(x), len(y)
	for n > from && m > from && x[n-1] == y[m-1] {
		n, m = n-1, m-1
	}
	x, y = x[from:n], y[from:m]
	removed := func(i int) {
		d.History = append(d.History, HistoryChange{"removed", x[i], a.Image.History[from+i].Layer + 1})
	}
	added := func(j int) {
		d.History = append(d.History, HistoryChange{"added", y[j], b.Image.History[from+j].Layer + 1})
	}
	n, m = len(x), len(y)
	best := func(int, int) int { return 0 }
	if n*m <= maxAligned {
		best = longest(x, y)
	}
	for i, j := 0, 0; i < n || j < m; {
		switch {
		case i < n && j < m && x[i] == y[j]:
			i, j = i+1, j+1
		case j == m || i < n && best(i+1, j) >= best(i, j+1):
			removed(i)
			i++
		default:
			added(j)
			j++
		}
	}
}

// longest tells the length of the longest common subsequence of x[i:] and y[j:].
func longest(x, y []string) func(i, j int) int {
	n, m := len(x), len(y)
	best := make([][]int, n+1)
	for i := range best {
		best[i] = make([]int, m+1)
	}
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if x[i] == y[j] {
				best[i][j] = best[i+1][j+1] + 1
			} else {
				best[i][j] = max(best[i+1][j], best[i][j+1])
			}
		}
	}
	return func(i, j int) int { return best[i][j] }
}

func (d *Diff) layers(a, b *weigh.Facts) {
	used := map[int]bool{}
	for k := range a.Image.Layers {
		l := &a.Image.Layers[k]
		m := LayerMatch{DiffID: l.DiffID, From: k + 1, Tar: l.Sums.Tar}
		for j := range b.Image.Layers {
			if b.Image.Layers[j].DiffID == l.DiffID && !used[j] {
				used[j] = true
				m.To = j + 1
				break
			}
		}
		d.Layers = append(d.Layers, m)
	}
	for j := range b.Image.Layers {
		if !used[j] {
			d.Layers = append(d.Layers, LayerMatch{DiffID: b.Image.Layers[j].DiffID, To: j + 1, Tar: b.Image.Layers[j].Sums.Tar})
		}
	}
}
