package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/fleet"
	"tare/internal/image"
	"tare/internal/patience"
	"tare/internal/repository"
)

// looked is what a name leads to: one image, or one for each platform.
type looked struct {
	name   string // as it goes into the plan
	target digest.Digest
	images []*fleet.Image
	// bad are images of an index that cannot be read, by platform.
	bad []fleet.Unreadable
}

// tags are those of one repository.
type tags struct {
	g     *gathering
	repo  *repository.Repository
	named reference.Named

	wg    sync.WaitGroup
	mu    sync.Mutex
	err   error
	found []*looked // where only the newest are wanted
}

// look looks at a tag: beside others if there is a slot, else now.
func (t *tags) look(ctx context.Context, tag string) error {
	t.mu.Lock()
	err := t.err
	t.mu.Unlock()
	if err != nil {
		return err
	}
	if _, err := reference.WithTag(t.named, tag); err != nil {
		t.g.fail(t.named.Name(), fmt.Errorf("its registry lists a tag that is none: %.60q", tag))
		return nil
	}
	select {
	case t.g.slots <- struct{}{}:
		t.wg.Go(func() {
			defer func() { <-t.g.slots }()
			t.now(ctx, tag)
		})
	default:
		t.now(ctx, tag)
	}
	return ctx.Err()
}

func (t *tags) now(ctx context.Context, tag string) {
	name := t.named.Name() + ":" + tag
	l, err := t.g.look(ctx, t.repo, name, tag)
	t.mu.Lock()
	defer t.mu.Unlock()
	switch what := beside(err); {
	case err == nil && t.g.rules.Newest > 0:
		t.found = append(t.found, l)
	case err == nil:
		t.g.add(l)
	case ctx.Err() != nil || patience.PutOff(err):
		t.err = cmp.Or(t.err, err)
	case what != "":
		t.g.skip(what)
	default:
		t.g.failed(reference.Domain(t.named), name, t.repo.Explain(err))
	}
}

// wait waits for all looks, and returns the error that concerns the rest of them, too.
func (t *tags) wait() error {
	t.wg.Wait()
	return t.err
}

// keepNewest takes the newest images of the repository, by the dates of their configurations; of equal ones those whose tags come first.
// Tags of one image count once.
func (t *tags) keepNewest() {
	if t.g.rules.Newest == 0 {
		return
	}
	date := func(l *looked) (at int64) {
		for _, i := range l.images {
			if i.Created != nil {
				at = max(at, i.Created.Unix())
			}
		}
		return at
	}
	slices.SortFunc(t.found, func(a, b *looked) int {
		return cmp.Or(cmp.Compare(date(b), date(a)), strings.Compare(string(a.target), string(b.target)), strings.Compare(a.name, b.name))
	})
	kept, last := 0, digest.Digest("")
	for _, l := range t.found {
		if l.target != last {
			if kept++; kept > t.g.rules.Newest {
				return
			}
			last = l.target
		}
		t.g.add(l)
	}
}

// beside says what a tag is that was found beside images; "" if the error is another one.
func beside(err error) string {
	var artifact *image.ArtifactError
	switch {
	case errors.As(err, &artifact):
		return "not an image: " + artifact.Kind
	case errors.Is(err, image.ErrNoPlatform):
		return image.ErrNoPlatform.Error()
	}
	return ""
}

// one looks at one image that was named.
func (g *gathering) one(ctx context.Context, w word) error {
	if w.domain == "" {
		l, err := g.stored(ctx, w.named.String())
		switch {
		case err == nil:
			g.add(l)
			return nil
		case w.stored || !errdefs.IsNotFound(err):
			g.fail(w.text, err)
			return ctx.Err()
		}
	}
	_, err := g.remote(ctx, w.named, w.text, true)
	return err
}

