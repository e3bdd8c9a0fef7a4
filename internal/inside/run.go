package inside

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"tare/internal/layer"
	"tare/internal/parts"
	"tare/internal/parts/archives"
	"tare/internal/tree"
	"tare/internal/weigh"
)

// Bounds of memory and of how often a layer is read.
const (
	maxWhole  = 64 << 20 // bytes of a file that is held in memory as a whole
	maxGroup  = 4        // larger files that go by at once: each keeps up to maxKept
	maxPasses = 6        // how often a file goes by
)

// Image is an image whose files are looked into.
type Image interface {
	// Facts are what is known of the image.
	Facts() *weigh.Facts
	// Read lets files of layer k go by in one pass: entries are in the order of their
	// offsets, and do gets each by its place among them.
	Read(ctx context.Context, k int, entries []*layer.Entry, do func(n int, r io.Reader) error) error
}

// Look looks into the live files that a path or a pattern means, and names the result. A
// file that is named by its path is there whatever its format is; of a pattern, only those
// whose format is known.
func Look(ctx context.Context, img Image, name, pattern string) (*Result, error) {
	f := img.Facts()
	refs, whole, err := f.LiveAt(pattern)
	if err != nil {
		return nil, err
	}
	out := &Result{Schema: Schema, Name: name, Manifest: f.Image.Manifest.Digest, Files: []File{}, Kinds: map[string]int64{}, Duplicates: []Duplicate{}}
	files, err := Files(ctx, img, refs, whole)
	if err != nil {
		return nil, err
	}
	for n := range files {
		if file := &files[n]; file.Parts == nil {
			out.Other.Add(weigh.Sums{Count: 1, Files: file.Size, Tar: f.Tree.Entry(refs[n]).Span, Transfer: f.Share(refs[n])})
		} else {
			out.Files = append(out.Files, *file)
		}
	}
	slices.SortStableFunc(out.Files, func(a, b File) int {
		return cmp.Or(cmp.Compare(b.Size, a.Size), layer.ComparePaths(a.Path, b.Path))
	})
	for i := range out.Files {
		file := &out.Files[i]
		out.Bytes += file.Size
		for _, p := range file.Parts {
			out.Kinds[string(p.Kind)] += p.Bytes
		}
	}
	out.duplicates()
	return out, nil
}

// Files looks into files of an image, and returns them in their order. Those of no known
// format have no parts, unless all are wanted.
func Files(ctx context.Context, img Image, refs []tree.Ref, all bool) ([]File, error) {
	f := img.Facts()
	files := make([]File, len(refs))
	byLayer := map[int32][]*state{}
	left := archives.Budget{Left: perResult}
	for n, r := range refs {
		e := f.Tree.Entry(r)
		files[n] = File{Path: e.Path, Size: e.Size, Layer: int(r.Layer) + 1, Class: f.Class(r)}
		if p := f.Owner(r); p != nil {
			files[n].Owner = weigh.Describe(p)
		}
		byLayer[r.Layer] = append(byLayer[r.Layer], &state{file: &files[n], entry: e, left: &left, all: all})
	}
	for k, list := range byLayer {
		slices.SortFunc(list, func(a, b *state) int { return cmp.Compare(a.entry.Offset, b.entry.Offset) })
		for len(list) > 0 {
			n := group(list)
			if err := passes(ctx, img, int(k), list[:n]); err != nil {
				return nil, err
			}
			list = list[n:]
		}
	}
	return files, nil
}

// group is how many of the files go by together.
func group(list []*state) int {
	large := 0
	for n, s := range list {
		if s.entry.Size > maxWhole {
			if large++; large > maxGroup {
				return n
			}
		}
	}
	return len(list)
}

// passes lets files of a layer go by until each has been looked into.
func passes(ctx context.Context, img Image, k int, todo []*state) error {
	for n := 0; len(todo) > 0 && n < maxPasses; n++ {
		entries := make([]*layer.Entry, len(todo))
		for i, s := range todo {
			entries[i] = s.entry
		}
		err := img.Read(ctx, k, entries, func(i int, r io.Reader) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return todo[i].pass(r)
		})
		if err != nil {
			return err
		}
		todo = slices.DeleteFunc(todo, func(s *state) bool { return s.done })
	}
	for _, s := range todo { // it asks for the same again and again
		s.nothing("not looked into")
	}
	return nil
}

// state is a file that is being looked into.
type state struct {
	file  *File
	entry *layer.Entry
	left  *archives.Budget
	fwd   *forward
	all   bool // a file of no known format has a part, too
	done  bool
}

// pass looks into the file as it goes by.
func (s *state) pass(r io.Reader) error {
	size := s.entry.Size
	if s.entry.Span < size { // holes cost nothing to write, and take any time to read
		s.nothing("sparse file")
		return nil
	}
	budget := archives.Budget{Left: min(perFile, s.left.Left)}
	given := budget.Left
	defer func() { s.left.Left -= given - budget.Left }()
	v := view{budget: &budget}
	if size > maxWhole {
		return s.goesBy(&v, r)
	}
	head := make([]byte, min(size, headSize))
	if _, err := io.ReadFull(r, head); err != nil {
		return err
	}
	if !s.all && !known(s.file.Path, head) {
		s.done = true
		return nil
	}
	b := make(parts.Bytes, size)
	copy(b, head)
	if _, err := io.ReadFull(r, b[len(head):]); err != nil {
		return err
	}
	return s.take(v.look(s.file, b))
}

// goesBy looks into a file that is too large for memory.
func (s *state) goesBy(v *view, r io.Reader) error {
	if s.fwd == nil {
		s.fwd = &forward{size: s.entry.Size}
	}
	s.fwd.begin(r)
	err := v.look(s.file, s.fwd)
	if s.fwd.err != nil {
		return s.fwd.err
	}
	if errors.Is(err, parts.ErrAgain) {
		return nil
	}
	s.fwd = nil
	return s.take(err)
}

// take takes what was found, and checks that it is the whole file.
func (s *state) take(err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", layer.Quote(s.file.Path), err)
	}
	s.done = true
	if s.file.Kind == unknownKind && !s.all {
		s.file.Parts = nil
		return nil
	}
	if n := parts.Sum(s.file.Parts); n != s.file.Size {
		return &weigh.BrokenError{Text: fmt.Sprintf("the parts of %s sum up to %d bytes of %d", s.file.Path, n, s.file.Size)}
	}
	return nil
}

// nothing notes that the file is not looked into, and why.
func (s *state) nothing(why string) {
	s.done, s.file.Kind = true, unknownKind
	s.file.Parts = []parts.Part{{Name: why, Kind: parts.Unknown, Bytes: s.file.Size}}
}
