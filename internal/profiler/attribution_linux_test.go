package profiler_test

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/engine"
	"tare/internal/profile"
	"tare/internal/profiler"
)

// tally counts what an attribution came to.
type tally struct{ dockerfiles, steps, marks, wrong, unknown int }

// TestAttribution profiles every Dockerfile of the corpus with a cold and with a warm
// cache. Two records that the product does not make say what is right: BuildKit's own of
// where its steps come from, and the layers, in which a line's file stands.
func TestAttribution(t *testing.T) {
	w := needWorld(t)
	fill := w.corpusBases(t)
	dir := corpusContext(t)
	serve(t, dir, fill)
	var sum tally
	for _, c := range corpus(t, dir, fill) {
		if strings.Contains(c.text, "repo.git") && fill["GIT"] == "" {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "Dockerfile")
			write(t, file, c.text)
			c.build.Context, c.build.Dockerfile = dir, file
			at, err := w.locate(t, c.build)
			if err != nil {
				t.Fatalf("the case is wrong: %v\n%s", err, c.text)
			}
			sum.dockerfiles++
			for _, how := range []string{"cold", "warm"} {
				r := profiler.Request{Target: dir, File: file, Build: c.build, NoChecks: true}
				r.Build.NoCache = how == "cold"
				res, built, err := w.profile(t, r)
				if err != nil {
					t.Errorf("%s: %v", how, err)
					sum.wrong++
					continue
				}
				j := judge{t: t, how: how, r: res.Result, steps: built.Steps, at: at}
				want := ocispec.MediaTypeImageManifest
				if len(c.build.Platforms) > 1 {
					want = ocispec.MediaTypeImageIndex
				}
				if built.Target.MediaType != want {
					j.bad("the image became %s: what the builder attests is not the user's", built.Target.MediaType)
				}
				j.lines()
				j.layers(w.entries(t, built.Target), func(s profile.Stage) bool { return s.Final })
				for k, b := range res.built[1:] {
					if b.Target.Digest != "" {
						j.layers(w.entries(t, b.Target), j.behind(res.asked[k+1].Target))
					}
				}
				sum.add(j.tally)
				if j.wrong > 0 {
					t.Logf("%s:\n%s", how, numbered(c.text))
				}
			}
		})
	}
	t.Logf("%d Dockerfiles, each cold and warm: %d steps and %d files of layers at their lines, %d misattributed, %d unknown",
		sum.dockerfiles, sum.steps, sum.marks, sum.wrong, sum.unknown)
	if sum.dockerfiles < 120 || sum.marks < 500 {
		t.Errorf("the corpus is too small: %+v", sum)
	}
	if sum.unknown > sum.steps/50 {
		t.Errorf("%d of %d steps were found at no line", sum.unknown, sum.steps)
	}
}

func (a *tally) add(b tally) {
	a.steps, a.marks, a.wrong, a.unknown = a.steps+b.steps, a.marks+b.marks, a.wrong+b.wrong, a.unknown+b.unknown
}

func numbered(text string) string {
	var out []string
	for i, l := range strings.Split(text, "\n") {
		out = append(out, fmt.Sprintf("%3d %.120s", i+1, l))
	}
	return strings.Join(out, "\n")
}

// judge compares a profile with BuildKit's records.
type judge struct {
	t     *testing.T
	how   string
	r     *profile.Result
	steps []engine.Step
	at    located
	tally
}

func (j *judge) bad(format string, a ...any) {
	j.t.Helper()
	j.wrong++
	j.t.Errorf(j.how+": "+format, a...)
}

// found is a step of the profiled build and where BuildKit puts it.
type found struct {
	engine.Step
	place
}

