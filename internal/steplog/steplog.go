// Package steplog makes what a builder tells of its steps fit to be shown.
package steplog

import (
	"strconv"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/progress/progressui"

	"tare/internal/screen"
)

// Cleaner makes what a builder tells fit to be shown, before BuildKit's display draws
// it with escape sequences of its own: names of steps come from Dockerfiles, warnings
// and errors quote them, and logs are what programs print.
type Cleaner struct {
	logs map[string]*screen.Log // by step and stream: a piece may end in a sequence
	raw  bool                   // logs are data (JSON has them in base64)
}

// New makes one for a way of display.
func New(mode progressui.DisplayMode) *Cleaner {
	return &Cleaner{logs: map[string]*screen.Log{}, raw: mode == progressui.RawJSONMode}
}

// Status returns a clean copy; the original goes into records as it is.
func (c *Cleaner) Status(e *client.SolveStatus) *client.SolveStatus {
	out := &client.SolveStatus{}
	for _, l := range e.Logs {
		l := *l
		if !c.raw {
			l.Data = c.log(string(l.Vertex), l.Stream).Clean(l.Data)
			if len(l.Data) == 0 {
				continue
			}
		}
		out.Logs = append(out.Logs, &l)
	}
	for _, v := range e.Vertexes {
		v := *v
		v.Name, v.Error = screen.Safe(v.Name), screen.Indented(v.Error)
		if v.ProgressGroup != nil {
			g := v.ProgressGroup.CloneVT()
			g.Name = screen.Safe(g.Name)
			v.ProgressGroup = g
		}
		if v.Completed != nil && !c.raw {
			out.Logs = append(out.Logs, c.end(&v)...)
		}
		out.Vertexes = append(out.Vertexes, &v)
	}
	for _, s := range e.Statuses {
		s := *s
		s.ID, s.Name = screen.Safe(s.ID), screen.Safe(s.Name)
		out.Statuses = append(out.Statuses, &s)
	}
	for _, w := range e.Warnings {
		w := *w
		w.Short, w.URL = []byte(screen.Safe(string(w.Short))), screen.Safe(w.URL)
		detail := make([][]byte, len(w.Detail))
		for i, d := range w.Detail {
			detail[i] = []byte(screen.Safe(string(d)))
		}
		w.Detail = detail
		out.Warnings = append(out.Warnings, &w)
	}
	return out
}

func (c *Cleaner) log(step string, stream int) *screen.Log {
	key := step + " " + strconv.Itoa(stream)
	if c.logs[key] == nil {
		c.logs[key] = &screen.Log{}
	}
	return c.logs[key]
}

// end is what a finished step's logs still owe.
func (c *Cleaner) end(v *client.Vertex) (out []*client.VertexLog) {
	for _, stream := range []int{1, 2} {
		if rest := c.log(string(v.Digest), stream).End(); len(rest) > 0 {
			out = append(out, &client.VertexLog{Vertex: v.Digest, Stream: stream, Data: rest, Timestamp: *v.Completed})
		}
	}
	return out
}
