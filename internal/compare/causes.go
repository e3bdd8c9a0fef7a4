package compare

import (
	"cmp"
	"maps"
	"slices"

	"github.com/zeebo/xxh3"

	"tare/internal/layer"
	"tare/internal/packages"
	"tare/internal/tree"
	"tare/internal/weigh"
)

// Cause is a part of a difference.
type Cause struct {
	// Kind is "base" (the distribution that one image stands on and the other does
	// not), "package", a class of files that no package owns ("app", "cache", …),
	// "waste", "overhead", "compression" (the same content, compressed differently),
	// "metadata" (manifest and config), "links", "blocks", "blobs" or "duplicate".
	Kind string `json:"kind"`
	// Subject is the package ("apk py3-pip"), the base, or the class of waste.
	Subject string `json:"subject"`
	Bytes   int64  `json:"bytes"`
	// From and To are the bytes in either image: Bytes is To - From. It is 0 only where
	// files differ in content, path or hard links and their bytes do not.
	From int64 `json:"from"`
	To   int64 `json:"to"`
	// Change is "added", "removed" or "changed".
	Change string `json:"change"`
	// FromVersion and ToVersion are those of a package in the images that it has bytes
	// in: all of them, where it is installed several times.
	FromVersion string `json:"fromVersion,omitempty"`
	ToVersion   string `json:"toVersion,omitempty"`
	// Via is the package that pulled this one in, among those that were added or
	// removed together.
	Via string `json:"via,omitempty"`
	// Layer is the layer, from 1, that holds most of it, in the image that has more.
	Layer int `json:"layer,omitempty"`
	// Toolchain says that it is a compiler, headers or what else only builds need.
	Toolchain bool `json:"toolchain,omitempty"`
	// Files are the files that differ most; they and one row without a path, for the
	// rest, sum up to Bytes.
	Files []FileChange `json:"files,omitempty"`
}

// FileChange is a file's part of a cause.
type FileChange struct {
	Path  string `json:"path"` // "" for all that are not listed
	Bytes int64  `json:"bytes"`
}

// key names a row across images.
type key struct{ kind, subject string }

// book is what an image has, by the rows of a ledger.
type book struct {
	f        *weigh.Facts
	versions map[string][]string // of the packages that are installed in the end, by key
	// print is of the live content of packages and classes, and first the part of it that
	// the base layer holds.
	print, first map[key]uint64
	osID         string
}

func newBook(f *weigh.Facts) *book {
	b := &book{f: f, versions: map[string][]string{}, print: map[key]uint64{}, first: map[key]uint64{}, osID: f.Image.Distribution()}
	for _, id := range f.Final {
		p := &f.Packages[id]
		b.versions[p.Key()] = append(b.versions[p.Key()], p.Version)
	}
	f.Live(func(r tree.Ref, e *layer.Entry) {
		k := b.key(f.Owner(r), f.Class(r))
		// The sum does not depend on the order, nor on which layer a file is in. The seed
		// keeps the sums of swapped contents apart.
		n := xxh3.HashSeed(e.Sum[:], xxh3.HashString(e.Path)+uint64(e.Size))
		b.print[k] += n
		if r.Layer == 0 {
			b.first[k] += n
		}
	})
	return b
}

// content is a print of the live files of a row, 0 where the row has none; with collapse
// those of the base layer are left out.
func (b *book) content(k key, collapse bool) uint64 {
	if collapse && b.collapses() {
		return b.print[k] - b.first[k]
	}
	return b.print[k]
}

// collapses tells whether the first layer is a distribution's, which can be one row.
func (b *book) collapses() bool {
	return len(b.f.Image.Layers) > 0 && b.f.Image.Layers[0].Sums.OSRelease != ""
}

func (b *book) key(p *packages.Package, c weigh.Class) key {
	if p != nil {
		return key{"package", p.Key()}
	}
	return key{string(c), string(c)}
}

