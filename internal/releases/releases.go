// Package releases looks at all tags of a repository without fetching a layer.
package releases

import (
	"context"
	"errors"
	"fmt"
	"path"
	"sync"

	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"tare/internal/growth"
	"tare/internal/image"
	"tare/internal/progress"
	"tare/internal/repository"
	"tare/internal/request"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/target"
	"tare/internal/units"
	"tare/internal/weigh"
)

// Parallel bounds how many tags are asked for at a time: more would bring limits of rate
// down on the user.
const Parallel = 8

// Request says which releases are looked at.
type Request struct {
	Growth   bool   // all tags are looked at
	Word     string // registry://NAME, or NAME
	Platform string // of multi-platform images; "" for this machine's, or what there is
	Tags     string // a pattern that tags must match, as in path.Match; "" for all
}

// Check returns an error if the request cannot be understood.
func (q *Request) Check() error {
	if _, err := path.Match(q.Tags, ""); err != nil {
		return request.Errorf("--tags %q: %w", q.Tags, err)
	}
	_, err := q.named()
	return err
}

// named is the repository.
func (q *Request) named() (reference.Named, error) {
	p, err := source.Parse(q.Word)
	if err != nil {
		return nil, request.Error{Err: err}
	}
	name := q.Word
	switch {
	case p.Scheme() == source.InRegistry("").Scheme():
		name = p.Rest()
	case p.Scheme() != "":
		return nil, request.Errorf("--growth looks at the tags of a repository in a registry, not at %s", q.Word)
	}
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return nil, request.Errorf("%s: %w", q.Word, err)
	}
	if !reference.IsNameOnly(named) {
		return nil, request.Errorf("--growth looks at all tags: write %s without a tag or digest, and choose with --tags", reference.FamiliarName(named))
	}
	return named, nil
}

// Growth reads the manifests and configurations of all tags of a repository and puts the
// images in order. What only layers tell is known where the finder's store knows them all.
func Growth(ctx context.Context, f *target.Finder, q Request) (*growth.Result, error) {
	named, err := q.named()
	if err != nil {
		return nil, err
	}
	want, err := target.Platform(q.Platform)
	if err != nil {
		return nil, err
	}
	registry, err := f.Registry()
	if err != nil {
		return nil, err
	}
	repo, err := repository.Open(ctx, registry, named)
	if err != nil {
		return nil, err
	}
	events, done := f.Watch()
	defer done()
	tags, err := tagsOf(ctx, repo, named)
	if err != nil {
		return nil, err
	}
	l := &looks{repo: repo, want: want, name: reference.FamiliarName(named), events: events}
	if st, err := f.Store(); err == nil {
		l.known = st
	}
	chosen := tags[:0:0]
	seen := map[string]bool{}
	for _, t := range tags {
		if ok, _ := path.Match(q.Tags, t); !ok && q.Tags != "" || seen[t] {
			continue
		}
		seen[t] = true
		if growth.Artifact(t) {
			l.skipped = append(l.skipped, growth.Skipped{Tag: t, Reason: "attached to an image"})
			continue
		}
		chosen = append(chosen, t)
	}
	if err := l.all(ctx, chosen); err != nil {
		return nil, err
	}
	r := growth.Make(l.name, l.list, l.skipped)
	if len(r.Releases) == 0 {
		return nil, l.nothing(q, tags)
	}
	return r, nil
}

// maxTags bounds how many tags are looked at.
const maxTags = 20_000

// tagsOf lists all tags of a repository.
func tagsOf(ctx context.Context, repo *repository.Repository, named reference.Named) (out []string, err error) {
	err = repo.Tags(ctx, func(tag string) error {
		if len(out) == maxTags {
			return fmt.Errorf("%s has more than %d tags: choose some with --tags", named.Name(), maxTags)
		}
		out = append(out, tag)
		return nil
	})
	return out, err
}

// looks are the looks at the tags of a repository.
type looks struct {
	repo   *repository.Repository
	want   platforms.MatchComparer
	name   string
	known  *store.Store // nil if there is none
	events progress.Func

	mu      sync.Mutex
	seen    int
	list    []growth.Release
	skipped []growth.Skipped
}

