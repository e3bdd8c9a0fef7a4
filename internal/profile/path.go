package profile

import (
	"cmp"
	"slices"
	"strings"

	"tare/internal/engine"
)

// PathStep is a step on the critical path.
type PathStep struct {
	Name string `json:"name"`
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
	by := map[string]*engine.Step{}
	var last *engine.Step
	for i := range in.Steps {
		s := &in.Steps[i]
		by[s.Digest] = s
		if s.End > 0 && (last == nil || s.End > last.End) {
			last = s
		}
	}
	lineOf := r.lineOf()
	critical := map[string]bool{}
	var back []*engine.Step
	for s := last; s != nil && !critical[s.Digest]; {
		critical[s.Digest] = true
		back = append(back, s)
		s = before(s, by, in.Steps)
	}
	slices.Reverse(back)
	at := 0.0
	for _, s := range back {
		start := max(at, s.Start)
		r.Path = append(r.Path, PathStep{Name: s.Name, Line: lineOf[s.Digest], Wait: start - at, Seconds: max(0, s.End-start)})
		at = max(at, s.End)
	}
	if len(r.Path) > 0 && r.Seconds > at {
		r.Path = append(r.Path, PathStep{Name: "storing the image", Wait: 0, Seconds: r.Seconds - at})
	}
	for i := range in.Steps {
		s := &in.Steps[i]
		if s.End > 0 {
			r.Spans = append(r.Spans, Span{Name: s.Name, Line: lineOf[s.Digest], Start: s.Start, End: s.End, Cached: s.Cached, Critical: critical[s.Digest]})
		}
	}
	slices.SortStableFunc(r.Spans, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	r.Ideal = ideal(in, by, r.Seconds-at)
}

// before is the step that s had to wait for: of its inputs the one that ended last. A
// step without inputs, such as the export, waits for whatever ended last before it.
func before(s *engine.Step, by map[string]*engine.Step, all []engine.Step) *engine.Step {
	var out *engine.Step
	seen := map[string]bool{}
	var look func(digests []string)
	look = func(digests []string) {
		for _, d := range digests {
			i := by[d]
			if i == nil || seen[d] {
				continue
			}
			seen[d] = true
			if i.End == 0 { // nothing was done for it: what it stands on may have taken time
				look(i.Inputs)
				continue
			}
			if i.End <= s.End && (out == nil || i.End > out.End) {
				out = i
			}
		}
	}
	look(s.Inputs)
	if out != nil {
		return out
	}
	for i := range all {
		o := &all[i]
		if o.Digest != s.Digest && o.End > 0 && o.End <= s.Start+0.001 && (out == nil || o.End > out.End) {
			out = o
		}
	}
	return out
}

// ideal is how long the build takes if every step begins when its inputs are there:
// the longest chain of work, with what comes before and after all steps.
func ideal(in Input, by map[string]*engine.Step, tail float64) float64 {
	memo := map[string]float64{}
	var until func(d string, depth int) float64
	until = func(d string, depth int) float64 {
		s := by[d]
		if s == nil || depth > len(in.Steps) {
			return 0
		}
		if v, ok := memo[d]; ok {
			return v
		}
		var most float64
		for _, i := range s.Inputs {
			most = max(most, until(i, depth+1))
		}
		if strings.HasPrefix(s.Name, "exporting") {
			most = 0 // it comes after all others: added below
		}
		memo[d] = most + s.Busy
		return memo[d]
	}
	var most, export, first float64
	first = -1
	for _, s := range in.Steps {
		switch {
		case strings.HasPrefix(s.Name, "exporting"):
			export += s.Busy
		case strings.HasPrefix(s.Name, "[internal]"):
			export += s.Busy // definitions and contexts come before the rest
		default:
			most = max(most, until(s.Digest, 0))
			if s.End > 0 && (first < 0 || s.Start < first) {
				first = s.Start
			}
		}
	}
	return min(in.Seconds, most+export+max(0, tail))
}
