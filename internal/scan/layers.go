package scan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"tare/internal/fleet"
	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/logs"
	"tare/internal/patience"
	"tare/internal/progress"
	"tare/internal/repository"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/units"
)

// layers are those of a shard, being read.
type layers struct {
	s        Session
	registry *source.Registry
	work     *fleet.Work
	st       *store.Store // nil if there is none
	known    image.Measurer
	parallel int
	own      []fleet.Blob
	out      *Outcome

	mu    sync.Mutex
	hosts map[string]*repository.Host // by domain
	kept  keptIndexes
	meter meter
}

// outcome of one layer.
type how int

const (
	wasThere  how = iota // the place has it
	fromCache            // its index is in the cache of this machine
	fromIndex            // its index is in a registry that is trusted
	wasRead              // its blob was read
)

// read reads all layers. What cannot be read is tried once more at the end, if it could be a registry's bad moment.
func (l *layers) read(ctx context.Context, what string) error {
	var total int64
	for i := range l.own {
		total += l.own[i].Bytes()
	}
	events, done := l.s.Watch()
	defer done()
	l.meter = meter{events: events, e: progress.Event{ID: what, Action: "Reading " + units.Plural(len(l.own), "layer"), Total: total}}
	stop := l.tell(what, total)
	defer stop()
	again, err := l.pass(ctx, l.own, true)
	if err == nil && len(again) > 0 {
		_, err = l.pass(ctx, again, false)
	}
	slices.SortFunc(l.out.Failed, func(a, b fleet.Failure) int { return strings.Compare(string(a.Layer), string(b.Layer)) })
	return err
}

// pass goes through layers; first tells whether those that failed for now are returned, and not noted.
func (l *layers) pass(ctx context.Context, list []fleet.Blob, first bool) (again []fleet.Blob, err error) {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(l.parallel)
	for i := range list {
		if gctx.Err() != nil {
			break
		}
		b := &list[i]
		g.Go(func() error {
			r := new(reading)
			h, err := l.one(gctx, b, r)
			var full *fleet.FullError
			l.mu.Lock()
			defer l.mu.Unlock()
			switch {
			case err == nil:
				l.out.count(h, b.Bytes())
				l.meter.settle(r, b.Bytes())
			case gctx.Err() != nil:
				return gctx.Err()
			case errors.As(err, &full), patience.PutOff(err), isOutput(err):
				return fmt.Errorf("%s of this shard are done: %w", l.out.done(), err)
			case first && !final(err):
				again = append(again, *b)
				l.meter.settle(r, 0)
			default:
				why, _, _ := strings.Cut(err.Error(), "\n")
				l.out.Failed = append(l.out.Failed, fleet.Failure{Layer: b.Digest, Why: cut(why)})
				l.meter.settle(r, b.Bytes())
			}
			return nil
		})
	}
	err = g.Wait()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return again, err
}

// outputError is a result that could not be written: no fault of a layer.
type outputError struct{ error }

func (e *outputError) Unwrap() error { return e.error }

func isOutput(err error) bool {
	var out *outputError
	return errors.As(err, &out)
}

// final tells whether to read a layer again would not help.
func final(err error) bool {
	var wrong *layer.MismatchError
	return errors.As(err, &wrong) || image.BeyondLimits(err) || errdefs.IsNotFound(err) || errors.Is(err, source.ErrUnauthorized) || errors.Is(err, errNowhere)
}

// errNowhere says that nothing leads to a layer.
var errNowhere = errors.New("its images have no name of a registry, and the store here does not have it")

// one sees to it that the results have one layer.
func (l *layers) one(ctx context.Context, b *fleet.Blob, r *reading) (how, error) {
	has, err := l.work.Has(ctx, b.Digest)
	if err != nil {
		return 0, &outputError{err}
	}
	if has {
		if l.kept.from(b.Digest) {
			return fromIndex, nil
		}
		return wasThere, nil
	}
	x, h, err := l.index(ctx, b, r)
	if err != nil {
		return 0, err
	}
	if err := l.work.Keep(ctx, x); err != nil {
		return 0, &outputError{err}
	}
	return h, nil
}

