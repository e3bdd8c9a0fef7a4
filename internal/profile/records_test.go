package profile_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tare/internal/dockerfile"
	"tare/internal/engine"
	"tare/internal/profile"
	"tare/internal/testkit/frontend"
	"tare/internal/weigh"
)

func input(t *testing.T, w world, ran ...int) profile.Input {
	t.Helper()
	_, in := w.made(t)
	in.Steps = frontend.Steps(frontend.Definition(t, w.src, frontend.Build{Args: w.args, Bases: w.bases, OnBuild: w.f.OnBuild, Target: w.f.Target}), ran...)
	return in
}

// lines are what a profile says of each line that has work: LINE STATE SECONDS, with the
// line that it is the same as.
func lines(r *profile.Result) string {
	var out []string
	for _, l := range r.Lines {
		state := "miss"
		switch {
		case l.Unknown && !l.Ran:
			state = "unknown"
		case !l.Ran:
			continue
		case l.Cached:
			state = "hit"
		}
		s := fmt.Sprintf("%d %s %g", l.Lines[0], state, l.Seconds)
		if l.SameAs > 0 {
			s += fmt.Sprintf("=%d", l.SameAs)
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

// Whose steps are whose: also where two stages share one, and where a line fetches.
func TestAttribution(t *testing.T) {
	const twice = "FROM a AS b\nRUN one\nFROM a\nRUN one\nRUN two\nCOPY --from=b /x /\n"
	for _, c := range []struct {
		name string
		w    world
		ran  []int
		want string
	}{
		{"all ran", world{src: "FROM a\nRUN one\nCOPY f /\n"}, []int{0}, "1 miss 1, 2 miss 1, 3 miss 1"},
		{"nothing ran", world{src: "FROM a\nRUN one\nCOPY f /\n"}, nil, "1 hit 0, 2 hit 0, 3 hit 0"},
		{"one step for two lines", world{src: twice}, []int{2, 5, 6}, "1 hit 0, 2 miss 1, 3 hit 0=1, 4 miss 1=2, 5 miss 1, 6 miss 1"},
		{"one step for two lines, from the cache", world{src: twice}, []int{5}, "1 hit 0, 2 hit 0, 3 hit 0=1, 4 hit 0=2, 5 miss 1, 6 hit 0"},
		{"what a URL serves is its line's", world{src: "FROM a\nADD http://h/x /x\n"}, []int{2}, "1 hit 0, 2 miss 1"},
		{"ENV and LABEL make no steps", world{src: "FROM a\nENV A=b\nRUN one\nLABEL c=d\n"}, []int{3}, "1 hit 0, 3 miss 1"},
		{"--link has two steps", world{src: "FROM a\nCOPY --link f /\n"}, []int{2}, "1 hit 0, 2 miss 2"},
	} {
		in := input(t, c.w, c.ran...)
		if got := lines(profile.Make(in)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		// A fetch that the builder gave no line is the line's that uses it, if only one does.
		if !strings.Contains(c.w.src, "http://") {
			continue
		}
		for i := range in.Ops {
			if in.Ops[i].Kind == "http" {
				in.Ops[i].Lines = nil
				for k := range in.Steps {
					if in.Steps[k].Digest == in.Ops[i].Digest {
						in.Steps[k].Cached, in.Steps[k].Start, in.Steps[k].End, in.Steps[k].Busy = false, 1, 5, 4
					}
				}
			}
		}
		if got := lines(profile.Make(in)); got != "1 hit 0, 2 miss 5" {
			t.Errorf("%s without its line: %s", c.name, got)
		}
	}
}

// One fetch for two lines is nobody's.
func TestAFetchForTwoLines(t *testing.T) {
	in := input(t, world{src: "FROM a\nADD http://h/x /x\nADD http://h/x /y\n"}, 2, 3)
	for i := range in.Ops {
		if in.Ops[i].Kind != "http" {
			continue
		}
		in.Ops[i].Lines = nil
		for k := range in.Steps {
			if in.Steps[k].Digest == in.Ops[i].Digest {
				in.Steps[k].Cached, in.Steps[k].Start, in.Steps[k].End, in.Steps[k].Busy = false, 1, 5, 4
			}
		}
	}
	if got := lines(profile.Make(in)); got != "1 hit 0, 2 miss 1, 3 miss 1" {
		t.Error(got)
	}
}

// What the builder does not tell, or tells of another text, is not known, and said.
func TestUnknownSteps(t *testing.T) {
	w := world{src: "FROM a\nENV A=b\nRUN one\n"}
	const unknown = "line 3 (RUN): which step the builder carried out for it is not known"
	for _, c := range []struct {
		name   string
		change func(in *profile.Input)
		lines  string
		notes  string
		said   string
	}{
		{"all is known", func(*profile.Input) {}, "1 hit 0, 3 miss 1", "", ""},
		{"no operations", func(in *profile.Input) { in.Ops = nil }, "3 unknown 0", "the builder did not say which lines its steps belong to", unknown},
		{"another text", func(in *profile.Input) { in.Dockerfile = []byte("FROM b\n") }, "3 unknown 0", "the builder read another text of the Dockerfile than this one: its steps are not attributed to lines", unknown},
		{"no steps", func(in *profile.Input) { in.Steps = nil }, "", "", ""},
		{"a step that does not fit its line", func(in *profile.Input) {
			for i := range in.Ops {
				in.Ops[i].Name = strings.Replace(in.Ops[i].Name, "RUN one", "COPY x /", 1)
			}
		}, "1 hit 0, 3 unknown 0", "", unknown},
		{"a line that is none", func(in *profile.Input) {
			for i := range in.Ops {
				for k := range in.Ops[i].Lines {
					in.Ops[i].Lines[k][0] += 90
				}
			}
		}, "", "", ""},
	} {
		in := input(t, w, 3)
		c.change(&in)
		r := profile.Make(in)
		if got := lines(r); got != c.lines {
			t.Errorf("%s: %s, want %s", c.name, got, c.lines)
		}
		if got := strings.Join(r.Notes, "\n"); got != c.notes {
			t.Errorf("%s: %s, want %s", c.name, got, c.notes)
		}
		if got := strings.Join(profile.Unknowns(r), "\n"); got != c.said {
			t.Errorf("%s: %s, want %s", c.name, got, c.said)
		}
	}
}

// Which stages the result depends on, by the file and by what the builder did.
func TestNeeded(t *testing.T) {
	const src = "FROM a AS one\nRUN x\nFROM a AS two\nRUN y\nFROM a AS bare\nWORKDIR /\nFROM one AS last\nCOPY --from=bare /z /\n"
	for _, c := range []struct {
		name   string
		change func(in *profile.Input)
		want   string
	}{
		{"the file", func(in *profile.Input) { in.Ops = nil }, "one bare last"},
		{"the records", func(*profile.Input) {}, "one bare last"},
		{"a text that is another one", func(in *profile.Input) { in.Dockerfile = nil }, "one bare last"},
		{"a trigger of the base takes a stage", func(in *profile.Input) {
			in.Ops = append(in.Ops, engine.Op{Digest: "t", Kind: "exec", Name: "[two 2/2] RUN y", Lines: [][2]int{{4, 4}}})
		}, "one two bare last"},
		{"the last line of a stage", func(in *profile.Input) {
			in.Ops = append(in.Ops, engine.Op{Digest: "t", Kind: "exec", Lines: [][2]int{{3, 3}}})
		}, "one two bare last"},
		{"a named context in place of a stage", func(in *profile.Input) {
			var ops []engine.Op
			for _, o := range in.Ops {
				if len(o.Lines) == 0 || o.Lines[0][0] > 2 {
					ops = append(ops, o)
				}
			}
			in.Ops = ops
		}, "bare last"},
	} {
		in := input(t, world{src: src})
		c.change(&in)
		r := profile.Make(in)
		var got []string
		for _, s := range r.Stages {
			if s.Needed {
				got = append(got, s.Name)
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
		for _, l := range r.Lines {
			if l.Needed != r.Stages[l.Stage].Needed {
				t.Errorf("%s: line %d", c.name, l.Lines[0])
			}
		}
	}
}

func report(t *testing.T, text string) *weigh.Result {
	t.Helper()
	r := new(weigh.Result)
	if err := json.Unmarshal([]byte(text), r); err != nil {
		t.Fatal(err)
	}
	return r
}

const threeLayers = `{"layers": [{"index": 1, "tar": 1000, "transfer": 100, "files": 900, "live": 800, "waste": 100, "entries": 9}, {"index": 2, "tar": 300, "transfer": 30, "files": 200, "live": 150, "waste": 50, "entries": 2}, {"index": 3, "tar": 50, "transfer": 5, "files": 40, "live": 40, "entries": 1}],
	"sizes": {"tar": 1350, "transfer": 142, "files": 1140, "live": 990, "waste": 150}, "wasted": [{"writer": 1, "destroyer": 2, "files": 100}, {"writer": 2, "destroyer": 3, "files": 50}],
	"packages": [{"name": "p", "version": "1", "layers": [2, 3]}, {"name": "base", "version": "1", "layers": [1]}, {"name": "none", "version": "1", "layers": []}, {"name": "q", "version": "", "layers": [3]}]}`

// Bytes of lines and stages, what each hides, and the packages that came first with it.
func TestBytesOfLines(t *testing.T) {
	w := world{src: "FROM a\nRUN one\nENV A=b\nCOPY f /\n"}
	in := input(t, w, 2)
	in.Cold = map[string]float64{}
	for _, o := range in.Ops {
		if len(o.Lines) > 0 && o.Lines[0][0] == 4 {
			in.Cold[o.Key] = 7
		}
	}
	in.Image = &profile.Weighed{Report: report(t, threeLayers), History: []profile.History{{Instruction: "ADD a", Layer: 0}, {Instruction: "RUN one", Layer: 1}, {Instruction: "ENV A=b", Layer: -1}, {Instruction: "COPY f /", Layer: 2}}}
	in.Now.Unseen = []profile.Unseen{{Context: "context", Path: "f"}}
	r := profile.Make(in)
	var got []string
	for _, l := range r.Lines {
		got = append(got, fmt.Sprintf("%d layer=%d tar=%d live=%d waste=%d caused=%d entries=%d %v", l.Lines[0], l.Layer, l.Bytes.Tar, l.Bytes.Live, l.Bytes.Waste, l.Bytes.Caused, l.Bytes.Entries, l.Packages))
	}
	want := "1 layer=0 tar=1000 live=800 waste=100 caused=0 entries=9 []\n2 layer=2 tar=300 live=150 waste=50 caused=100 entries=2 [p 1]\n3 layer=0 tar=0 live=0 waste=0 caused=0 entries=0 []\n4 layer=3 tar=50 live=40 waste=0 caused=50 entries=1 [q]"
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("%s\nwant\n%s", s, want)
	}
	if err := r.Check(); err != nil {
		t.Error(err)
	}
	if r.Total.Tar != 1350 || r.Total.Caused != 150 || r.Total.Waste != 150 || r.Total.Entries != 12 {
		t.Errorf("%+v", r.Total)
	}
	if s := r.Stages[0]; s.Bytes.Tar != 1350 || s.Bytes.Caused != 150 || s.Seconds != 1 || s.Cold != 8 || !s.Final {
		t.Errorf("%+v", s)
	}
	if len(r.Stale) != 1 || !strings.HasPrefix(r.Stale[0].String(), "f changed, but its length and modification time did not") {
		t.Errorf("%+v", r.Stale)
	}
	// A fault is found, whichever the sum.
	for _, spoil := range []func(*profile.Bytes){func(b *profile.Bytes) { b.Tar++ }, func(b *profile.Bytes) { b.Files++ }, func(b *profile.Bytes) { b.Live-- }, func(b *profile.Bytes) { b.Waste++ }, func(b *profile.Bytes) { b.Caused++ }, func(b *profile.Bytes) { b.Entries++ }} {
		before := r.Lines[1].Bytes
		spoil(&r.Lines[1].Bytes)
		if err := r.Check(); err == nil || !strings.Contains(err.Error(), "sum up to") {
			t.Error(err)
		}
		r.Lines[1].Bytes = before
	}
	if err := (&profile.Result{}).Check(); err != nil {
		t.Errorf("nothing was weighed: %v", err)
	}
}

// Which line a layer belongs to: of all stages that the image goes on from, from the first
// layer on; what stands between lines is nobody's.
func TestLayersOfLines(t *testing.T) {
	for _, c := range []struct {
		src     string
		history []string // of three layers
		want    string   // LINE=LAYER:TAR PACKAGES, and the rest
	}{
		{"FROM a AS b\nRUN one\nFROM b\nRUN two\n", []string{"ADD a", "RUN one", "RUN two"}, "1=0:1000 2=2:300[p 1] 3=0:0 4=3:50[q] rest 0"},
		{"FROM scratch\nCOPY f /\nCOPY g /\n", []string{"COPY f /", "COPY g /", "X"}, "1=0:0 2=1:1000[base 1] 3=2:300[p 1] rest 50"},
		{"FROM a\nRUN one\nRUN two\n", []string{"ADD a", "RUN one", "X"}, "1=0:1000 2=2:300[p 1] 3=0:0 rest 50"},
		{"FROM a\nRUN one\n", []string{"X", "Y", "Z"}, "1=0:1350 2=0:0 rest 0"},
	} {
		in := input(t, world{src: c.src, files: "f=1 g=1"}, 0)
		in.Image = &profile.Weighed{Report: report(t, threeLayers)}
		for k, h := range c.history {
			in.Image.History = append(in.Image.History, profile.History{Instruction: h, Layer: k})
		}
		r := profile.Make(in)
		var got []string
		for _, l := range r.Lines {
			s := fmt.Sprintf("%d=%d:%d", l.Lines[0], l.Layer, l.Bytes.Tar)
			if len(l.Packages) > 0 {
				s += fmt.Sprint(l.Packages)
			}
			got = append(got, s)
		}
		if s := strings.Join(got, " ") + fmt.Sprint(" rest ", r.Rest.Tar); s != c.want || r.Check() != nil {
			t.Errorf("%q: %s, want %s, %v", c.src, s, c.want, r.Check())
		}
	}
	// Of a stage that stays behind only its own lines have what it installed.
	staged := input(t, world{src: "FROM a AS b\nRUN one\nFROM b AS c\nRUN two\nFROM a\nCOPY --from=c /x /\n"}, 0)
	staged.Stages = map[int]*profile.Weighed{1: {Report: report(t, threeLayers), History: []profile.History{{Instruction: "ADD a", Layer: 0}, {Instruction: "RUN one", Layer: 1}, {Instruction: "RUN two", Layer: 2}}}}
	if r := profile.Make(staged); len(r.Lines[1].Packages) > 0 || len(r.Lines[3].Packages) != 1 {
		t.Errorf("%+v", r.Lines)
	}
	// A named context in the place of the whole stage: no line made anything.
	two := world{src: "FROM a AS b\nRUN one\nFROM b\nRUN two\n"}
	half := input(t, two)
	half.Ops = slices.DeleteFunc(half.Ops, func(o engine.Op) bool { return len(o.Lines) == 0 || o.Lines[0][0] < 3 })
	half.Image = &profile.Weighed{Report: report(t, threeLayers), History: []profile.History{{Instruction: "X", Layer: 0}, {Instruction: "X", Layer: 1}, {Instruction: "RUN two", Layer: 2}}}
	if r := profile.Make(half); r.Check() != nil || r.Stages[0].Final || !r.Stages[1].Final || r.Lines[2].Bytes.Tar != 1300 || r.Lines[3].Bytes.Tar != 50 {
		t.Errorf("a base that was replaced: %+v, %v", r.Lines, r.Check())
	}
	in := input(t, two)
	in.Ops = in.Ops[:1]
	in.Ops[0].Lines = nil
	in.Image = &profile.Weighed{Report: report(t, threeLayers), History: []profile.History{{Instruction: "ADD a", Layer: 0}}}
	r := profile.Make(in)
	if err := r.Check(); err != nil || r.Rest.Tar != 1350 || r.Lines[1].Bytes.Tar != 0 {
		t.Errorf("%+v, %v", r.Rest, err)
	}
	// Without steps nothing is said of them.
	in.Steps, in.Ops = nil, nil
	if r = profile.Make(in); len(r.Notes) > 0 || r.Lines[1].Unknown {
		t.Errorf("%q", r.Notes)
	}
}

// A stage that stays behind has the bytes of its own image, and the image's sums stay.
func TestBytesOfStages(t *testing.T) {
	in := input(t, world{src: "FROM a AS b\nRUN one\nFROM b AS c\nRUN two\nFROM a\nCOPY --from=c /x /\n"}, 0)
	history := func(list ...string) (out []profile.History) {
		for n, s := range list {
			out = append(out, profile.History{Instruction: s, Layer: n})
		}
		return out
	}
	in.Image = &profile.Weighed{Report: report(t, `{"layers": [{"index": 1, "tar": 1000}, {"index": 2, "tar": 30}], "sizes": {"tar": 1030}}`), History: history("ADD a", "COPY /x /")}
	in.Stages = map[int]*profile.Weighed{
		0: {Report: report(t, `{"layers": [{"index": 1, "tar": 1000}, {"index": 2, "tar": 200}], "sizes": {"tar": 1200}}`), History: history("ADD a", "RUN one")},
		1: {Report: report(t, `{"layers": [{"index": 1, "tar": 1000}, {"index": 2, "tar": 200}, {"index": 3, "tar": 7}], "sizes": {"tar": 1207}}`), History: history("ADD a", "RUN one", "RUN two")},
	}
	r := profile.Make(in)
	var got []string
	for _, l := range r.Lines {
		got = append(got, fmt.Sprintf("%d:%d", l.Lines[0], l.Bytes.Tar))
	}
	if s := strings.Join(got, " "); s != "1:1000 2:200 3:0 4:7 5:1000 6:30" {
		t.Error(s)
	}
	if err := r.Check(); err != nil || r.Total.Tar != 1030 || r.Stages[0].Bytes.Tar != 1200 || r.Stages[1].Bytes.Tar != 7 || r.Stages[0].Final || !r.Stages[2].Final {
		t.Errorf("%v, %+v", err, r.Stages)
	}
}

// What is said to be doubtful, and of what nothing is said.
func TestDoubts(t *testing.T) {
	line := func(n int, keyword string, change func(*profile.Line)) profile.Line {
		l := profile.Line{Lines: [2]int{n, n}, Keyword: keyword, Layer: n}
		if change != nil {
			change(&l)
		}
		return l
	}
	lost := func(l *profile.Line) { l.Layer = 0 }
	for _, c := range []struct {
		name string
		l    profile.Line
		rest int64
		want string
	}{
		{"a line with a layer", line(2, "RUN", nil), 0, ""},
		{"found by likeness", line(2, "RUN", func(l *profile.Line) { l.Unsure = true }), 0, "line 2 was matched to layer 2 by likeness: the history's text is another one"},
		{"no layer for RUN", line(2, "RUN", lost), 0, "line 2 (RUN) was found in no layer of the image"},
		{"no layer for COPY", line(2, "COPY", lost), 0, "line 2 (COPY) was found in no layer of the image"},
		{"no layer for ADD", line(2, "ADD", lost), 0, "line 2 (ADD) was found in no layer of the image"},
		{"ENV makes none", line(2, "ENV", lost), 0, ""},
		{"WORKDIR may make none", line(2, "WORKDIR", lost), 0, ""},
		{"a line that is another one's", line(2, "RUN", func(l *profile.Line) { l.Layer, l.SameAs = 0, 1 }), 0, ""},
		{"a line of a stage that stays behind", line(2, "RUN", func(l *profile.Line) { l.Layer, l.Stage = 0, 1 }), 0, ""},
		{"bytes that are nobody's", line(2, "RUN", nil), 5, "layers with 5 bytes of tar belong to no line: the history was squashed, rewritten or is not this file's"},
	} {
		r := &profile.Result{Lines: []profile.Line{c.l}, Stages: []profile.Stage{{Final: true}, {}}, Rest: profile.Bytes{Tar: c.rest}}
		if got := strings.Join(profile.Doubts(r), "\n"); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// Where the last build was is said if it was elsewhere, and only then.
func TestNoteOfAnotherDirectory(t *testing.T) {
	for _, c := range []struct{ last, now, want string }{{"/a", "/b", "compared with the last build of this Dockerfile in /a"}, {"/a", "/a", ""}} {
		in := input(t, world{src: "FROM a\n"})
		in.Last, in.Now.Dir = &profile.Build{Dir: c.last, Source: "FROM a\n"}, c.now
		if got := strings.Join(profile.Make(in).Notes, "\n"); got != c.want {
			t.Errorf("%s, %s: %q", c.last, c.now, got)
		}
	}
	for _, change := range []func(*profile.Input){func(in *profile.Input) { in.Last = nil }, func(in *profile.Input) { in.Last, in.Now = &profile.Build{Dir: "/a"}, nil }} {
		in := input(t, world{src: "FROM a\n"})
		change(&in)
		if r := profile.Make(in); len(r.Notes) > 0 || len(r.Stale) > 0 {
			t.Errorf("%q", r.Notes)
		}
	}
}

// Spans are all steps that took part, in the order in which they began.
func TestSpans(t *testing.T) {
	f, err := dockerfile.Parse([]byte("FROM a\n"))
	if err != nil {
		t.Fatal(err)
	}
	r := profile.Make(profile.Input{Source: []byte("FROM a\n"), File: f, Seconds: 9, Steps: []engine.Step{{Digest: "b", Name: "b", Start: 2, End: 4, Busy: 2}, {Digest: "n", Name: "never"}, {Digest: "a", Name: "a", Start: 1, End: 2, Busy: 1}, {Digest: "c", Name: "c", Start: 4, End: 4, Cached: true}}})
	var got []string
	for _, s := range r.Spans {
		got = append(got, fmt.Sprintf("%s %g-%g %t", s.Name, s.Start, s.End, s.Cached))
	}
	if s := strings.Join(got, ", "); s != "a 1-2 false, b 2-4 false, c 4-4 true" {
		t.Error(s)
	}
}
