package profile

import (
	"fmt"
	"slices"
	"strings"

	"tare/internal/dockerfile"
	"tare/internal/engine"
)

// matcher gives the builder's steps, and the layers of images, to the lines of the file.
type matcher struct {
	in    Input
	r     *Result
	steps map[string]*engine.Step // by digest
	lines map[int]*Line           // by first line
}

// attribute gives each step to the line that asked for it. That is what the frontend's
// own source maps say (Input.Ops); to count steps, or to compare texts, went wrong for
// WORKDIR /, for stages with one name, for ONBUILD and for COPY --link. Where the
// builder does not tell, or tells of another text, nothing is attributed.
func (m *matcher) attribute() {
	m.steps, m.lines = map[string]*engine.Step{}, map[int]*Line{}
	for i := range m.in.Steps {
		m.steps[m.in.Steps[i].Digest] = &m.in.Steps[i]
	}
	for i := range m.r.Lines {
		m.lines[m.r.Lines[i].Lines[0]] = &m.r.Lines[i]
	}
	if len(m.in.Steps) == 0 {
		return
	}
	if len(m.in.Ops) == 0 || string(m.in.Dockerfile) != string(m.in.Source) {
		m.unknown()
		return
	}
	at := m.places()
	for i := range m.in.Ops {
		op := &m.in.Ops[i]
		s, places := m.steps[op.Digest], at[op.Digest]
		if s == nil || len(places) == 0 {
			continue
		}
		owner := places[0]
		owner.take(op, s, m.in.Cold)
		for _, l := range places[1:] { // one step for several lines: the first has it
			l.shared = append(l.shared, share{owner, s})
		}
	}
	for i := range m.r.Lines {
		m.r.Lines[i].inherit()
	}
}

// share is a step of a line that is counted at an earlier one.
type share struct {
	owner *Line
	step  *engine.Step
}

// inherit makes a line whose steps are all counted at an earlier line the same as that
// one, if it has no others. Else the line was done, with its time counted elsewhere.
func (l *Line) inherit() {
	if len(l.steps) > 0 || len(l.shared) == 0 {
		return
	}
	o := l.shared[0].owner
	same := len(o.shared) == 0 && len(o.steps) == len(l.shared)
	cached := true
	for _, s := range l.shared {
		same = same && s.owner == o
		l.Ran = l.Ran || s.step.Cached || Executed(s.step)
		cached = cached && s.step.Cached
	}
	l.Cached = cached
	if same {
		l.SameAs, l.Ran, l.Cached, l.Seconds, l.Cold = o.Lines[0], o.Ran, o.Cached, o.Seconds, o.Cold
	}
}

// unknown says that nothing is known of what the builder did for the lines.
func (m *matcher) unknown() {
	why := "the builder did not say which lines its steps belong to"
	if len(m.in.Ops) > 0 {
		why = "the builder read another text of the Dockerfile than this one: its steps are not attributed to lines"
	}
	m.r.Notes = append(m.r.Notes, why)
	for i := range m.r.Lines {
		m.r.Lines[i].Unknown = m.r.Lines[i].works()
	}
}

// places are the lines that each operation belongs to: those that the source map names,
// if the instruction there is one that makes such steps; and for what an instruction
// fetches for itself alone from a URL or a repository the line of that one.
func (m *matcher) places() map[string][]*Line {
	out := map[string][]*Line{}
	for i := range m.in.Ops {
		op := &m.in.Ops[i]
		for _, at := range op.Lines {
			l := m.lines[at[0]]
			if l == nil {
				continue
			}
			if !fits(op, l) {
				l.Unknown = true
				continue
			}
			if !slices.Contains(out[op.Digest], l) {
				out[op.Digest] = append(out[op.Digest], l)
			}
		}
	}
	users := map[string][]*engine.Op{}
	for i := range m.in.Ops {
		for _, d := range m.in.Ops[i].Inputs {
			users[d] = append(users[d], &m.in.Ops[i])
		}
	}
	for i := len(m.in.Ops) - 1; i >= 0; i-- { // users stand after what they use
		op := &m.in.Ops[i]
		if len(op.Lines) > 0 || op.Kind != "http" && op.Kind != "git" || len(users[op.Digest]) == 0 {
			continue
		}
		one := out[users[op.Digest][0].Digest]
		for _, u := range users[op.Digest][1:] {
			if !slices.Equal(out[u.Digest], one) {
				one = nil
			}
		}
		if len(one) == 1 {
			out[op.Digest] = one
		}
	}
	return out
}