// index finds out what is in a layer, from the nearest place that can tell.
func (l *layers) index(ctx context.Context, b *fleet.Blob, r *reading) (*layer.Index, how, error) {
	for _, c := range b.Claims {
		// One DiffID may have several blobs: an index tells of the bytes of one.
		if x := l.cached(c.DiffID); x != nil && x.Blob == b.Digest {
			return x, fromCache, nil
		}
	}
	if x, err := l.attached(ctx, b); x != nil || err != nil {
		return x, fromIndex, err
	}
	if l.st != nil && l.st.Has(ctx, b.Digest) {
		if x, err := l.fetch(ctx, l.st.Content(), b, r); err == nil || ctx.Err() != nil {
			return x, wasRead, err
		}
	}
	var first error
	for _, name := range l.repositories(b) {
		p, err := l.provider(ctx, name)
		if err == nil {
			var x *layer.Index
			if x, err = l.fetch(ctx, p, b, r); err == nil {
				return x, wasRead, nil
			}
		}
		if ctx.Err() != nil || patience.PutOff(err) {
			return nil, 0, err
		}
		if first == nil || errdefs.IsNotFound(first) {
			first = err
		}
		logs.Info("layer not read", "digest", b.Digest.String(), "from", name, "error", err.Error())
	}
	if first == nil {
		first = errNowhere
	}
	return nil, 0, first
}

func (l *layers) cached(diffID digest.Digest) *layer.Index {
	if l.known.Cache == nil {
		return nil
	}
	return l.known.Known(diffID)
}

// mostPlaces is how many repositories are asked for a layer.
const mostPlaces = 4

// repositories are those that have images with a layer, a few of them.
func (l *layers) repositories(b *fleet.Blob) []string {
	var out []string
	for _, i := range b.Images {
		for _, n := range l.work.Plan.Images[i].Names {
			named, err := reference.ParseNormalizedNamed(n)
			if err != nil || slices.Contains(out, named.Name()) {
				continue
			}
			if out = append(out, named.Name()); len(out) == mostPlaces {
				return out
			}
		}
	}
	return out
}

// provider serves the blobs of a repository. Those of one registry share its connections.
func (l *layers) provider(ctx context.Context, name string) (content.Provider, error) {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return nil, err
	}
	domain := reference.Domain(named)
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.hosts[domain]
	if h == nil {
		if h, err = repository.At(ctx, l.registry, domain); err != nil {
			return nil, err
		}
		l.hosts[domain] = h
	}
	return h.Repository(named).Blobs(), nil
}

// mostClaims is how many lengths are tried of a layer of which images say different things.
const mostClaims = 3

// fetch reads a layer. Its digest decides; where images say different things of it, those that are wrong change nothing.
func (l *layers) fetch(ctx context.Context, p content.Provider, b *fleet.Blob, r *reading) (*layer.Index, error) {
	diffID := b.Claims[0].DiffID
	for _, c := range b.Claims {
		if c.DiffID != diffID {
			diffID = ""
		}
	}
	var tried []int64
	var first error
	for _, c := range b.Claims {
		if slices.Contains(tried, c.Bytes) || len(tried) == mostClaims {
			continue
		}
		tried = append(tried, c.Bytes)
		x, err := l.take(ctx, p, ocispec.Descriptor{MediaType: ocispec.MediaTypeImageLayer, Digest: b.Digest, Size: c.Bytes}, diffID, r)
		if err == nil || ctx.Err() != nil {
			return x, err
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// take reads and indexes one blob, whatever type a manifest says it is of. Nothing is kept of it here but what is returned.
func (l *layers) take(ctx context.Context, p content.Provider, d ocispec.Descriptor, diffID digest.Digest, r *reading) (*layer.Index, error) {
	if err := image.CheckLayerSize(d); err != nil {
		return nil, err
	}
	ra, err := p.ReaderAt(ctx, d)
	if err != nil {
		return nil, err
	}
	defer func() { _ = ra.Close() }()
	told := logs.Took("read layer", "digest", d.Digest.String(), "bytes", d.Size)
	x, err := image.Measurer{}.Take(ctx, l.meter.reader(content.NewReader(ra), r), d.Size, d.Digest, diffID)
	told(err)
	return x, err
}

// tell says once a minute how far the work is, where nobody sees it.
func (l *layers) tell(what string, total int64) (stop func()) {
	if l.s.Log == nil {
		return func() {}
	}
	end := make(chan struct{})
	go func() {
		t := time.NewTicker(time.Minute)
		defer t.Stop()
		for {
			select {
			case <-end:
				return
			case <-t.C:
				l.mu.Lock()
				text := fmt.Sprintf("%s: %s of %d, %s of %s", what, l.out.done(), len(l.own), units.Bytes(l.meter.at()), units.Bytes(total))
				l.mu.Unlock()
				l.s.Log(text)
			}
		}
	}()
	return sync.OnceFunc(func() { close(end) })
}
