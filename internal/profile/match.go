package profile

import (
	"regexp"
	"strconv"
	"strings"

	"tare/internal/engine"
)

// matcher finds out which step of the builder, and which layer, belongs to which line.
type matcher struct {
	in Input
	r  *Result
}

// vertex is how BuildKit's Dockerfile frontend names the steps of instructions: the
// stage (for files with several), the place in it, and the instruction. ONBUILD
// instructions of the base count as well.
var vertex = regexp.MustCompile(`^\[(?:(\S+/\S+) )?(?:(\S+) )? *(\d+)/(\d+)\] (ONBUILD )?(.*)$`)

// steps finds the step of each line by stage and place. Its source maps would tell the
// same, but BuildKit does not send them to its clients.
func (m *matcher) steps() {
	type place struct{ stage, n int }
	by := map[place]*engine.Step{}
	onbuild := map[int]int{}
	for i := range m.in.Steps {
		s := &m.in.Steps[i]
		f := vertex.FindStringSubmatch(s.Name)
		if f == nil {
			continue
		}
		stage := m.stage(f[2])
		if stage < 0 && f[2] == "" && f[1] != "" {
			stage = m.stage(f[1])
		}
		if stage < 0 {
			continue
		}
		n, _ := strconv.Atoi(f[3])
		if f[5] != "" {
			onbuild[stage]++
		}
		if old := by[place{stage, n}]; old == nil || old.Cached && !s.Cached {
			by[place{stage, n}] = s
		}
	}
	key := map[string]*Line{}
	for stage := range m.in.File.Stages {
		n, begun := 0, false
		chain := m.base(stage)
		for i := range m.r.Lines {
			l := &m.r.Lines[i]
			if l.Stage != stage {
				continue
			}
			switch l.Keyword {
			case "FROM": // a step only where the base is an image
				n = 1
				if base := m.in.File.Stages[stage].Base; base == "scratch" || m.in.File.StageIndex(base, stage) >= 0 {
					n = 0
				}
			case "RUN", "COPY", "ADD", "WORKDIR":
				if !begun {
					n, begun = n+onbuild[stage], true
				}
				n++
			default:
				chain += "\x00" + l.Text // settings are part of what a step depends on
				continue
			}
			chain += "\x00" + l.Text
			if l.Keyword == "FROM" {
				chain = m.base(stage)
			}
			if s := by[place{stage, n}]; s != nil && n > 0 {
				m.take(l, s)
			} else if same := key[chain]; same != nil && l.Keyword != "FROM" {
				// Equal steps on equal ground are one step, with the name of the first.
				l.SameAs, l.Ran, l.Cached, l.Seconds, l.Cold, l.step = same.Lines[0], same.Ran, same.Cached, same.Seconds, same.Cold, same.step
			}
			if key[chain] == nil && l.Ran {
				key[chain] = l
			}
		}
	}
	// A step may bear the name of a later stage's line.
	for i := range m.r.Lines {
		l := &m.r.Lines[i]
		if l.Ran || !l.Needed || l.Keyword == "FROM" {
			continue
		}
		for j := range m.r.Lines {
			o := &m.r.Lines[j]
			if o.Ran && o.SameAs == 0 && o.Text == l.Text && o.Stage != l.Stage && m.ground(l) == m.ground(o) {
				l.SameAs, l.Ran, l.Cached, l.Seconds, l.Cold, l.step = o.Lines[0], o.Ran, o.Cached, o.Seconds, o.Cold, o.step
			}
		}
	}
}

// ground is what a line stands on: base and instructions before it.
func (m *matcher) ground(l *Line) string {
	s := m.base(l.Stage)
	for i := range m.r.Lines {
		o := &m.r.Lines[i]
		if o == l {
			break
		}
		if o.Stage == l.Stage && o.Keyword != "FROM" {
			s += "\x00" + o.Text
		}
	}
	return s
}

// base is what a stage starts from, through earlier stages.
func (m *matcher) base(stage int) string {
	s := m.in.File.Stages[stage]
	if i := m.in.File.StageIndex(s.Base, stage); i >= 0 {
		out := m.base(i)
		for _, l := range m.r.Lines {
			if l.Stage == i && l.Keyword != "FROM" {
				out += "\x00" + l.Text
			}
		}
		return out
	}
	return s.Base
}

// stage finds a stage by the name that steps bear: its own, "stage-N", or none in a
// file with one.
func (m *matcher) stage(name string) int {
	if name == "" {
		if len(m.in.File.Stages) == 1 {
			return 0
		}
		return -1
	}
	for i, s := range m.in.File.Stages {
		if strings.EqualFold(s.Name, name) || name == "stage-"+strconv.Itoa(i) {
			return i
		}
	}
	return -1
}

func (m *matcher) take(l *Line, s *engine.Step) {
	if strings.Contains(s.Error, "context canceled") {
		return // another step failed first
	}
	l.step, l.Ran, l.Cached, l.Error = s.Digest, true, s.Cached, s.Error
	if !s.Cached {
		l.Seconds = s.Busy
		l.Cold = &s.Busy
	} else if c, ok := m.in.Cold[s.Digest]; ok {
		l.Cold = &c
	}
}

// layers gives the layers of an image to the lines of its stages. What is left over is
// returned.
func (m *matcher) layers(chain []int, w *Weighed, final bool) Bytes {
	var lines []*Line
	for _, stage := range chain {
		for i := range m.r.Lines {
			if m.r.Lines[i].Stage == stage {
				lines = append(lines, &m.r.Lines[i])
			}
		}
	}
	if len(lines) == 0 {
		return Bytes{}
	}
	layers := make([]Bytes, len(w.Report.Layers))
	var rest Bytes
	rest.Transfer = w.Report.Sizes.Transfer
	for k, l := range w.Report.Layers {
		layers[k] = Bytes{Tar: l.Tar, Transfer: l.Transfer, Files: l.Files, Live: l.Live, Waste: l.Waste, Entries: l.Entries}
		rest.Transfer -= l.Transfer
	}
	for _, x := range w.Report.Wasted {
		layers[x.Destroyer-1].Caused += x.Files
	}
	// Of an image that stays behind only its last stage's own lines: those of stages
	// below are counted with the images of these.
	mine := func(l *Line) bool { return final || l.Stage == chain[len(chain)-1] }
	owner, unsure := align(lines[1:], w.History)
	first := len(layers) // the lowest layer that a line made: below it is the base
	of := make([]*Line, len(layers))
	for h, l := range owner {
		if k := w.History[h].Layer; k >= 0 && l != nil {
			of[k] = l
			first = min(first, k)
			if mine(l) {
				l.Layer, l.Unsure = k+1, unsure[h]
			}
		}
	}
	for k := range layers {
		if of[k] == nil && k < first {
			of[k] = lines[0]
		}
		switch {
		case of[k] == nil:
			rest.add(layers[k])
		case mine(of[k]):
			of[k].Bytes.add(layers[k])
		}
	}
	for _, p := range w.Report.Packages {
		if len(p.Layers) == 0 {
			continue
		}
		if l := of[p.Layers[0]-1]; l != nil && mine(l) && l.Keyword != "FROM" {
			l.Packages = append(l.Packages, strings.TrimSpace(p.Name+" "+p.Version))
		}
	}
	return rest
}
