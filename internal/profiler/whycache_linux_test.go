package profiler_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tare/internal/engine"
	"tare/internal/page"
	"tare/internal/profile"
	"tare/internal/profiler"
	"tare/internal/report"
)

// replay is a build, an edit, and a second build that is asked why its cache missed.
type replay struct {
	name  string
	file  string            // the Dockerfile; NONCE in it and in files differs from case to case
	files map[string]string // the context by path; "-> x" is a symlink to x
	// opt are the options of both builds, again those that only the second has.
	opt, again func(p *played, b *engine.Build)
	between    func(p *played, b *engine.Build) // what another build has, after the first
	edit       func(p *played)
	want       []cause  // of misses that follow from no other; none: all came from the cache
	not        []string // what no cause may say
	also       string   // the kind that causes of further lines may have
	fails      bool     // the second build
	stale      string   // a file of which BuildKit took the old content unseen
}

// cause is what a miss must say.
type cause struct {
	lines  []int  // one of them
	kinds  string // one of these words
	detail string // in detail or words, as a regular expression
}

func at(line int, kinds, detail string) []cause { return []cause{{[]int{line}, kinds, detail}} }

// played is a case while it runs.
type played struct {
	t     *testing.T
	w     *world
	dir   string // the context
	other string // a directory beside it
	web   map[string]string
	url   string
	nonce string
}

func (p *played) path(name string) string { return filepath.Join(p.dir, filepath.FromSlash(name)) }

func (p *played) check(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *played) put(name, body string) {
	p.t.Helper()
	name = p.path(name)
	p.check(os.MkdirAll(filepath.Dir(name), 0o755))
	if to, ok := strings.CutPrefix(body, "-> "); ok {
		_ = os.Remove(name)
		p.check(os.Symlink(to, name))
		return
	}
	p.check(os.WriteFile(name, []byte(p.filled(body)), 0o644))
}

func (p *played) filled(s string) string {
	return strings.NewReplacer("NONCE", p.nonce, "HTTP/", p.url+"/").Replace(s)
}

func (p *played) remove(name string) { p.t.Helper(); p.check(os.RemoveAll(p.path(name))) }

// sub replaces a text of the Dockerfile, which must be there.
func (p *played) sub(old, now string) {
	p.t.Helper()
	b, err := os.ReadFile(p.path("Dockerfile"))
	p.check(err)
	old, now = p.filled(old), p.filled(now)
	if !strings.Contains(string(b), old) {
		p.t.Fatalf("no %q in %s", old, b)
	}
	p.check(os.WriteFile(p.path("Dockerfile"), []byte(strings.Replace(string(b), old, now, 1)), 0o644))
}

// Edits of the commonest kinds.
func subs(pairs ...string) func(*played) {
	return func(p *played) {
		for i := 0; i < len(pairs); i += 2 {
			p.sub(pairs[i], pairs[i+1])
		}
	}
}

func puts(pairs ...string) func(*played) {
	return func(p *played) {
		for i := 0; i < len(pairs); i += 2 {
			p.put(pairs[i], pairs[i+1])
		}
	}
}

func arg(k, v string) func(*played, *engine.Build) {
	return func(_ *played, b *engine.Build) { b.Args = map[string]string{k: v} }
}

// TestCausesOfMisses plants an edit, builds again, and compares the causes that are told
// with the true one.
func TestCausesOfMisses(t *testing.T) {
	w := needWorld(t)
	w.base(t, "base", "one")
	w.base(t, "other", "two")
	right := 0
	cases := slices.Concat(fileReplays, textReplays, valueReplays, betweenReplays, baseReplays, builderReplays)
	for n, c := range cases {
		if t.Run(c.name, func(t *testing.T) {
			p := &played{t: t, w: w, dir: t.TempDir(), other: t.TempDir(), nonce: fmt.Sprintf("n%d", n), web: map[string]string{}}
			p.serve()
			c.play(p)
		}) {
			right++
		}
	}
	t.Logf("%d of %d edits were explained by their true causes", right, len(cases))
	if len(cases) < 60 {
		t.Errorf("only %d edits", len(cases))
	}
}

func (c *replay) play(p *played) {
	t := p.t
	for name, body := range c.files {
		p.put(name, body)
	}
	p.put("Dockerfile", c.file)
	ask := func(second bool) profiler.Request {
		r := profiler.Request{Target: p.dir, Why: true, NoChecks: true}
		if c.opt != nil {
			c.opt(p, &r.Build)
		}
		if second && c.again != nil {
			c.again(p, &r.Build)
		}
		return r
	}
	if _, _, err := p.w.profile(t, ask(false)); err != nil {
		t.Fatalf("the case is wrong: %v", err)
	}
	if c.between != nil {
		r := ask(false)
		c.between(p, &r.Build)
		if _, _, err := p.w.profile(t, r); err != nil {
			t.Fatalf("the case is wrong: %v", err)
		}
	}
	if c.edit != nil {
		c.edit(p)
	}
	out, built, err := p.w.profile(t, ask(true))
	if err != nil {
		t.Fatal(err)
	}
	res := out.Result
	ran := executedSteps(built.Steps)
	if (len(ran) == 0) != (len(c.want) == 0) {
		t.Fatalf("the case is wrong: these steps were carried out: %q", ran)
	}
	if (res.Failed != "") != c.fails {
		t.Fatalf("failed: %q", res.Failed)
	}
	c.judge(t, res)
	c.sentences(t, res)
	if t.Failed() {
		src, _ := os.ReadFile(p.path("Dockerfile"))
		t.Logf("carried out: %q\n%s", ran, numbered(string(src)))
	}
}