// cellKey is the row that a part of the image belongs to. With collapse all of the
// base layer but its waste is one row.
func (b *book) cellKey(c *weigh.Cell, collapse bool) key {
	switch {
	case c.Fate != tree.Live:
		return key{"waste", c.Fate.String()}
	case collapse && c.Layer == 0 && b.collapses():
		return key{"base", b.f.Image.Base()}
	case c.Owner >= 0:
		return b.key(&b.f.Packages[c.Owner], c.Class)
	}
	return b.key(nil, c.Class)
}

// rows divide a measure of the image.
func (b *book) rows(measure string, collapse bool) map[key]int64 {
	out := map[key]int64{}
	z := b.f.Sizes
	files := func() {
		for i := range b.f.Cells {
			if c := &b.f.Cells[i]; c.Class != weigh.Structure {
				out[b.cellKey(c, collapse)] += c.Files
			}
		}
	}
	switch measure {
	case "files":
		files()
	case "tar":
		files()
		out[key{"overhead", "headers and padding"}] = z.Overhead
	case "docker":
		files()
		out[key{"links", "symbolic links, and names that a layer writes twice"}] = z.Docker - z.Files
	case "disk":
		files()
		out[key{"blocks", "whole blocks and directories"}] = z.Disk - z.Files
	case "docker-containerd":
		files()
		out[key{"blocks", "whole blocks and directories"}] = z.Disk - z.Files
		out[key{"blobs", "the compressed blobs beside the unpacked files"}] = z.DockerContainerd.Or(0) - z.Disk
	case "live":
		for i := range b.f.Cells {
			if c := &b.f.Cells[i]; c.Class != weigh.Structure && c.Fate == tree.Live {
				out[b.cellKey(c, collapse)] += c.Files
			}
		}
	case "waste":
		for i := range b.f.Cells {
			if c := &b.f.Cells[i]; c.Fate != tree.Live {
				out[b.cellKey(c, collapse)] += c.Files
			}
		}
	case "overhead":
		for i := range b.f.Cells {
			c := &b.f.Cells[i]
			k := key{"overhead", "headers and padding of files"}
			if c.Class == weigh.Structure {
				k.subject = "directories, links, whiteouts and the end of each tar"
			}
			out[k] += c.Tar - c.Files
		}
	case "transfer":
		shares := int64(0)
		for i := range b.f.Cells {
			c := &b.f.Cells[i]
			sent := c.Transfer.Or(0) // nobody asks where transfer is not known
			shares += sent
			if c.Class == weigh.Structure { // nothing hides it
				out[key{"overhead", "directories, links and the end of each tar"}] += sent
				continue
			}
			out[b.cellKey(c, collapse)] += sent
		}
		out[key{"metadata", "manifest and config"}] = z.Transfer.Or(0) - shares
	case "duplicate":
		out[key{"duplicate", "copies of live contents"}] = z.Duplicate
	}
	return out
}

// layers are, of what stands in files, the layers (from 1) that hold most of each row.
func (b *book) layers(measure string, collapse bool) map[key]int {
	sums := map[key][]int64{}
	for i := range b.f.Cells {
		c := &b.f.Cells[i]
		if (c.Fate == tree.Live) == (measure == "waste") {
			continue
		}
		k := b.cellKey(c, collapse)
		if sums[k] == nil {
			sums[k] = make([]int64, len(b.f.Image.Layers))
		}
		sums[k][c.Layer] += c.Files
	}
	out := map[key]int{}
	for k, list := range sums {
		if most := slices.Max(list); most > 0 {
			out[k] = 1 + slices.Index(list, most)
		}
	}
	return out
}

