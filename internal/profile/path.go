package profile

import (
	"cmp"
	"slices"

	"tare/internal/engine"
)

// PathStep is a step on the critical path.
type PathStep struct {
	Name string `json:"name"`           // in words
	Step string `json:"step"`           // as the builder calls it; "" for what tare does
	Line int    `json:"line,omitempty"` // first line of its instruction; 0 for none
	// Wait is how long nothing on the path was at work before it, in seconds: the
	// builder's own, the sending of requests, a queue.
	Wait    float64 `json:"wait"`
	Seconds float64 `json:"seconds"`
}

// Span is when a step was at work, in seconds since the build began.
type Span struct {
	Name     string  `json:"name"`
	Line     int     `json:"line,omitempty"`
	Start    float64 `json:"start"`
	End      float64 `json:"end"`
	Cached   bool    `json:"cached,omitempty"`
	Critical bool    `json:"critical,omitempty"`
}

// path finds the critical path: from the step that ended last back to what it waited
// for, and so on. Waits between steps are part of it, so that it sums up to the build.
func (r *Result) path(in Input) {
	g := newGraph(in.Steps)
	lineOf := r.lineOf()
	critical := map[string]bool{}
	var back []*engine.Step
	for s := g.last(); s != nil && !critical[s.Digest]; {
		critical[s.Digest] = true
		back = append(back, s)
		s = g.before(s)
	}
	slices.Reverse(back)
	at := 0.0
	for _, s := range back {
		end := s.End
		if r.Seconds > 0 {
			end = min(end, r.Seconds)
		}
		start := max(at, min(s.Start, end))
		r.Path = append(r.Path, PathStep{Name: inWords(s), Step: s.Name, Line: lineOf[s.Digest], Wait: start - at, Seconds: max(0, end-start)})
		at = max(at, end)
	}
	if len(r.Path) > 0 && r.Seconds > at {
		r.Path = append(r.Path, PathStep{Name: "storing the image", Seconds: r.Seconds - at})
	}
	for i := range in.Steps {
		s := &in.Steps[i]
		if s.End > 0 {
			r.Spans = append(r.Spans, Span{Name: s.Name, Line: lineOf[s.Digest], Start: s.Start, End: s.End, Cached: s.Cached, Critical: critical[s.Digest]})
		}
	}
	slices.SortStableFunc(r.Spans, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	if tail := r.Seconds - at; len(back) > 0 {
		r.Ideal = min(r.Seconds, g.ideal()+max(0, tail))
	}
}

// NoGain is what there is to say of a build that more parallelism would not make faster.
func (r *Result) NoGain() string {
	for _, s := range r.Spans {
		if !s.Critical && !s.Cached && s.End-s.Start > 0.01 {
			return "What ran beside it did not hold it up: more parallelism would not help (estimate)."
		}
	}
	return "Fully sequential: parallelism would not help (estimate)."
}