// instructionStep is a step of an instruction, and of nothing that is only loaded.
var instructionStep = regexp.MustCompile(`^\[(\S+/\S+ )?(\S+ )? *\d+/\d+\] (LINK |ONBUILD )*(RUN|COPY|ADD|WORKDIR) `)

func executedSteps(steps []engine.Step) (out []string) {
	for _, s := range steps {
		if instructionStep.MatchString(s.Name) && !s.Cached && s.End > 0 && (len(s.Inputs) > 0 || !strings.Contains(s.Name, "://")) {
			out = append(out, s.Name)
		}
	}
	return out
}

// judge compares the causes with the wanted ones.
func (c *replay) judge(t *testing.T, r *profile.Result) {
	t.Helper()
	var direct []profile.Miss
	seen := map[int]bool{}
	for _, m := range r.Misses {
		if seen[m.Line] {
			t.Errorf("line %d is explained twice", m.Line)
		}
		seen[m.Line] = true
		if m.Follows == 0 {
			direct = append(direct, m)
		}
	}
	for _, m := range r.Misses {
		if m.Follows > 0 && (m.Kind != "follows" || !slices.ContainsFunc(r.Misses, func(o profile.Miss) bool { return o.Line == m.Follows }) && lineOf(r, m.Follows).Keyword != "FROM") {
			t.Errorf("%+v follows from a line that was not carried out", m)
		}
	}
	for _, l := range r.Lines {
		if l.Ran && !l.Cached && l.SameAs == 0 && l.Keyword != "FROM" && !seen[l.Lines[0]] {
			t.Errorf("line %d (%s) was carried out, and nothing says why", l.Lines[0], l.Text)
		}
		if seen[l.Lines[0]] && (!l.Ran || l.Cached) {
			t.Errorf("line %d (%s) was not carried out, and something says why", l.Lines[0], l.Text)
		}
	}
	used := map[int]bool{}
	for _, want := range c.want {
		k := slices.IndexFunc(direct, func(m profile.Miss) bool { return slices.Contains(want.lines, m.Line) })
		if k < 0 {
			t.Errorf("no cause at line %v (%s, %s)", want.lines, want.kinds, want.detail)
			continue
		}
		used[k] = true
		m := direct[k]
		if !slices.Contains(strings.Fields(want.kinds), m.Kind) {
			t.Errorf("line %d: the kind is %q, want one of %q: %+v", m.Line, m.Kind, want.kinds, m)
		}
		if !regexp.MustCompile(want.detail).MatchString(m.Detail + " " + m.Cause) {
			t.Errorf("line %d: neither detail nor words say %q: %+v", m.Line, want.detail, m)
		}
	}
	for k, m := range direct {
		if !used[k] && m.Kind != c.also {
			t.Errorf("a cause that is none: %+v", m)
		}
		for _, not := range c.not {
			if strings.Contains(m.Detail+" "+m.Cause, not) {
				t.Errorf("line %d: %q is blamed: %+v", m.Line, not, m)
			}
		}
	}
}

// sentences judges what is said of the build as a whole.
func (c *replay) sentences(t *testing.T, r *profile.Result) {
	t.Helper()
	var text strings.Builder
	if err := report.Profile(r, report.ProfileOptions{WhyOnly: true}).View(report.View{Full: true}, page.FormatOf("text").Rest).WriteText(&text, report.Style{Width: 200}); err != nil {
		t.Fatal(err)
	}
	if said := strings.Contains(text.String(), "Everything came from the build cache"); said != (len(c.want) == 0 && !c.fails) {
		t.Errorf("it is said that everything came from the build cache: %v", said)
	}
	var stale string
	for _, u := range r.Stale {
		stale += u.Path
	}
	if stale != c.stale || strings.Contains(text.String(), "--checksum-context") != (c.stale != "") {
		t.Errorf("stale is %q, and said to be %q:\n%s", c.stale, stale, text.String())
	}
	if !c.fails {
		return
	}
	failed := false
	for _, l := range r.Lines {
		if l.Error != "" {
			failed = true
			if l.Lines[0] != r.FailedLine {
				t.Errorf("line %d failed, and %d is said to have", l.Lines[0], r.FailedLine)
			}
		} else if failed && l.Stage == stageAt(r, r.FailedLine) && (l.Ran || l.Cached) {
			t.Errorf("line %d is behind the line that failed, and is said to have run (cached %v)", l.Lines[0], l.Cached)
		}
	}
	if r.FailedLine == 0 {
		t.Error("nothing says which line failed")
	}
}

func stageAt(r *profile.Result, line int) int { return lineOf(r, line).Stage }

func lineOf(r *profile.Result, n int) *profile.Line {
	for i := range r.Lines {
		if r.Lines[i].Lines[0] == n {
			return &r.Lines[i]
		}
	}
	return &profile.Line{}
}

// keepTimes edits a file and gives it its time back.
func keepTimes(p *played, name, body string) {
	fi, err := os.Stat(p.path(name))
	p.check(err)
	p.put(name, body)
	p.check(os.Chtimes(p.path(name), time.Time{}, fi.ModTime()))
}