// lines judges each line by the steps that BuildKit puts there.
func (j *judge) lines() {
	ids := identities(j.steps)
	of := map[int][]found{} // by first line
	known, work := 0, 0.0
	for _, s := range j.steps {
		at, ok := j.at[ids[s.Digest]]
		if !ok {
			continue // the frontend's own, and the export
		}
		known++
		if at.near {
			at.lines = j.froms(s.Name, at.lines)
		}
		if !s.Cached && len(at.lines) > 0 {
			work += s.Busy
		}
		for _, n := range at.lines {
			l := j.lineAt(n)
			if l == nil {
				j.bad("%s is at line %d, which has no row", s.Name, n)
				continue
			}
			of[l.Lines[0]] = append(of[l.Lines[0]], found{s, at})
		}
		j.span(found{s, at})
	}
	took := 0.0
	for i := range j.r.Lines {
		l := &j.r.Lines[i]
		j.line(l, of)
		if l.SameAs == 0 {
			took += l.Seconds
		}
	}
	if took > work+0.002 {
		j.bad("the lines took %.3f s, and their steps %.3f: some are counted twice", took, work)
	}
	if known < len(j.at) {
		j.bad("of the %d steps that BuildKit knows the profiled build had %d", len(j.at), known)
	}
	j.tally.steps += known
}

// froms are the FROM lines of an image that a named context gives; the builder has no
// lines for it, and what stands on it is not what needs it.
func (j *judge) froms(step string, lines []int) []int {
	f := namedContext.FindStringSubmatch(step)
	if f == nil {
		return lines
	}
	var out []int
	for _, l := range j.r.Lines {
		if l.Keyword == "FROM" && slices.Contains(strings.Fields(l.Text), f[1]) {
			out = append(out, l.Lines[0])
		}
	}
	if out == nil {
		return lines
	}
	return out
}

var namedContext = regexp.MustCompile(`^\[context (\S+)\]`)

// line judges one line by the steps of all.
func (j *judge) line(l *profile.Line, of map[int][]found) {
	steps := of[l.Lines[0]]
	works := l.Keyword == "RUN" || l.Keyword == "COPY" || l.Keyword == "ADD"
	if works && l.Needed == j.none(steps) {
		j.bad("line %d (%s): needed %v, and BuildKit has %d steps there", l.Lines[0], l.Text, l.Needed, len(steps))
		return
	}
	if st := j.r.Stages[l.Stage]; !j.none(steps) && !st.Needed {
		j.bad("line %d (%s): BuildKit built it, and its stage %s is said not to be needed", l.Lines[0], l.Text, st.Name)
	}
	if j.none(steps) && !(l.Ran && len(steps) > 0) {
		if l.Ran || l.Seconds != 0 || l.Cached {
			j.bad("line %d (%s): ran %v in %.3f s, and no step is there", l.Lines[0], l.Text, l.Ran, l.Seconds)
		}
		return
	}
	if unknown(l) {
		j.unknown++
		j.t.Logf("%s: line %d (%s) is not known", j.how, l.Lines[0], l.Text)
		return
	}
	// Whether a line is cached is decided by what it does. What it loads first may be
	// looked at again.
	ran, cached, loaded, most, sum := false, true, true, 0.0, 0.0
	for _, s := range steps {
		ran = ran || s.Cached || s.End > 0
		if s.source || s.near {
			loaded = loaded && s.Cached
		} else {
			cached = cached && s.Cached
		}
		if !s.Cached {
			if sum += s.Busy; !s.near && len(s.lines) == 1 { // a part that lines share may count for one of them
				most = max(most, s.Busy)
			}
		}
	}
	first := j.first(l, of)
	if l.Keyword == "FROM" && j.elsewhere(l, of) {
		return // an image in several stages is loaded once, for one of them
	}
	switch {
	case l.Ran != ran || l.Cached != cached && l.Cached != (cached && loaded):
		j.bad("line %d (%s): ran %v, cached %v; BuildKit says %v, %v", l.Lines[0], l.Text, l.Ran, l.Cached, ran, cached)
	case l.Seconds < most-0.001 && !j.shared(l, of) || l.Seconds > sum+0.001:
		j.bad("line %d (%s): %.3f s; BuildKit's steps took %.3f to %.3f", l.Lines[0], l.Text, l.Seconds, most, sum)
	case l.SameAs != first && l.Keyword != "FROM" && !j.part(l, of):
		j.bad("line %d (%s): the same as line %d; BuildKit says %d", l.Lines[0], l.Text, l.SameAs, first)
	}
}

