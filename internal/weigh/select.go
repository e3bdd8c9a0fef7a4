package weigh

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/opencontainers/go-digest"

	"tare/internal/layer"
	"tare/internal/tree"
)

// FilesSchema names the form of Selection as JSON: docs/reference/files.schema.json.
const FilesSchema = "tare.files/v1"

// Query picks files.
type Query struct {
	Layer   int    // from 1; 0 for all; NoLayer where somebody asked for layer 0
	Package string // its name, or "apk name"; "" for all
	Path    string // a pattern; "" for all
	// Fates are "live", "waste", "all", or classes of waste; empty means live.
	Fates []string
	Sort  string // one of Orders
	Top   int    // bounds the list; 0 for all
}

// Orders are the values of Query.Sort.
var Orders = []string{"size", "transfer", "path", "layer"}

// Fates are the values of Query.Fates.
func Fates() []string {
	out := []string{"live", "waste", "all"}
	for c := tree.Live + 1; c < tree.Classes; c++ {
		out = append(out, c.String())
	}
	return out
}

// Selection are the files that a query picks.
type Selection struct {
	Schema   string        `json:"schema"`
	Name     string        `json:"name"`
	Manifest digest.Digest `json:"manifest"`
	// Total counts all that were picked, List those that are shown.
	Total Sums        `json:"total"`
	List  []StateFile `json:"files"`
}

// StateFile is a file and what became of it.
type StateFile struct {
	File
	State string `json:"state"`    // "live" or the class of waste
	By    int    `json:"hiddenBy"` // the layer that hid it, from 1; 0 for live files
}

// ErrNothing is returned (wrapped) when a query names a layer, package or path that
// the image does not have.
var ErrNothing = errors.New("not found")

// NoLayer is a number that no layer has.
const NoLayer = -1

// Select picks files. It returns ErrNothing for a layer, package or path that is not
// there, and an error for an invalid pattern.
func (f *Facts) Select(name string, q Query) (*Selection, error) {
	match, err := glob(q.Path)
	if err != nil {
		return nil, err
	}
	if n := len(f.Tree.Lists); q.Layer == NoLayer {
		return nil, fmt.Errorf("layer 0: %w: the image has layers 1 to %d", ErrNothing, n)
	} else if q.Layer > n {
		return nil, fmt.Errorf("layer %d: %w: the image has layers 1 to %d", q.Layer, ErrNothing, n)
	}
	if q.Package != "" && !f.knows(q.Package) {
		return nil, fmt.Errorf("package %q: %w in this image: it has %s", q.Package, ErrNothing, f.similar(q.Package))
	}
	wanted := func(c tree.Class) bool {
		for _, s := range q.Fates {
			if s == "all" || s == c.String() || s == "waste" && c != tree.Live {
				return true
			}
		}
		return len(q.Fates) == 0 && c == tree.Live
	}
	out := &Selection{Schema: FilesSchema, Name: name, Manifest: f.Image.Manifest.Digest, List: []StateFile{}}
	pick := func(r tree.Ref, e *layer.Entry) {
		s := f.Tree.Bytes(r)
		p := f.Owner(r)
		switch {
		case q.Layer > 0 && int(r.Layer) != q.Layer-1,
			q.Package != "" && (p == nil || p.Name != q.Package && p.Key() != q.Package),
			!wanted(s.Class), match != nil && !match(e.Path):
			return
		}
		out.Total.Add(Sums{1, e.Size, e.Span, f.Share(r)})
		file := StateFile{File: File{Path: e.Path, Size: e.Size, Transfer: f.Share(r), Layer: int(r.Layer) + 1, Class: f.Class(r)}, State: s.Class.String(), By: int(s.By) + 1}
		if p != nil {
			file.Owner = Describe(p)
		}
		out.List = append(out.List, file)
	}
	f.each(pick, pick)
	if match != nil && len(out.List) == 0 {
		if err := f.missing(q.Path, match); err != nil {
			return nil, err
		}
	}
	sortFiles(out.List, q.Sort)
	if q.Top > 0 {
		out.List = out.List[:min(q.Top, len(out.List))]
	}
	return out, nil
}

func (f *Facts) knows(name string) bool {
	for i := range f.Packages {
		if f.Packages[i].Name == name || f.Packages[i].Key() == name {
			return true
		}
	}
	return false
}

func sortFiles(list []StateFile, by string) {
	slices.SortFunc(list, func(a, b StateFile) int {
		first := cmp.Compare(b.Size, a.Size)
		switch by {
		case "transfer":
			first = b.Transfer.Compare(a.Transfer)
		case "path":
			first = 0
		case "layer":
			first = cmp.Compare(a.Layer, b.Layer)
		}
		return cmp.Or(first, layer.ComparePaths(a.Path, b.Path), cmp.Compare(a.Layer, b.Layer))
	})
}

// Order sorts the packages and files of a result.
func (r *Result) Order(by string) {
	if by != Orders[0] {
		r.Sorted = by
	}
	switch by {
	case "transfer":
		slices.SortStableFunc(r.Packages, func(a, b Package) int { return b.Transfer.Compare(a.Transfer) })
		slices.SortStableFunc(r.Largest, func(a, b File) int { return b.Transfer.Compare(a.Transfer) })
	case "path":
		slices.SortStableFunc(r.Packages, func(a, b Package) int { return strings.Compare(a.Name, b.Name) })
		slices.SortStableFunc(r.Largest, func(a, b File) int { return layer.ComparePaths(a.Path, b.Path) })
	case "layer":
		slices.SortStableFunc(r.Packages, func(a, b Package) int { return slices.Compare(a.Layers, b.Layers) })
		slices.SortStableFunc(r.Largest, func(a, b File) int { return cmp.Compare(a.Layer, b.Layer) })
	}
}

// glob makes a test of a pattern of doublestar: * and ? match within a name, ** across
// directories, {a,b} either. A pattern without a slash matches the last name, and one that
// names a directory all that is in it. It is nil for no pattern.
func glob(p string) (func(path string) bool, error) {
	if p == "" {
		return nil, nil
	}
	whole := strings.TrimPrefix(p, "/")
	if !strings.Contains(whole, "/") {
		whole = "**/" + whole
	}
	if !doublestar.ValidatePattern(whole) {
		return nil, fmt.Errorf("pattern %q: %w", p, doublestar.ErrBadPattern)
	}
	below := strings.TrimSuffix(whole, "/") + "/**" // itself, too
	return func(path string) bool { return doublestar.MatchUnvalidated(below, path) }, nil
}