// causes divides the difference from a to b. Rows that are the same in both are left
// out; of live, rows with as many bytes and other contents are there, with 0. On transfer,
// what has the same content in both is compressed differently.
func causes(a, b *book, measure string, depth int) []Cause {
	collapse := a.osID != b.osID
	from, to := a.rows(measure, collapse), b.rows(measure, collapse)
	layersA, layersB := a.layers(measure, collapse), b.layers(measure, collapse)
	out := []Cause{}
	squeeze := Cause{Kind: "compression", Subject: "the same content, compressed differently", Change: "changed"}
	keys := maps.Clone(from)
	maps.Copy(keys, to)
	for k := range keys {
		c := Cause{Kind: k.kind, Subject: k.subject, From: from[k], To: to[k], Bytes: to[k] - from[k]}
		pa, pb := a.content(k, collapse), b.content(k, collapse)
		if c.Bytes == 0 && (measure != "live" || pa == pb) {
			continue
		}
		had, has := a.has(k, from), b.has(k, to)
		switch {
		case !had:
			c.Change = "added"
		case !has:
			c.Change = "removed"
		default:
			c.Change = "changed"
		}
		if measure == "transfer" && pa == pb && pa != 0 {
			squeeze.From += c.From
			squeeze.To += c.To
			squeeze.Bytes += c.Bytes
			continue
		}
		if k.kind == "package" {
			if had {
				c.FromVersion = Versions(a.versions[k.subject])
			}
			if has {
				c.ToVersion = Versions(b.versions[k.subject])
			}
			c.Toolchain = packages.BuildTool(k.subject)
		} else {
			c.Toolchain = k.kind == string(weigh.Development)
		}
		c.Layer = layersB[k]
		if c.Bytes < 0 {
			c.Layer = layersA[k]
		}
		out = append(out, c)
	}
	if depth > 0 {
		f := filesOf(a, b, out, measure, collapse)
		for i := range out {
			c := &out[i]
			c.Files = mostOf(f[key{c.Kind, c.Subject}], c.Bytes, depth)
		}
	}
	if squeeze.Bytes != 0 {
		out = append(out, squeeze)
	}
	pulledIn(a, out, "removed")
	pulledIn(b, out, "added")
	slices.SortFunc(out, func(x, y Cause) int {
		return cmp.Or(cmp.Compare(abs(y.Bytes), abs(x.Bytes)), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Subject, y.Subject))
	})
	return out
}

// has tells whether the image has what a row is about: in the row, or in a base layer that
// is a row of its own.
func (b *book) has(k key, rows map[key]int64) bool {
	_, ok := rows[k]
	return ok || b.print[k] != 0 || len(b.versions[k.subject]) > 0 && k.kind == "package"
}

func abs(n int64) int64 { return max(n, -n) }

// filesOf are the changes of files by path, of each cause. All are gathered in one pass over
// either image: a pass for each cause took 17 s with 20,000 files of 400 packages. Contents that
// are not a file's (headers, blocks) have none.
func filesOf(a, b *book, list []Cause, measure string, collapse bool) map[key]map[string]int64 {
	out := map[key]map[string]int64{}
	for i := range list {
		out[key{list[i].Kind, list[i].Subject}] = map[string]int64{}
	}
	for _, side := range []struct {
		b    *book
		sign int64
	}{{a, -1}, {b, 1}} {
		f := side.b.f
		visit := func(r tree.Ref, e *layer.Entry) {
			c := weigh.Cell{Layer: int(r.Layer), Owner: f.OwnerID(r), Class: f.Class(r), Fate: f.Tree.Bytes(r).Class}
			diff := out[side.b.cellKey(&c, collapse)]
			if diff == nil {
				return
			}
			n := e.Size
			if measure == "transfer" {
				n = f.Share(r).Or(0)
			}
			diff[e.Path] += side.sign * n
		}
		f.Live(visit)
		f.Hidden(visit)
	}
	return out
}

// mostOf lists the files that make up most of a cause of so many bytes, and a row for the
// rest.
func mostOf(diff map[string]int64, total int64, depth int) []FileChange {
	out := make([]FileChange, 0, len(diff))
	for p, n := range diff {
		if n != 0 {
			out = append(out, FileChange{p, n})
		}
	}
	slices.SortFunc(out, func(x, y FileChange) int {
		return cmp.Or(cmp.Compare(abs(y.Bytes), abs(x.Bytes)), cmp.Compare(x.Path, y.Path))
	})
	out = out[:min(depth, len(out))]
	for _, c := range out {
		total -= c.Bytes
	}
	if total != 0 {
		out = append(out, FileChange{"", total})
	}
	return out
}
