package target

import (
	"context"
	"fmt"
	"runtime"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/opencontainers/go-digest"
	"golang.org/x/sync/errgroup"

	"tare/internal/garbage"
	"tare/internal/image"
	"tare/internal/progress"
	"tare/internal/store"
	"tare/internal/weigh"
)

// Facts works out where the bytes of images sit. It reads the layers that nothing is
// known of yet, all together, so that one that several images share is read once.
func (f *Finder) Facts(ctx context.Context, list []*Image) ([]*weigh.Facts, error) {
	if f.Lean {
		// Half of what is in memory stays to the end: collecting garbage more often
		// costs little and keeps the peak low.
		defer garbage.Often(30)() // whoever shows them for long wants it lower yet
		garbage.Start()
	}
	if err := f.Index(ctx, list); err != nil {
		return nil, err
	}
	names := make([]string, len(list))
	for n, i := range list {
		names[n] = i.Name
	}
	return Compute(ctx, f, strings.Join(names, ", "), "Analyzing", func() ([]*weigh.Facts, error) { return factsOf(list) })
}

// identity is what two images have in common whose facts are the same: what somebody else says of the layers is not what was read here.
type identity struct {
	key     digest.Digest
	foreign bool
}

func (i *Image) identity() identity { return identity{weigh.Key(i.Image), i.foreign} }

// factsOf works out the facts of images whose layers are known, several at once.
func factsOf(list []*Image) ([]*weigh.Facts, error) {
	facts := make([]*weigh.Facts, len(list))
	first := map[identity]int{} // one image may be named twice
	g := new(errgroup.Group)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for n, i := range list {
		if _, again := first[i.identity()]; again {
			continue
		}
		first[i.identity()] = n
		g.Go(func() (err error) {
			if facts[n], err = weigh.New(i.Image); err != nil {
				return fmt.Errorf("%s: %w", i.Name, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for n, i := range list {
		facts[n] = facts[first[i.identity()]]
	}
	return facts, nil
}

// Index reads the layers of images that nothing is known of yet, and works out what a
// push of them sends.
func (f *Finder) Index(ctx context.Context, list []*Image) error {
	st, err := f.Store()
	if err != nil {
		return err
	}
	events, done := f.Watch()
	defer done()
	seen := map[content.Provider]bool{}
	for n, i := range list {
		if seen[i.provider] {
			continue
		}
		seen[i.provider] = true
		var together []*image.Image
		var these []*Image
		for _, o := range list[n:] {
			if o.provider == i.provider {
				together, these = append(together, o.Image), append(these, o)
			}
		}
		if err := (image.Measurer{Provider: i.provider, Cache: st, Progress: events, Others: f.others(these, events)}).Index(ctx, together...); err != nil {
			return fmt.Errorf("%s: %w", i.Name, err)
		}
	}
	return f.pack(ctx, st, list, events)
}

// pack works out what a push of images sends. What registries have of layers is known
// before it is asked for.
func (f *Finder) pack(ctx context.Context, st *store.Store, list []*Image, events progress.Func) error {
	for _, plain := range []bool{false, true} {
		for _, i := range list {
			if i.sent.plain != plain {
				continue
			}
			if err := f.measurer(st, i, events).Pack(ctx, i.Image, i.packs); err != nil {
				return fmt.Errorf("%s: %w", i.Name, err)
			}
			i.remember(st)
		}
	}
	return nil
}

// Measure fills in what the layers of an image come to.
func (f *Finder) Measure(ctx context.Context, i *Image) error {
	events, done := f.Watch()
	defer done()
	m, err := f.Measurer(events)
	if err != nil {
		return err
	}
	m.Provider = i.provider
	return m.Measure(ctx, i.Image)
}

// Measurer measures images of the store. Its cache is the store's.
func (f *Finder) Measurer(events progress.Func) (image.Measurer, error) {
	st, err := f.Store()
	if err != nil {
		return image.Measurer{}, err
	}
	return image.Measurer{Provider: st.Content(), Cache: st, Progress: events}, nil
}