// remote looks at an image of a registry. What the name leads to is added to the plan if add is set; it is nil if it cannot be read, which
// is noted then.
func (g *gathering) remote(ctx context.Context, named reference.Named, text string, add bool) (*looked, error) {
	domain := reference.Domain(named)
	if err := g.isDown(domain); err != nil {
		g.fail(text, err)
		return nil, nil
	}
	h, err := g.host(ctx, domain)
	if err != nil {
		return nil, err
	}
	tag, name := "latest", ""
	switch n := named.(type) {
	case reference.Digested: // also of a name with a tag
		tag, name = n.Digest().String(), reference.TrimNamed(named).Name()+"@"+n.Digest().String()
	case reference.Tagged:
		tag = n.Tag()
	}
	if name == "" {
		name = reference.TrimNamed(named).Name() + ":" + tag
	}
	repo := h.Repository(named)
	l, err := g.look(ctx, repo, name, tag)
	if err != nil {
		if ctx.Err() != nil || patience.PutOff(err) {
			return nil, repo.Explain(err)
		}
		g.failed(domain, text, repo.Explain(err))
		return nil, nil
	}
	if add {
		g.add(l)
	}
	return l, nil
}

// look reads what a tag or digest of a repository names.
func (g *gathering) look(ctx context.Context, repo *repository.Repository, name, tag string) (*looked, error) {
	g.count(1, 0)
	d, docs, err := repo.Tagged(ctx, tag)
	if err != nil {
		return nil, err
	}
	g.up(name)
	defer g.count(0, 1)
	return g.read(ctx, docs, d, name)
}

// read reads the images that a manifest or an index stands for.
func (g *gathering) read(ctx context.Context, p content.Provider, d ocispec.Descriptor, name string) (*looked, error) {
	if err := image.CheckType(d); err != nil {
		return nil, err
	}
	l := &looked{name: name, target: d.Digest}
	list := []ocispec.Descriptor{d}
	want := g.rules.Platform
	index := images.IsIndexType(d.MediaType)
	if index {
		var err error
		if list, err = image.Manifests(ctx, p, d); err != nil {
			return nil, err
		}
	}
	if want != "" && want != fleet.AllPlatforms {
		pl, err := platforms.Parse(want)
		if err != nil {
			return nil, err
		}
		if index {
			best, err := image.ChooseOf(ctx, p, list, platforms.Only(pl))
			if err != nil {
				return nil, err
			}
			list = []ocispec.Descriptor{best}
		}
		i, err := g.image(ctx, p, d, list[0])
		if err == nil {
			if is, perr := platforms.Parse(i.Platform); perr != nil || !platforms.Only(pl).Match(is) {
				err = fmt.Errorf("it is for %q: %w", i.Platform, image.ErrNoPlatform)
			}
		}
		if err != nil {
			return nil, err
		}
		l.images = append(l.images, i)
		return l, nil
	}
	for _, m := range list {
		i, err := g.image(ctx, p, d, m)
		switch {
		case err == nil:
			l.images = append(l.images, i)
		case !index || ctx.Err() != nil || patience.PutOff(err):
			return nil, err
		case beside(err) == "":
			of := ""
			if m.Platform != nil {
				of = " (" + platforms.Format(*m.Platform) + ")"
			}
			l.bad = append(l.bad, fleet.Unreadable{Name: name + of, Why: err.Error()})
		}
	}
	if len(l.images) == 0 && len(l.bad) == 0 {
		return nil, fmt.Errorf("its index lists no image: %w", image.ErrNoPlatform)
	}
	return l, nil
}

// image reads one manifest with its configuration, unless it is known.
func (g *gathering) image(ctx context.Context, p content.Provider, target, m ocispec.Descriptor) (*fleet.Image, error) {
	g.mu.Lock()
	known := g.images[m.Digest]
	g.mu.Unlock()
	if known != nil {
		return known, nil
	}
	if i := new(fleet.Image); g.st != nil && g.st.Get(lookedKind, m.Digest, i) && i.Digest == m.Digest && sound(i) == nil {
		return i, nil
	}
	img, err := image.LoadManifest(ctx, p, target, m)
	if err != nil {
		return nil, err
	}
	i := described(img)
	if err := sound(i); err != nil {
		return nil, fmt.Errorf("the image is damaged: %w", err)
	}
	if g.st != nil {
		g.st.Keep(lookedKind, m.Digest, i)
	}
	return i, nil
}

// lookedKind is the kind under which the cache keeps what a plan says of an image, by the digest of its manifest: a plan that was
// interrupted, and the next one, ask for tags only.
const lookedKind = "fleet-image-v1"

// sound tells what is wrong with an image that has no names yet.
func sound(i *fleet.Image) error {
	i.Names = []string{"x"}
	defer func() { i.Names = nil }()
	return i.Check()
}
