package profile

import (
	"strings"

	"tare/internal/engine"
)

// graph are the steps of a build and what they stand on.
type graph struct {
	steps []engine.Step
	by    map[string]*engine.Step
}

func newGraph(steps []engine.Step) *graph {
	g := &graph{steps: steps, by: map[string]*engine.Step{}}
	for i := range steps {
		g.by[steps[i].Digest] = &steps[i]
	}
	return g
}

// role is what a step is for.
type role int

const (
	work   role = iota // of an instruction
	source             // it loads an image, a context or a file: nothing of the build comes before it
	ask                // of the frontend, before it knows what is to be built
	export             // of what was built
)

func roleOf(s *engine.Step) role {
	name := s.Name
	switch {
	case strings.HasPrefix(name, "exporting"), strings.HasPrefix(name, "sending tarball"), strings.HasPrefix(name, "pushing"), strings.HasPrefix(name, "merging"):
		return export
	case strings.HasPrefix(name, "[internal] load build definition"), strings.HasPrefix(name, "[internal] load metadata"), strings.HasSuffix(name, "load .dockerignore"),
		strings.HasPrefix(name, "resolve image config for "), strings.HasPrefix(name, "docker-image://"), strings.HasPrefix(name, "[auth] "):
		return ask
	case len(s.Inputs) == 0:
		return source
	}
	return work
}

// idle tells whether nothing was done for a step: it came from the cache, or was not
// needed. A builder notes cached steps when all that they stand on is known.
func idle(s *engine.Step) bool { return s.End == 0 || s.Cached && s.End-s.Start < 0.001 }

// last is the step that ended last.
func (g *graph) last() (out *engine.Step) {
	for i := range g.steps {
		if s := &g.steps[i]; s.End > 0 && (out == nil || s.End > out.End || s.End == out.End && roleOf(s) == export) {
			out = s
		}
	}
	return out
}

// before is the step that s had to wait for: of what it stands on what ended last, seen
// through steps for which nothing was done. What loads an image or a context waits for
// nothing but the frontend; the export for all that was at work.
func (g *graph) before(s *engine.Step) *engine.Step {
	switch roleOf(s) {
	case work:
		if out := g.below(s); out != nil {
			return out
		}
		return g.ended(s, ask)
	case export:
		return g.ended(s, work, source, ask, export)
	}
	return g.ended(s, ask)
}

// below is the input of a step that ended last.
func (g *graph) below(s *engine.Step) (out *engine.Step) {
	seen := map[string]bool{}
	var look func(digests []string)
	look = func(digests []string) {
		for _, d := range digests {
			i := g.by[d]
			if i == nil || seen[d] {
				continue
			}
			seen[d] = true
			switch {
			case idle(i):
				look(i.Inputs)
			case i.Start <= s.End && (out == nil || i.End > out.End):
				out = i
			}
		}
	}
	look(s.Inputs)
	return out
}

// ended is what of some roles ended last before a step began.
func (g *graph) ended(s *engine.Step, roles ...role) (out *engine.Step) {
	for i := range g.steps {
		o := &g.steps[i]
		if o.Digest == s.Digest || idle(o) || o.End > s.Start+0.001 || out != nil && o.End <= out.End {
			continue
		}
		for _, r := range roles {
			if roleOf(o) == r {
				out = o
			}
		}
	}
	return out
}

// ideal is how long the steps take if each begins when what it stands on is there: the
// frontend's until it knows what to build, then the longest chain of work, then the export.
func (g *graph) ideal() float64 {
	memo := map[string]float64{}
	var until func(s *engine.Step, depth int) float64
	until = func(s *engine.Step, depth int) float64 {
		if s == nil || depth > len(g.steps) {
			return 0
		}
		if v, ok := memo[s.Digest]; ok {
			return v
		}
		var most float64
		for _, d := range s.Inputs {
			most = max(most, until(g.by[d], depth+1))
		}
		memo[s.Digest] = most + s.Busy
		return memo[s.Digest]
	}
	var asked, most, exported float64
	for i := range g.steps {
		switch s := &g.steps[i]; roleOf(s) {
		case ask:
			asked = max(asked, s.End)
		case export:
			exported += s.Busy
		default:
			most = max(most, until(s, 0))
		}
	}
	return asked + most + exported
}
