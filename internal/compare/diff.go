package compare

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"tare/internal/layer"
	"tare/internal/packages"
	"tare/internal/tree"
	"tare/internal/weigh"
)

// DiffSchema names the form of Diff as JSON: docs/reference/diff.schema.json.
const DiffSchema = "tare.diff/v1"

// Diff is what differs between two images, in what a container sees and in their
// settings.
type Diff struct {
	Schema   string          `json:"schema"`
	From     string          `json:"from"`
	To       string          `json:"to"`
	Same     bool            `json:"same"` // nothing below differs
	Packages []PackageChange `json:"packages"`
	Files    []EntryChange   `json:"files"`
	Config   []Setting       `json:"config"`
	History  []HistoryChange `json:"history"`
	Layers   []LayerMatch    `json:"layers"`
	Count    Counts          `json:"count"`
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
	// "time", "link", "xattrs".
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
	d := &Diff{Schema: DiffSchema, From: a.Name, To: b.Name, Packages: []PackageChange{}, Files: []EntryChange{}, Config: []Setting{}, History: []HistoryChange{}, Layers: []LayerMatch{}}
	d.packages(a.Facts, b.Facts)
	d.files(a.Facts, b.Facts, o)
	d.config(a.Facts, b.Facts)
	if !o.IgnoreHistory {
		d.history(a.Facts, b.Facts)
	}
	d.layers(a.Facts, b.Facts)
	d.Same = len(d.Packages)+len(d.Files)+len(d.Config)+len(d.History) == 0
	return d
}

func (d *Diff) packages(a, b *weigh.Facts) {
	versions := func(f *weigh.Facts) map[string][]string {
		out := map[string][]string{}
		for _, id := range f.Final {
			p := &f.Packages[id]
			out[p.Key()] = append(out[p.Key()], p.Version)
		}
		for _, v := range out {
			slices.Sort(v)
		}
		return out
	}
	from, to := versions(a), versions(b)
	keys := maps.Clone(from)
	maps.Copy(keys, to)
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		x, y := from[k], to[k]
		if slices.Equal(x, y) {
			continue
		}
		kind, name, _ := strings.Cut(k, " ")
		c := PackageChange{Type: packages.Type(kind), Name: name, From: strings.Join(x, ", "), To: strings.Join(y, ", "), Change: "changed"}
		switch {
		case len(x) == 0:
			c.Change = "added"
			d.Count.PackagesAdded++
		case len(y) == 0:
			c.Change = "removed"
			d.Count.PackagesRemoved++
		default:
			d.Count.PackagesChanged++
		}
		d.Packages = append(d.Packages, c)
	}
}

// seen lists what a container sees, in order of paths.
func seen(f *weigh.Facts) []tree.Ref {
	var out []tree.Ref
	top := len(f.Tree.Lists) - 1
	for k := range f.Tree.Lists {
		for i := range f.Tree.Lists[k] {
			if r := (tree.Ref{Layer: int32(k), Entry: int32(i)}); f.Tree.Entry(r).Path != "" && f.Tree.Seen(r, top) {
				out = append(out, r)
			}
		}
	}
	slices.SortFunc(out, func(x, y tree.Ref) int { return layer.ComparePaths(f.Tree.Entry(x).Path, f.Tree.Entry(y).Path) })
	return out
}

func (d *Diff) files(a, b *weigh.Facts, o DiffOptions) {
	x, y := seen(a), seen(b)
	for len(x)+len(y) > 0 {
		c := 0
		switch {
		case len(x) == 0:
			c = 1
		case len(y) == 0:
			c = -1
		default:
			c = layer.ComparePaths(a.Tree.Entry(x[0]).Path, b.Tree.Entry(y[0]).Path)
		}
		switch {
		case c < 0:
			e := a.Tree.Content(x[0])
			d.Files = append(d.Files, EntryChange{Path: a.Tree.Entry(x[0]).Path, Change: "removed", Kind: e.Kind.String(), From: e.Size})
			d.Count.Removed++
			d.Count.RemovedBytes += a.Tree.Entry(x[0]).Size
			x = x[1:]
		case c > 0:
			e := b.Tree.Content(y[0])
			d.Files = append(d.Files, EntryChange{Path: b.Tree.Entry(y[0]).Path, Change: "added", Kind: e.Kind.String(), To: e.Size})
			d.Count.Added++
			d.Count.AddedBytes += b.Tree.Entry(y[0]).Size
			y = y[1:]
		default:
			d.entry(a.Tree.Entry(x[0]).Path, a.Tree.Content(x[0]), b.Tree.Content(y[0]), o)
			x, y = x[1:], y[1:]
		}
	}
}

// entry compares what stands at one path; hard links are the files that they name.
func (d *Diff) entry(path string, e, f *layer.Entry, o DiffOptions) {
	c := EntryChange{Path: path, Kind: f.Kind.String(), From: e.Size, To: f.Size}
	note := func(differs bool, what string) {
		if differs {
			c.What = append(c.What, what)
		}
	}
	note(e.Kind != f.Kind, "kind")
	note(e.Kind == f.Kind && (e.Sum != f.Sum || e.Size != f.Size), "content")
	note(e.Kind == f.Kind && e.Link != f.Link, "link")
	content := len(c.What) > 0
	note(e.Mode != f.Mode, fmt.Sprintf("mode %o → %o", e.Mode, f.Mode))
	note(e.UID != f.UID || e.GID != f.GID, fmt.Sprintf("owner %d:%d → %d:%d", e.UID, e.GID, f.UID, f.GID))
	note(e.Xattrs != f.Xattrs, "xattrs")
	note(!o.IgnoreTimes && (e.Mtime != f.Mtime || e.Nsec != f.Nsec), "time")
	switch {
	case content:
		c.Change = "content"
		d.Count.Content++
	case len(c.What) > 0:
		c.Change = "metadata"
		d.Count.Metadata++
	default:
		return
	}
	d.Files = append(d.Files, c)
}

func (d *Diff) config(a, b *weigh.Facts) {
	from, to := settings(a), settings(b)
	keys := maps.Clone(from)
	maps.Copy(keys, to)
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		if from[k] != to[k] {
			d.Config = append(d.Config, Setting{k, from[k], to[k]})
		}
	}
}

// settings are an image's configuration, one by one.
func settings(f *weigh.Facts) map[string]string {
	img := f.Image
	c := img.Config.Config
	out := map[string]string{"platform": img.Platform().OS + "/" + img.Platform().Architecture + strings.TrimSuffix("/"+img.Platform().Variant, "/")}
	put := func(name, v string) {
		if v != "" {
			out[name] = v
		}
	}
	asJSON := func(v any, n int) string {
		if n == 0 {
			return ""
		}
		b, _ := json.Marshal(v)
		return string(b)
	}
	for _, e := range c.Env {
		k, v, _ := strings.Cut(e, "=")
		out["env "+k] = v
	}
	for k, v := range c.Labels {
		out["label "+k] = cmp.Or(v, `""`)
	}
	put("cmd", asJSON(c.Cmd, len(c.Cmd)))
	put("entrypoint", asJSON(c.Entrypoint, len(c.Entrypoint)))
	put("user", c.User)
	put("workdir", c.WorkingDir)
	put("stop signal", c.StopSignal)
	put("shell", asJSON(c.Shell, len(c.Shell)))
	put("onbuild", asJSON(c.OnBuild, len(c.OnBuild)))
	put("healthcheck", string(c.Healthcheck))
	for p := range c.ExposedPorts {
		out["port "+p] = "exposed"
	}
	for v := range c.Volumes {
		out["volume "+v] = "declared"
	}
	return out
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