// fits tells whether a line's instruction is one that makes such a step: "[b 2/3] RUN x"
// at a RUN, "[2/3] ONBUILD RUN x" at the FROM that sets it off.
func fits(op *engine.Op, l *Line) bool {
	name := op.Name
	if strings.HasPrefix(name, "[internal]") || name == "" {
		return l.works() || l.Keyword == "FROM"
	}
	if strings.HasPrefix(name, "[") {
		_, name, _ = strings.Cut(name, "] ")
	}
	name = strings.TrimPrefix(name, "LINK ")
	word, _, _ := strings.Cut(name, " ")
	switch {
	case strings.EqualFold(word, "ONBUILD"):
		return l.Keyword == "FROM"
	case strings.EqualFold(word, "FROM"): // the image of a FROM, or of a --from
		return l.Keyword == "FROM" || l.works()
	default:
		return strings.EqualFold(word, l.Keyword)
	}
}

// works tells whether the builder has something to do for instructions of this kind.
func (l *Line) works() bool {
	return slices.Contains([]string{"RUN", "COPY", "ADD", "WORKDIR"}, l.Keyword)
}

// take adds a step to a line.
func (l *Line) take(op *engine.Op, s *engine.Step, cold map[string]float64) {
	if strings.Contains(s.Error, "context canceled") || !s.Cached && !Executed(s) {
		return // another step failed before it began, or ended it
	}
	first := len(l.steps) == 0
	l.steps = append(l.steps, s.Digest)
	l.Ran = true
	// A file from a URL, an image: fetched again, it says nothing of the line's result.
	if source := op.IsSource(); !source || first {
		l.Cached = s.Cached && (first || l.Cached || l.sourced)
		l.sourced = source
	}
	if s.Error != "" {
		l.Error = s.Error
	}
	was, known := s.Busy, true
	if s.Cached {
		was, known = cold[op.Key]
	} else {
		l.Seconds += s.Busy
	}
	switch {
	case !known:
		l.Cold, l.coldless = nil, true
	case !l.coldless:
		if l.Cold != nil {
			was += *l.Cold
		}
		l.Cold = &was
	}
}

// Executed tells whether a step was carried out in this build.
func Executed(s *engine.Step) bool { return !s.Cached && (s.End > 0 || s.Error != "") }

// Needed are the stages that the result depends on: those that the file says, and those
// that the builder had operations for, such as what an ONBUILD trigger of a base takes. A
// stage with work of which the builder has no operation was replaced by a named context.
func Needed(in Input) map[int]bool {
	out := in.File.Needed(in.Target)
	if len(in.Ops) == 0 || string(in.Dockerfile) != string(in.Source) {
		return out
	}
	has := map[int]bool{}
	for i := range in.Ops {
		for _, at := range in.Ops[i].Lines {
			for n, s := range in.File.Stages {
				if s.Lines[0] <= at[0] && at[0] <= s.Lines[1] {
					out[n], has[n] = true, true
				}
			}
		}
	}
	for n, s := range in.File.Stages {
		if !has[n] && slices.ContainsFunc(s.Instructions, func(k dockerfile.Instruction) bool { return k.Works && k.Keyword != "WORKDIR" }) {
			delete(out, n)
		}
	}
	return out
}

// lineOf is the first line of each step that has one, by digest.
func (r *Result) lineOf() map[string]int {
	out := map[string]int{}
	for i := range r.Lines {
		for _, d := range r.Lines[i].steps {
			if out[d] == 0 {
				out[d] = r.Lines[i].Lines[0]
			}
		}
	}
	return out
}

// Unknowns say in words which lines' steps are not known.
func Unknowns(r *Result) []string {
	var out []string
	for i := range r.Lines {
		if l := &r.Lines[i]; l.Unknown && !l.Ran {
			out = append(out, fmt.Sprintf("line %d (%s): which step the builder carried out for it is not known", l.Lines[0], l.Keyword))
		}
	}
	return out
}
