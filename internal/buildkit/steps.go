package buildkit

import (
	"cmp"
	"slices"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"

	"tare/internal/engine"
)

// steps gathers what BuildKit tells of a build's vertexes while it goes on. A vertex
// may be announced, begun and ended several times.
type steps struct {
	begin time.Time
	order []digest.Digest
	by    map[digest.Digest]*engine.Step
	spans map[digest.Digest]map[time.Time]time.Time // start to end
	sent  map[digest.Digest]map[string]int64
}

func newSteps() *steps {
	return &steps{begin: time.Now(), by: map[digest.Digest]*engine.Step{}, spans: map[digest.Digest]map[time.Time]time.Time{}, sent: map[digest.Digest]map[string]int64{}}
}

func (s *steps) add(e *client.SolveStatus) {
	for _, v := range e.Vertexes {
		st := s.by[v.Digest]
		if st == nil {
			st = &engine.Step{Digest: v.Digest.String()}
			s.by[v.Digest] = st
			s.order = append(s.order, v.Digest)
			s.spans[v.Digest] = map[time.Time]time.Time{}
			s.sent[v.Digest] = map[string]int64{}
		}
		st.Name, st.Cached = v.Name, st.Cached || v.Cached
		if v.Error != "" {
			st.Error = v.Error
		}
		if len(v.Inputs) > 0 {
			st.Inputs = st.Inputs[:0]
			for _, in := range v.Inputs {
				st.Inputs = append(st.Inputs, in.String())
			}
		}
		if v.Started != nil && v.Completed != nil {
			s.spans[v.Digest][*v.Started] = *v.Completed
		}
	}
	for _, st := range e.Statuses {
		if m := s.sent[st.Vertex]; m != nil {
			m[st.ID] = max(m[st.ID], st.Current)
		}
	}
}

// list are the steps, with times in seconds since the build began.
func (s *steps) list() []engine.Step {
	var out []engine.Step
	for _, spans := range s.spans {
		for from := range spans {
			if from.Before(s.begin) { // a builder elsewhere has a clock of its own
				s.begin = from
			}
		}
	}
	for _, d := range s.order {
		st := *s.by[d]
		type span struct{ from, to time.Time }
		var spans []span
		for from, to := range s.spans[d] {
			spans = append(spans, span{from, to})
		}
		slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from.UnixNano(), b.from.UnixNano()) })
		var end time.Time
		for n, sp := range spans {
			if n == 0 {
				st.Start = max(0, sp.from.Sub(s.begin).Seconds())
				end = sp.from
			}
			from := sp.from
			if from.Before(end) {
				from = end
			}
			if sp.to.After(from) {
				st.Busy += sp.to.Sub(from).Seconds()
				end = sp.to
			}
		}
		if len(spans) > 0 {
			st.End = max(st.Start, end.Sub(s.begin).Seconds())
		}
		for _, n := range s.sent[d] {
			st.Sent += n
		}
		out = append(out, st)
	}
	return out
}