// elsewhere tells whether a line's steps are counted at another that is the same.
func (j *judge) elsewhere(l *profile.Line, of map[int][]found) bool {
	return slices.ContainsFunc(j.r.Lines, func(o profile.Line) bool {
		return o.Ran && o.Lines != l.Lines && (!l.Ran || l.SameAs == o.Lines[0]) && j.same(o.Lines[0], l.Lines[0], of)
	})
}

// behind tells which stage a target that stays behind is: of several with its name the
// last, as for BuildKit.
func (j *judge) behind(target string) func(profile.Stage) bool {
	var last profile.Stage
	for _, s := range j.r.Stages {
		if s.Name == target {
			last = s
		}
	}
	return func(s profile.Stage) bool { return s.Lines == last.Lines && !s.Final }
}

// shared tells whether one of a line's steps is an earlier line's as well, which has its
// seconds then.
func (j *judge) shared(l *profile.Line, of map[int][]found) bool {
	for n, steps := range of {
		for _, s := range steps {
			if n < l.Lines[0] && slices.ContainsFunc(of[l.Lines[0]], func(o found) bool { return o.Digest == s.Digest }) {
				return true
			}
		}
	}
	return false
}

// first is the first line that is the same steps as a line; 0 if that is itself.
func (j *judge) first(l *profile.Line, of map[int][]found) int {
	for i := range j.r.Lines {
		n := j.r.Lines[i].Lines[0]
		if n == l.Lines[0] {
			return 0
		}
		if j.same(n, l.Lines[0], of) {
			return n
		}
	}
	return 0
}

// none tells whether BuildKit has no step at a line.
func (j *judge) none(steps []found) bool {
	return !slices.ContainsFunc(steps, func(s found) bool { return !s.near })
}

// part tells whether a line's steps are part of those of the line that it is said to be
// the same as.
func (j *judge) part(l *profile.Line, of map[int][]found) bool {
	return l.SameAs > 0 && !slices.ContainsFunc(of[l.Lines[0]], func(s found) bool {
		return !slices.ContainsFunc(of[l.SameAs], func(o found) bool { return o.Digest == s.Digest })
	})
}

// same tells whether two lines are the same steps.
func (j *judge) same(a, b int, of map[int][]found) bool {
	key := func(n int) string {
		var out []string
		for _, s := range of[n] {
			out = append(out, s.Digest)
		}
		slices.Sort(out)
		return strings.Join(out, " ")
	}
	return key(a) == key(b)
}

// span judges the line at which a step stands in the picture of the build.
func (j *judge) span(s found) {
	for _, p := range j.r.Spans {
		if p.Name != s.Name || p.Start != s.Start || p.End != s.End {
			continue
		}
		right := (len(s.lines) == 0 || s.near) && p.Line == 0
		for _, n := range s.lines {
			first := j.lineAt(n).Lines[0]
			right = right || p.Line == first || p.Line == 0 && unknownAt(j.r, first)
		}
		if !right {
			j.bad("the span of %s is at line %d, and its step at %v", s.Name, p.Line, s.lines)
		}
	}
}

func (j *judge) lineAt(n int) *profile.Line {
	for i := range j.r.Lines {
		if l := &j.r.Lines[i]; l.Lines[0] <= n && n <= l.Lines[1] {
			return l
		}
	}
	return nil
}

// mark is a file that the line of its number writes.
var mark = regexp.MustCompile(`^L(\d+)`)

// layers judges the layers of the lines of some stages by the files in them.
func (j *judge) layers(layers [][]string, of func(profile.Stage) bool) {
	seen := map[string]bool{} // only the layer in which a path stands first made it
	for k, paths := range layers {
		for _, p := range paths {
			f := mark.FindStringSubmatch(path.Base(p))
			if f == nil || seen[p] {
				continue
			}
			seen[p] = true
			n, _ := strconv.Atoi(f[1])
			l := j.lineAt(n)
			if l == nil || !of(j.r.Stages[l.Stage]) {
				continue // a stage goes on from another, whose lines are counted there
			}
			j.marks++
			if l.Layer != k+1 {
				j.bad("line %d wrote /%s, which is in layer %d: %+v", n, p, k+1, l)
			}
		}
	}
}