// nothing says why there are no releases.
func (l *looks) nothing(q Request, tags []string) error {
	switch {
	case len(tags) == 0:
		return fmt.Errorf("%s has no tags", l.name)
	case len(l.skipped) == 0:
		return fmt.Errorf("no tag of %s matches %q (it has %s)", l.name, q.Tags, units.Plural(len(tags), "tag"))
	}
	return fmt.Errorf("none of the %s of %s is a release; %s: %s", units.Plural(len(tags), "tag"), l.name, l.skipped[0].Tag, l.skipped[0].Reason)
}

func (l *looks) all(ctx context.Context, tags []string) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(Parallel)
	for _, tag := range tags {
		g.Go(func() error {
			r, err := l.look(ctx, tag)
			l.mu.Lock()
			defer l.mu.Unlock()
			l.seen++
			l.events.Report(progress.Event{ID: l.name, Action: fmt.Sprintf("Reading manifests %d/%d", l.seen, len(tags)), Final: l.seen == len(tags)})
			if err == nil {
				l.list = append(l.list, *r)
				return nil
			}
			why, ok := reason(err)
			if !ok || ctx.Err() != nil {
				return fmt.Errorf("%s:%s: %w", l.name, tag, l.repo.Explain(err))
			}
			l.skipped = append(l.skipped, growth.Skipped{Tag: tag, Reason: why})
			return nil
		})
	}
	return g.Wait()
}

// reason says why a tag is no release; ok is false of errors that concern all of them.
func reason(err error) (why string, ok bool) {
	var artifact *image.ArtifactError
	switch {
	case errors.As(err, &artifact):
		return "not an image: " + artifact.Kind, true
	case errors.Is(err, image.ErrSchema1):
		return "Docker schema 1 manifest", true
	case errors.Is(err, image.ErrNoPlatform):
		return image.ErrNoPlatform.Error(), true
	case errdefs.IsNotFound(err):
		return "removed meanwhile", true
	}
	return "", false
}

// look reads what a tag names.
func (l *looks) look(ctx context.Context, tag string) (*growth.Release, error) {
	d, docs, err := l.repo.Tagged(ctx, tag)
	if err != nil {
		return nil, err
	}
	if err := image.CheckType(d); err != nil {
		return nil, err
	}
	img, err := image.Load(ctx, docs, d, l.want)
	if err != nil {
		return nil, err
	}
	if l.want != nil && !l.want.Match(img.Platform()) {
		return nil, image.ErrNoPlatform
	}
	r := &growth.Release{Tag: tag, Digest: img.Manifest.Digest, Platform: platforms.Format(img.Platform()), Layers: len(img.Layers),
		Own: img.Manifest.Size + img.ConfigID.Size, Blobs: map[digest.Digest]int64{}, Tar: units.Unknown(), Live: units.Unknown(), Waste: units.Unknown()}
	if c := img.Config.Created; c != nil && c.Unix() > 0 { // 1970 is what reproducible builds write
		r.Created = c
	}
	total := r.Own
	for _, layer := range img.Layers {
		if _, again := r.Blobs[layer.Digest]; !again {
			r.Blobs[layer.Digest] = layer.Size
			total += layer.Size
		}
	}
	r.Transfer = units.Known(total)
	l.weigh(ctx, docs, img, r)
	return r, nil
}

// weigh adds what the store knows of the layers, if it knows all of them.
func (l *looks) weigh(ctx context.Context, docs *repository.Documents, img *image.Image, r *growth.Release) {
	if l.known == nil {
		return
	}
	m := image.Measurer{Provider: docs, Cache: l.known}
	if m.Index(ctx, img) != nil || m.Pack(ctx, img, func(ocispec.Descriptor) bool { return false }) != nil {
		return
	}
	f, err := weigh.New(img)
	if err != nil {
		return
	}
	r.Tar, r.Live, r.Waste = units.Known(f.Sizes.Tar), units.Known(f.Sizes.Live), units.Known(f.Sizes.Waste)
}
