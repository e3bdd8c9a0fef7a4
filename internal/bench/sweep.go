package bench

import (
	"context"
	"slices"
	"time"

	"tare/internal/engine"
)

// sweeping is what a lab's timed builds made and nobody will need: five builds of an image without cache are five images,
// and as many snapshots of each step.
type sweeping struct {
	gone     []string // records that are not dropped yet
	contexts []string // records of build contexts: copies that were made for an edit
}

// Begin implements lab.Bench. Only what is certainly of the lab goes: while others use the same engine,
// or where it is not tare's own, everything stays for the cache's own limits.
func (b *Lab) Begin(ctx context.Context) (end func()) {
	e, err := b.Engine(ctx)
	if err != nil {
		return func() {}
	}
	s, ok := e.(engine.Sweeper)
	if !ok {
		return b.collect(ctx)
	}
	before, visits, alone, err := s.Holds(ctx)
	if err != nil || !alone {
		return b.collect(ctx)
	}
	had := map[string]bool{}
	for _, r := range before {
		had[r.ID] = true
	}
	return func() {
		ctx, cancel := unhurried(ctx)
		defer cancel()
		now, later, alone, err := s.Holds(ctx)
		if err == nil && alone && later == visits {
			b.made(now, had)
		}
		_ = s.Drop(ctx, b.sweep.gone) // what cannot be dropped now is tried again after the next
		b.collect(ctx)()
	}
}

// made notes the records that are new. Caches that RUN mounts and the engine's own stay: later builds fill and use them.
func (b *Lab) made(now []engine.CacheRecord, had map[string]bool) {
	here := map[string]bool{}
	for _, r := range now {
		here[r.ID] = true
		switch {
		case had[r.ID]:
		case r.Kind == "" || r.Kind == "regular" || r.Kind == "source.git.checkout":
			b.sweep.gone = append(b.sweep.gone, r.ID)
		case r.Kind == "source.local":
			b.sweep.contexts = append(b.sweep.contexts, r.ID) // the next edit sends what differs from it
		}
	}
	b.sweep.gone = slices.DeleteFunc(b.sweep.gone, func(id string) bool { return !here[id] })
}

// collect gives the blobs of timed builds back: they have no name, and the variants' images have one by then.
func (b *Lab) collect(ctx context.Context) func() {
	return func() {
		ctx, cancel := unhurried(ctx)
		defer cancel()
		st, err := b.Store()
		if err != nil {
			return
		}
		b.Close()
		_, _ = st.Collect(ctx)
		_ = b.Hold(ctx)
	}
}

// patience is how long an interrupted lab takes to clean up after itself, at most.
const patience = 20 * time.Second

// unhurried is for cleaning up: also after an interruption, which leaves the most.
func unhurried(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), patience)
}

// sweepAll drops what is left at the end.
func (b *Lab) sweepAll(ctx context.Context) {
	ctx, cancel := unhurried(ctx)
	defer cancel()
	if len(b.sweep.gone)+len(b.sweep.contexts) == 0 {
		return
	}
	if e, err := b.Engine(ctx); err == nil {
		if s, ok := e.(engine.Sweeper); ok {
			_ = s.Drop(ctx, append(b.sweep.gone, b.sweep.contexts...))
		}
	}
}
