package target

import (
	"context"
	"fmt"

	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"

	"tare/internal/advice"
	"tare/internal/layer"
	"tare/internal/weigh"
)

// Set are the images that words stand for, in their order. Whoever opened it closes it.
type Set struct {
	Images []*Image

	finder *Finder
	facts  []*weigh.Facts
	close  []func() error
	free   func()
}

// Open finds, pulls, builds or opens the images of words, and reads their manifests and
// configurations. Layers are read when Facts are asked for. An error names the word.
func (f *Finder) Open(ctx context.Context, words []string, o Options) (out *Set, err error) {
	want, err := Platform(o.Platform)
	if err != nil {
		return nil, err
	}
	s := &Set{finder: f}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	st, err := f.Store()
	if err != nil {
		return nil, err
	}
	// What is built has no name: keep it from being collected.
	if s.free, err = st.Hold(ctx); err != nil {
		return nil, err
	}
	for _, text := range words {
		w, err := parse(text, o.Names)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", text, err)
		}
		at, closer, err := f.open(ctx, w, o, want)
		if closer != nil {
			s.close = append(s.close, closer)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", text, err)
		}
		imgs, err := f.load(ctx, w, at, o, want)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", text, err)
		}
		s.Images = append(s.Images, imgs...)
	}
	s.unique()
	return s, nil
}

// unique makes the names of images different that were given twice.
func (s *Set) unique() {
	seen := map[string]int{}
	for _, i := range s.Images {
		name := i.Name
		seen[name]++
		if seen[name] > 1 {
			i.Name = fmt.Sprintf("%s#%d", name, seen[name])
		}
	}
}

// Close gives back what Open opened.
func (s *Set) Close() {
	for _, c := range s.close {
		_ = c()
	}
	if s.free != nil {
		s.free()
	}
}

// Index is the position of the image of that name, else of the image that a word stands
// for; -1 if there is none. Of several platforms of a word it is the one that was wanted
// ("" for this machine's), or the first.
func (s *Set) Index(text, platform string) int {
	want, err := Platform(platform)
	if err != nil || want == nil {
		want = platforms.Default()
	}
	of, best := -1, -1
	for n, i := range s.Images {
		switch {
		case i.Name == text:
			return n
		case i.Word != text:
			continue
		case of < 0:
			of = n
		}
		if want.Match(i.Platform()) && (best < 0 || want.Less(i.Platform(), s.Images[best].Platform())) {
			best = n
		}
	}
	if best >= 0 {
		return best
	}
	return of
}

// Facts works out where the bytes of each image sit, once.
func (s *Set) Facts(ctx context.Context) (_ []*weigh.Facts, err error) {
	if s.facts == nil {
		s.facts, err = s.finder.Facts(ctx, s.Images)
	}
	return s.facts, err
}

// ReadFile returns the file at a path as a container of image n sees it; ok is false if
// there is none. Links are followed, as in a container. A file that is larger than most bytes is an error.
func (s *Set) ReadFile(ctx context.Context, n int, path string, most int64) (b []byte, ok bool, err error) {
	facts, err := s.Facts(ctx)
	if err != nil {
		return nil, false, err
	}
	t := facts[n].Tree
	r, ok := t.Follow(path, len(t.Lists)-1)
	if !ok {
		return nil, false, nil
	}
	if to, link := t.Target(r); link {
		r = to
	}
	e := t.Entry(r)
	if e.Kind != layer.File {
		return nil, true, fmt.Errorf("in %s it is a %s", s.Images[n].Name, e.Kind)
	}
	b, err = s.Images[n].ReadFile(ctx, s.Images[n].provider, int(r.Layer), e, most)
	return b, true, err
}

// Report sums an image up, with lists of at most top rows (0 for all) and the lines of its
// Dockerfile (nil if none is known). What was summed up once is kept in the store.
func (s *Set) Report(ctx context.Context, n, top int, d *weigh.Dockerfile) (*weigh.Result, error) {
	st, err := s.finder.Store()
	if err != nil {
		return nil, err
	}
	i := s.Images[n]
	keep := top > 0 && top <= reportTop
	if keep && s.finder.measurer(st, i, nil).Packed(ctx, i.Image, i.packs) {
		r := new(weigh.Result)
		if st.Get(reportKind, reportKey(i, d), r) && r.Schema == weigh.Schema {
			return named(r, i.Name, top), nil
		}
	}
	facts := s.facts
	if facts != nil {
		facts = facts[n : n+1]
	} else if facts, err = s.finder.Facts(ctx, s.Images[n:n+1]); err != nil {
		return nil, err
	}
	most := top
	if keep {
		most = reportTop
	}
	r, err := Compute(ctx, s.finder, i.Name, "Summing up", func() (*weigh.Result, error) { return report(facts[0], most, d), nil })
	if err != nil || !keep || i.foreign {
		return named(r, i.Name, top), err
	}
	st.Keep(reportKind, reportKey(i, d), r)
	return named(r, i.Name, top), nil
}

// reportKey names what is kept of an image: it changes with the rules of advice, and with
// what is known of the Dockerfile.
func reportKey(i *Image, d *weigh.Dockerfile) digest.Digest {
	key := weigh.Key(i.Image).String() + "\n" + advice.Edition()
	if d != nil {
		key += fmt.Sprintf("\n%+v", *d)
	}
	return digest.FromString(key)
}

// reportKind is the kind under which results are cached, with the longest lists that
// a cached result can serve.
const (
	reportKind = "report-v6"
	reportTop  = 100
)

// report sums facts up, with what follows from them.
func report(f *weigh.Facts, top int, d *weigh.Dockerfile) *weigh.Result {
	r := f.Report("", top)
	r.Built(d)
	r.Findings, r.Savings = advice.Of(advice.Built(f, d))
	return r
}

func named(r *weigh.Result, name string, top int) *weigh.Result {
	if r == nil {
		return nil
	}
	r.Name = name
	r.Trim(top)
	return r
}
