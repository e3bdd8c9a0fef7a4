package lab

import (
	"context"
	"fmt"
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/experiment"
)

// step is something that is timed once in every round.
type step struct {
	variant int
	name    string // of the measurement that counts its repetitions
	do      func(ctx context.Context, round int, counts bool) error
}

// rounds does everything that takes time, again and again: in each round every step
// once, so that a slow minute of the machine hits all variants alike.
func (r *Runner) rounds(ctx context.Context, variants []experiment.Variant, tmp string) error {
	var steps []step
	for n, v := range variants {
		if r.images[n] == nil {
			continue
		}
		steps = append(steps, r.steps(n, v, tmp)...)
	}
	m := r.Record.Method
	total, done := len(steps)*(m.Warmup+m.Repeat), 0
	failed := map[int]bool{}
	for round := range m.Warmup + m.Repeat {
		if len(steps) > 0 && len(r.Record.Calibration) < m.Repeat {
			r.Record.Calibration = append(r.Record.Calibration, calibrate().Seconds())
		}
		for n, s := range steps {
			done++
			v := variants[s.variant]
			res := r.Record.Variant(v.Name)
			counts := round >= m.Warmup
			if failed[n] || counts && res.Count(s.name) > round-m.Warmup {
				continue // measured before an interruption
			}
			r.tell(Progress{Variant: v.Name, What: s.name, Done: done, Total: total})
			if err := s.do(ctx, round, counts); err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				failed[n] = true
				r.tell(Progress{Variant: v.Name, What: s.name, Failed: err.Error()})
			}
		}
		if err := r.save(); err != nil {
			return err
		}
	}
	return nil
}

func (r *Runner) steps(n int, v experiment.Variant, tmp string) []step {
	res := r.Record.Variant(v.Name)
	var out []step
	timed := func(name string, how func(round int) (How, func(), error)) step {
		return step{variant: n, name: name, do: func(ctx context.Context, round int, counts bool) error {
			h, done, err := how(round)
			if err != nil {
				return err
			}
			defer done()
			if h != (How{}) { // what is unchanged makes nothing
				defer r.Bench.Begin(ctx)()
			}
			o, err := r.build(ctx, v, h)
			if err == nil && counts {
				res.Sample(name, "seconds", o.Took.Seconds())
			}
			return err
		}}
	}
	nothing := func() {}
	if v.Image == "" && r.wants("build") {
		out = append(out,
			timed(experiment.BuildCold, func(int) (How, func(), error) { return How{NoCache: true}, nothing, nil }),
			timed(experiment.BuildUnchanged, func(int) (How, func(), error) { return How{}, nothing, nil }))
	}
	if r.wants("edit") {
		for k, e := range r.File.Edit {
			if k >= len(res.Edits) || res.Edits[k].Skipped != "" || !varies(e) {
				continue
			}
			out = append(out, timed(experiment.Rebuild+e.Name, func(round int) (How, func(), error) { return r.edited(v, e, tmp, r.nonce(round)) }))
		}
	}
	if r.wants("start") && v.Check != nil && !v.Check.Skip && res.Check != nil && res.Check.Passed {
		name := experiment.StartExit
		if v.Check.HTTP != nil {
			name = experiment.StartReady
		}
		out = append(out, step{variant: n, name: name, do: func(ctx context.Context, _ int, counts bool) error { return r.start(ctx, n, v, res, counts) }})
	}
	return out
}

// nonce differs in every round of every experiment: what was built once is cached.
func (r *Runner) nonce(round int) string {
	return digest.FromString(fmt.Sprint(r.Record.ID, " ", round, " ", time.Now().UnixNano())).Encoded()[:16]
}

func (r *Runner) start(ctx context.Context, n int, v experiment.Variant, res *experiment.Result, counts bool) error {
	begin := time.Now()
	s, err := r.verify(ctx, n, v.Check)
	r.book(false, time.Since(begin))
	if err != nil {
		return err
	}
	if !s.Passed {
		return fmt.Errorf("it passed before, and now: %s", s.Reason)
	}
	if !counts {
		return nil
	}
	switch {
	case v.Check.HTTP != nil:
		res.Sample(experiment.StartReady, "seconds", s.ready.Seconds())
	default:
		if s.First > 0 {
			res.Sample(experiment.StartFirst, "seconds", s.First.Seconds())
		}
		res.Sample(experiment.StartExit, "seconds", s.Took.Seconds())
	}
	if s.Peak > 0 {
		res.Sample(experiment.PeakMemory, "bytes", float64(s.Peak))
	}
	return nil
}
