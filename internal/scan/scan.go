package scan

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"tare/internal/fleet"
	"tare/internal/image"
	"tare/internal/infile"
	"tare/internal/repository"
	"tare/internal/request"
	"tare/internal/source"
	"tare/internal/units"
)

// longest is how long a registry may put off one request: a scan is nobody's waiting at a terminal.
const longest = time.Hour

// Run does one shard of a scan: it settles the plan, or finds it, and reads the shard's layers. What it could not read is in the outcome,
// and no error.
func Run(ctx context.Context, s Session, q Request) (*Outcome, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	part, from, err := q.shard(s.Env)
	if err != nil {
		return nil, err
	}
	if from != "" {
		s.Note(fmt.Sprintf("%s (%s)", part, from))
	}
	registry := s.Registry
	s.Registry = func() (*source.Registry, error) {
		r, err := registry()
		if err == nil {
			r.Patience = longest
		}
		return r, err
	}
	in, err := At(ctx, s, q.Out)
	if err != nil {
		return nil, err
	}
	plan, skipped, err := encoded(ctx, s, q, in)
	if err != nil {
		return nil, err
	}
	work, err := fleet.Begin(ctx, in, plan, q.Plan != "", part.Index, part.Of)
	if err != nil {
		return nil, err
	}
	l, err := newLayers(s, work, cmp.Or(q.Parallel, runtime.GOMAXPROCS(0)))
	if err != nil {
		return nil, err
	}
	o := newOutcome(work, part, q.Out, skipped)
	l.out = o
	what := "Scan"
	if part.Of > 1 {
		what = part.String()
	}
	if err := l.read(ctx, what); err != nil {
		return nil, err
	}
	return o, work.End(ctx, o.Own.Layers, o.Own.Bytes, o.Failed)
}

// encoded are the bytes of the plan: of the file that is named, or made of the sources. They are nil if the place has a plan that asks for
// the same.
func encoded(ctx context.Context, s Session, q Request, in fleet.Keeper) ([]byte, Skipped, error) {
	if q.Plan != "" {
		f, err := infile.Open(ctx, q.Plan)
		if err != nil {
			return nil, nil, err
		}
		defer func() { _ = f.Close() }()
		if fi, err := f.Stat(); err == nil && fi.IsDir() {
			return nil, nil, request.Errorf("--plan %s is a directory: want a file of tare fleet plan", q.Plan)
		}
		p, _, err := fleet.Decode(infile.Reader(ctx, f))
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", q.Plan, err)
		}
		b, err := p.Encode()
		return b, nil, err
	}
	there, err := fleet.PlanIn(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	if len(q.Sources) == 0 {
		if there == nil {
			return nil, nil, request.Errorf("nothing to scan: name a registry, a repository, an image or a list of images; %s has no plan yet", in)
		}
		return nil, nil, nil
	}
	words, err := readWords(ctx, s, &q)
	if err != nil {
		return nil, nil, err
	}
	if there != nil {
		asked := &fleet.Plan{Sources: q.Sources, Rules: q.Rules}
		if there.Asks(asked) {
			return nil, nil, nil
		}
		b, err := asked.Encode()
		return b, nil, err // to be refused
	}
	p, skipped, err := gatherWords(ctx, s, q, words)
	if err != nil {
		return nil, nil, err
	}
	if len(p.Images) == 0 {
		u := p.Unreadable[0]
		return nil, nil, fmt.Errorf("nothing to scan: of %s that cannot be read the first is %s: %s", units.Plural(len(p.Unreadable), "name"), u.Name, u.Why)
	}
	b, err := p.Encode()
	return b, skipped, err
}

// newLayers prepares to read the layers of a shard, the largest first, so that all cores end together.
func newLayers(s Session, w *fleet.Work, parallel int) (*layers, error) {
	reg, err := s.Registry()
	if err != nil {
		return nil, err
	}
	l := &layers{s: s, registry: reg, work: w, parallel: parallel, hosts: map[string]*repository.Host{}, own: w.Own()}
	if s.Store != nil {
		if st, err := s.Store(); err == nil {
			l.st = st
			l.known = image.Measurer{Provider: st.Content(), Cache: st}
		}
	}
	slices.SortStableFunc(l.own, func(a, b fleet.Blob) int { return cmp.Compare(b.Bytes(), a.Bytes()) })
	return l, nil
}
