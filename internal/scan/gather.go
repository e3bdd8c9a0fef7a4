package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	"golang.org/x/sync/errgroup"

	"tare/internal/fleet"
	"tare/internal/growth"
	"tare/internal/patience"
	"tare/internal/progress"
	"tare/internal/releases"
	"tare/internal/repository"
	"tare/internal/request"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/units"
)

// Skipped counts what registries list beside images, by what it is: signatures, charts, images for other platforms.
type Skipped map[string]int

// Gather reads what the sources name, manifests and configurations only, and makes the plan.
func Gather(ctx context.Context, s Session, q Request) (*fleet.Plan, Skipped, error) {
	if err := q.Check(); err != nil {
		return nil, nil, err
	}
	if len(q.Sources) == 0 {
		return nil, nil, request.Errorf("nothing to scan: name a registry, a repository, an image or a list of images")
	}
	words, err := readWords(ctx, s, &q)
	if err != nil {
		return nil, nil, err
	}
	return gatherWords(ctx, s, q, words)
}

// gatherWords is Gather for words whose lists have been read.
func gatherWords(ctx context.Context, s Session, q Request, words []read) (*fleet.Plan, Skipped, error) {
	reg, err := s.Registry()
	if err != nil {
		return nil, nil, err
	}
	events, done := s.Watch()
	defer done()
	g := &gathering{registry: reg, rules: q.Rules, events: events, hosts: map[string]*repository.Host{}, down: map[string]*failing{},
		images: map[digest.Digest]*fleet.Image{}, nodes: map[string]map[digest.Digest]bool{}, same: map[string]string{}, skipped: Skipped{}, slots: make(chan struct{}, releases.Parallel)}
	if s.Store != nil {
		if st, err := s.Store(); err == nil {
			g.st = st
		}
	}
	var gctx context.Context
	g.work, gctx = errgroup.WithContext(ctx)
	err = g.walk(gctx, words)
	if werr := g.work.Wait(); werr != nil {
		err = werr // what ended the walk
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, nil, err
	}
	p := g.plan(q)
	if len(p.Images) == 0 && len(p.Unreadable) == 0 {
		return nil, nil, fmt.Errorf("%s no image%s", strings.Join(short(q.Sources), ", ")+map[bool]string{true: " names", false: " name"}[len(q.Sources) == 1], g.skipped.text())
	}
	return p, g.skipped, p.Check()
}

func short(words []string) []string {
	if len(words) > 5 {
		return append(slices.Clone(words[:5]), fmt.Sprintf("%d more", len(words)-5))
	}
	return words
}

// text says what was skipped, for the end of a sentence.
func (s Skipped) text() string {
	var out []string
	for what, n := range s {
		out = append(out, fmt.Sprintf("%s: %s", units.Plural(n, "tag"), what))
	}
	if len(out) == 0 {
		return ""
	}
	slices.Sort(out)
	return " (" + strings.Join(out, "; ") + ")"
}

// gathering makes a plan.
type gathering struct {
	registry *source.Registry
	st       *store.Store // nil if there is none
	rules    fleet.Rules
	events   progress.Func
	work     *errgroup.Group
	slots    chan struct{} // looks at a time: more would bring limits of rate down on the user

	mu          sync.Mutex
	hosts       map[string]*repository.Host
	down        map[string]*failing
	images      map[digest.Digest]*fleet.Image
	nodes       map[string]map[digest.Digest]bool
	unreadable  []fleet.Unreadable
	skipped     Skipped
	same        map[string]string
	named, seen int // manifests that are known of, and read
}

// walk goes through the words. What it starts goes on in g.work.
func (g *gathering) walk(ctx context.Context, words []read) error {
	pods := &cluster{at: map[string]map[string]string{}}
	for _, r := range words {
		if r.pod != nil {
			pods.add(g, *r.pod)
			continue
		}
		if r.why != "" {
			g.fail(r.text, errors.New(r.why))
			continue
		}
		if err := g.word(ctx, r.word, len(words) == 1); err != nil {
			return err
		}
	}
	return pods.look(ctx, g)
}

// word looks at what one word means; only tells whether there are no others.
func (g *gathering) word(ctx context.Context, w word, only bool) error {
	switch w.kind {
	case storeGlob:
		return g.storeNames(ctx, w)
	case registry, repoGlob:
		h, err := g.host(ctx, w.domain)
		if err != nil {
			return err
		}
		found := 0
		err = h.Catalogue(ctx, func(name string) error {
			if ok, _ := doublestar.Match(w.repos, name); !ok && w.repos != "" {
				return nil
			}
			found++
			named, err := reference.ParseNormalizedNamed(w.domain + "/" + name)
			if err != nil {
				g.fail(w.domain+"/"+name, fmt.Errorf("its name is none: %w", err))
				return nil
			}
			return g.start(ctx, func() error { return g.repository(ctx, named, w.tags) })
		})
		var none *repository.NoCatalogueError
		switch {
		case errors.As(err, &none) && only:
			return err // the user is to name something else
		case err != nil && ctx.Err() == nil && !patience.PutOff(err):
			g.fail(w.text, err)
			return nil
		case err == nil && found == 0 && w.repos != "":
			g.fail(w.text, errors.New("no repository of the catalogue matches"))
		}
		return err
	case allTags:
		return g.start(ctx, func() error { return g.repository(ctx, w.named, w.tags) })
	}
	return g.start(ctx, func() error { return g.one(ctx, w) })
}

// start does something when fewer than a number of things are being done.
func (g *gathering) start(ctx context.Context, do func() error) error {
	select {
	case g.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	g.work.Go(func() error {
		defer func() { <-g.slots }()
		return do()
	})
	return nil
}

// repository looks at the tags of a repository. It has a slot, in which all of them are looked at: registries have many repositories of
// few tags, and where there is one of many, others help.
func (g *gathering) repository(ctx context.Context, named reference.Named, pattern string) error {
	h, err := g.host(ctx, reference.Domain(named))
	if err != nil {
		return err
	}
	if err := g.isDown(reference.Domain(named)); err != nil {
		g.fail(named.Name(), err)
		return nil
	}
	repo := h.Repository(named)
	t := &tags{g: g, repo: repo, named: named}
	seen, matched := 0, 0
	err = repo.Tags(ctx, func(tag string) error {
		seen++
		if ok, _ := doublestar.Match(pattern, tag); !ok && pattern != "" {
			return nil
		}
		if ok, _ := doublestar.Match(g.rules.Tags, tag); !ok && g.rules.Tags != "" {
			return nil
		}
		matched++
		if growth.Artifact(tag) {
			g.skip("attached to an image")
			return nil
		}
		if isResult(tag) {
			g.skip("result of tare fleet scan")
			return nil
		}
		return t.look(ctx, tag)
	})
	werr := t.wait()
	if err = cmp.Or(werr, err); err != nil {
		if ctx.Err() != nil || patience.PutOff(err) {
			return err
		}
		g.failed(reference.Domain(named), named.Name(), err)
		return nil
	}
	if seen > 0 && matched == 0 {
		g.skip("no tag of the repository matches")
	}
	t.keepNewest()
	return nil
}
