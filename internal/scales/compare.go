package scales

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"tare/internal/compare"
	"tare/internal/explain"
	"tare/internal/image"
	"tare/internal/request"
	"tare/internal/target"
	"tare/internal/weigh"
)

// CompareRequest says what to set side by side.
type CompareRequest struct {
	Words        []string
	Baseline     string // one of Words; "" for the first
	Platform     string
	AllPlatforms bool
	Compress     bool // see target.Options
	Pairs        bool // every pair, not only with the baseline and between neighbours
	Depth        int  // files that are listed for each cause
	Maps         bool // work out maps of the files for pictures
	Touched      Touched
	Findings     bool // work out what costs bytes and need not, for programs
	// Material is how much a sentence must be about; the zero value means all.
	Material Material
	// Stages builds the stages that stayed behind when an image was built; nil leaves
	// them out.
	Stages func(ctx context.Context, built digest.Digest) []compare.Stage
	// Lines are the instructions that an image was built from, and the name of their
	// file; nil if none is known.
	Lines func(built digest.Digest) (file string, lines []compare.Line)
}

// Material is how much a sentence must be about: see explain.
type Material = explain.Material

// MaterialHelp explains --material.
const MaterialHelp = "leave out sentences about less: part of the whole, bytes or both; 0 for none"

// Compared is a comparison, with maps if they were asked for.
type Compared struct {
	*compare.Result
	Maps []weigh.Node
}

// Measures are the names of the measures that are compared.
func Measures() []string {
	var out []string
	for _, m := range compare.Measures {
		out = append(out, m.Name)
	}
	return out
}

// baseline is the position of the image that the others are measured against: that with
// the name of --baseline, or of the images of its word the one for the wanted platform or
// this machine's.
func (r CompareRequest) baseline(set *target.Set) (int, error) {
	name := cmp.Or(r.Baseline, r.Words[0])
	at := set.Index(name, r.Platform)
	if at < 0 {
		var have []string
		for _, i := range set.Images {
			have = append(have, i.Name)
		}
		return 0, request.Errorf("--baseline %q is not among the targets (%s)", r.Baseline, strings.Join(have, ", "))
	}
	return at, nil
}

// check refuses a baseline that cannot be among the images, before any is read: one that
// is neither a word nor begins with one, as the names of platforms and of words that are
// given twice do.
func (r CompareRequest) check() error {
	if r.Baseline == "" || slices.ContainsFunc(r.Words, func(w string) bool { return strings.HasPrefix(r.Baseline, w) }) {
		return nil
	}
	return request.Errorf("--baseline %q is not among the targets (%s)", r.Baseline, strings.Join(r.Words, ", "))
}

// Compare sets images side by side and says why they differ.
func Compare(ctx context.Context, f *target.Finder, r CompareRequest) (*Compared, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	set, err := f.Open(ctx, r.Words, target.Options{Platform: r.Platform, AllPlatforms: r.AllPlatforms, Compress: r.Compress})
	if err != nil {
		return nil, err
	}
	defer set.Close()
	return CompareOpened(ctx, f, set, r)
}

// CompareOpened is Compare for images that are open; the request's Words and Platform only
// name the baseline.
func CompareOpened(ctx context.Context, f *target.Finder, set *target.Set, r CompareRequest) (*Compared, error) {
	base, err := r.baseline(set)
	if err != nil {
		return nil, err
	}
	facts, err := set.Facts(ctx)
	if err != nil {
		return nil, err
	}
	subjects := subjects(set, facts)
	for n, i := range set.Images {
		if r.Lines != nil {
			subjects[n].Dockerfile, subjects[n].Lines = r.Lines(i.Image.Target.Digest)
		}
		if r.Stages != nil {
			subjects[n].Stages = r.Stages(ctx, i.Image.Target.Digest)
		}
	}
	out := new(Compared)
	out.Result, err = target.Compute(ctx, f, strings.Join(r.Words, ", "), "Comparing", func() (*compare.Result, error) {
		c, err := compare.Compare(subjects, compare.Options{Baseline: base, Pairs: r.Pairs, Depth: r.Depth, Findings: r.Findings})
		if err == nil {
			c.Sentences = explain.Sentences(c, r.Material)
		}
		return c, err
	})
	if err != nil {
		return nil, err
	}
	if r.Maps {
		out.Maps, err = maps(ctx, f, set, base, r.Touched)
	}
	return out, err
}

func subjects(set *target.Set, facts []*weigh.Facts) []compare.Subject {
	var out []compare.Subject
	for n, i := range set.Images {
		s := compare.Subject{Name: i.Name, Target: i.Arguments(), Facts: facts[n]}
		if i.Built != nil {
			s.Build, s.Cached = i.Built.Took, i.Built.Executed == 0
		}
		out = append(out, s)
	}
	return out
}

// Manifests sets images side by side by what their manifests and configurations say, a
// few kilobytes each. Names without a scheme mean the registry.
func Manifests(ctx context.Context, f *target.Finder, r CompareRequest) (*compare.Remote, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	if r.Compress {
		return nil, request.Errorf("--remote reads no layers: it cannot compress any")
	}
	set, err := f.Open(ctx, r.Words, target.Options{Platform: r.Platform, AllPlatforms: r.AllPlatforms, Names: target.InRegistry})
	if err != nil {
		return nil, fmt.Errorf("--remote %w", err)
	}
	defer set.Close()
	base, err := r.baseline(set)
	if err != nil {
		return nil, err
	}
	if err := set.Sent(ctx); err != nil {
		return nil, fmt.Errorf("--remote %w", err)
	}
	var names []string
	var images []*image.Image
	for _, i := range set.Images {
		names, images = append(names, i.Name), append(images, i.Image)
	}
	return compare.Manifests(names, images, base), nil
}
