package profile

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tare/internal/dockerfile"
	"tare/internal/engine"
)

func bytesOf(t *testing.T, text string) (b Bytes) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		t.Fatal(err)
	}
	return b
}

// The commands' bytes less what is removed again and the layers' overhead are the line's.
func TestSplitSums(t *testing.T) {
	s := &Split{Line: 3, Bytes: bytesOf(t, `{"tar": 1000, "transfer": 300, "files": 700, "live": 600, "waste": 100, "caused": 5, "entries": 7}`),
		Removed: bytesOf(t, `{"tar": 200, "transfer": 40, "files": 150, "live": 1, "waste": 2, "caused": 3, "entries": 2}`),
		Layers:  bytesOf(t, `{"tar": 9999}`), // of an earlier Sum: it does not count
		Commands: []SplitCommand{{Bytes: bytesOf(t, `{"tar": 900, "transfer": 250, "files": 500, "live": 400, "waste": 90, "caused": 5, "entries": 5}`)},
			{Bytes: bytesOf(t, `{"tar": 600, "transfer": 150, "files": 380, "live": 310, "waste": 20, "caused": 4, "entries": 6}`)}}}
	s.Sum()
	if want := bytesOf(t, `{"tar": 300, "transfer": 60, "files": 30, "live": 109, "waste": 8, "caused": 1, "entries": 2}`); s.Layers != want {
		t.Errorf("%+v, want %+v", s.Layers, want)
	}
	rows := s.Less()
	if len(rows) != 2 || rows[0].Text != "removed again or replaced by later commands of this line" || rows[1].Text != "overhead of a layer for each command" ||
		rows[0].Bytes != bytesOf(t, `{"tar": -200, "transfer": -40, "files": -150, "live": -1, "waste": -2, "caused": -3, "entries": -2}`) || rows[1].Bytes.Tar != -300 {
		t.Errorf("%+v", rows)
	}
	s.Varying, s.Removed = []string{"a"}, Bytes{}
	if rows := s.Less(); len(rows) != 1 || rows[0].Text != "overhead of a layer for each command, and files that vary from run to run" {
		t.Errorf("%+v", rows)
	}
	if rows := (&Split{Varying: []string{"a"}}).Less(); len(rows) != 0 {
		t.Errorf("rows of nothing: %+v", rows)
	}
}

func TestSplitNotes(t *testing.T) {
	long := strings.Repeat("é", 61)
	for _, c := range []struct {
		s    Split
		want string
	}{
		{Split{Line: 3}, ""},
		{Split{Line: 3, Commands: []SplitCommand{{Text: "cd /x"}}}, ""},
		{Split{Line: 3, Skipped: "it is one command", Varying: []string{"a"}}, "Line 3 was not split: it is one command"},
		{Split{Line: 3, Commands: []SplitCommand{{Text: "a | b", Whole: "it is a pipe"}, {Text: "c"}}}, `Line 3: "a | b" was kept whole: it is a pipe`},
		{Split{Line: 3, Commands: []SplitCommand{{Text: long, Whole: "x"}}}, `Line 3: "` + strings.Repeat("é", 59) + `…" was kept whole: x`},
		{Split{Line: 3, Commands: []SplitCommand{{Text: long[2:], Whole: "x"}}}, `Line 3: "` + strings.Repeat("é", 60) + `" was kept whole: x`},
		{Split{Line: 3, Varying: []string{"a"}}, "Line 3: 1 file changes with each run of the whole line, too, and could not be compared: a"},
		{Split{Line: 3, Varying: []string{"a", "b", "c"}}, "Line 3: 3 files change with each run of the whole line, too, and could not be compared: a, b, c"},
		{Split{Line: 3, Varying: []string{"a", "b", "c", "d"}}, "Line 3: 4 files change with each run of the whole line, too, and could not be compared: a, b, c, …"},
	} {
		if got := strings.Join(c.s.Notes(), "\n"); got != c.want {
			t.Errorf("%+v: %s, want %s", c.s, got, c.want)
		}
	}
}

func TestFactsThatDiffer(t *testing.T) {
	fact := func(list ...string) (out []engine.Fact) {
		for _, s := range list {
			what, rest, _ := strings.Cut(s, ":")
			name, value, _ := strings.Cut(rest, "=")
			out = append(out, engine.Fact{What: what, Name: name, Value: value})
		}
		return out
	}
	for _, c := range []struct {
		then, now []engine.Fact
		want      string
	}{
		{fact("env:A=1", "user:=0"), fact("env:A=1", "user:=0"), ""},
		{fact("env:A=1"), fact("env:A=2"), `env A was "1" and is "2"`},
		{fact("user:=0"), fact("user:=1"), `user was "0" and is "1"`},
		{fact(), fact("env:A=2"), `env A was not there and is "2"`},
		{fact("env:A=1"), fact(), `env A was "1" and is not there any more`},
		{fact("copy:=a", "copy:=b"), fact("copy:=a", "copy:=c"), `copy was "b" and is "c"`},
		{fact("copy:=a"), fact("copy:=a", "copy:=a"), `copy was not there and is "a"`},
		{fact("copy:=a", "copy:=a", "copy:=b"), fact("copy:=a"), `copy was "a" and is not there any more; copy was "b" and is not there any more`},
		{fact("env:A=1", "env:B=1"), fact("env:A=2", "env:B=2"), `env A was "1" and is "2"; env B was "1" and is "2"`},
	} {
		var got []string
		for _, d := range factsThatDiffer(c.then, c.now) {
			got = append(got, d.text())
		}
		if s := strings.Join(got, "; "); s != c.want {
			t.Errorf("%v, %v: %s, want %s", c.then, c.now, s, c.want)
		}
	}
}

func TestPlacesInAFile(t *testing.T) {
	src := "FROM a\nRUN <<E\n one\nE\nRUN two"
	for _, c := range []struct {
		lines [2]int
		want  string
	}{{[2]int{1, 1}, "FROM a"}, {[2]int{2, 4}, "RUN <<E\n one\nE"}, {[2]int{5, 5}, "RUN two"}, {[2]int{0, 1}, ""}, {[2]int{5, 6}, ""}} {
		if got := code(src, c.lines); got != c.want {
			t.Errorf("%v: %q, want %q", c.lines, got, c.want)
		}
	}
	f, err := dockerfile.Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	if k := instructionAt(f, 5); k == nil || k.Text != "RUN two" {
		t.Errorf("%+v", k)
	}
	if instructionAt(f, 3) != nil || instructionAt(nil, 5) != nil {
		t.Error("there is an instruction where none begins")
	}
}

func TestFetched(t *testing.T) {
	for kind, want := range map[string]bool{"image": true, "layout": true, "local": false, "http": false, "git": false, "exec": false, "file": false} {
		if got := fetched(&engine.Op{Kind: kind}); got != want {
			t.Errorf("%s: %v", kind, got)
		}
	}
}

func TestAbbreviated(t *testing.T) {
	for d, want := range map[string]string{"sha256:0123456789abcdef": "sha256:0123456789ab", "sha256:0123456789ab": "sha256:0123456789ab", "sha256:01": "sha256:01", "": "", "0123456789abcdef": "0123456789abcdef", ":0123456789abcdef": ":0123456789ab"} {
		if got := abbreviated(d); got != want {
			t.Errorf("%q: %q, want %q", d, got, want)
		}
	}
}

// A variable is another one if its name only begins with that name.
func TestVariablesInTexts(t *testing.T) {
	for _, c := range []struct {
		text, name string
		want       bool
	}{
		{"RUN $V", "V", true}, {"RUN ${V}", "V", true}, {"RUN ${V:-x}", "V", true}, {"RUN $V/x", "V", true}, {"RUN $V$W", "W", true}, {"RUN ${W}x$V", "V", true},
		{"RUN $VERSION", "V", false}, {"RUN $V_", "V", false}, {"RUN $V0", "V", false}, {"RUN $V9", "V", false}, {"RUN $Va", "V", false}, {"RUN $Vz", "V", false}, {"RUN $VA", "V", false}, {"RUN $VZ", "V", false},
		{"RUN $V:", "V", true}, {"RUN $V@", "V", true}, {"RUN $V[", "V", true}, {"RUN $V`", "V", true}, {"RUN $V{", "V", true}, // the neighbours of digits and letters
		{"RUN V", "V", false}, {"RUN V $", "V", false}, {"RUN $xV", "V", false}, {"RUN $", "V", false}, {"", "V", false},
	} {
		if got := uses(c.text, c.name); got != c.want {
			t.Errorf("%q uses %s: %t", c.text, c.name, got)
		}
	}
	for _, c := range []struct {
		text, name string
		want       bool
	}{{"ENV A=b C=d", "A", true}, {"ENV A=b C=d", "C", true}, {"ENV A b", "A", true}, {"ENV AB=b", "A", false}, {"ENV B=A", "A", false}, {"ENV A=b", "b", false}} {
		if got := mentions(c.text, c.name); got != c.want {
			t.Errorf("%q mentions %s: %t", c.text, c.name, got)
		}
	}
}

func instructions(t *testing.T, list string) []dockerfile.Instruction {
	t.Helper()
	if list == "" {
		return nil
	}
	f, err := dockerfile.Parse([]byte("FROM a\n" + strings.ReplaceAll(list, "; ", "\n") + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return f.Stages[0].Instructions
}

// Which instruction of the last build is which of this one.
func TestPair(t *testing.T) {
	for _, c := range []struct{ old, now, want string }{
		{"RUN a; RUN b", "RUN a; RUN b", "0 1"},
		{"RUN a; RUN b", "RUN b", "1"},
		{"RUN b", "RUN a; RUN b", "-1 0"},
		{"RUN a; RUN b; RUN c", "RUN a; RUN x; RUN c", "0 1 2"},
		{"RUN a; COPY f /; RUN c", "RUN a; RUN x; RUN c", "0 -1 2"},
		{"RUN a; COPY f /; RUN b; RUN c", "RUN a; RUN x; COPY g /; RUN c", "0 2 -1 3"},
		{"RUN a; RUN b; RUN c", "RUN c; RUN a; RUN b", "-1 0 1"},
		{"RUN a; RUN b", "RUN x; RUN y", "0 1"},
		{"RUN a; RUN b; RUN b", "RUN b; RUN b; RUN b", "1 2 -1"},
		{"RUN a; WORKDIR /x; RUN b", "WORKDIR /y; RUN b; RUN z", "1 2 -1"},
		{"RUN a", "RUN a; RUN b; RUN c", "0 -1 -1"},
		{"RUN a; RUN b; RUN c", "RUN a", "0"},
		{"RUN a; RUN b; COPY c /; RUN d", "COPY c /; RUN a; RUN b; RUN d", "-1 0 1 3"},
		{"", "RUN a", "-1"},
		{"RUN a", "", ""},
	} {
		got := fmt.Sprint(pair(instructions(t, c.old), instructions(t, c.now)))
		if got != "["+c.want+"]" {
			t.Errorf("%s -> %s: %s, want %s", c.old, c.now, got, c.want)
		}
	}
	// Longer than a table may be: those in the same place.
	long := slices.Repeat(instructions(t, "RUN a"), 1100)
	if got := pair(long, long[:1000]); len(got) != 1000 || got[0] != 0 || got[999] != 999 {
		t.Errorf("%v", got)
	}
	if got := pair(long[:1000], long); len(got) != 1100 || got[999] != 999 || got[1000] != -1 {
		t.Errorf("%v", got)
	}
}

// Which stage of the last build is which of this one: by name, else by place, and the
// last is the last.
func TestStageLike(t *testing.T) {
	parse := func(names string) *dockerfile.File {
		f := &dockerfile.File{}
		for _, n := range strings.Fields(names) {
			f.Stages = append(f.Stages, dockerfile.Stage{Name: strings.Trim(n, ".")})
		}
		return f
	}
	for _, c := range []struct{ old, now, want string }{
		{"a b", "a b", "0 1"},
		{"a b", "b a", "1 0"},
		{"a b", "A B", "0 1"},
		{"a b", "x b", "0 1"},
		{"a b c", "x y z", "0 1 2"},
		{"a b c", "x y", "0 2"},
		{"a", "x y", "0 -1"},
		{"a a b", "a a b", "0 1 2"},
		{"a b a", "a a b", "0 2 1"},
		{". .", ". . .", "0 1 -1"},
	} {
		old, now := parse(c.old), parse(c.now)
		var got []string
		for n := range now.Stages {
			got = append(got, fmt.Sprint(stageLike(old, now, n)))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s -> %s: %s, want %s", c.old, c.now, s, c.want)
		}
	}
}

// Which instruction may be asked for which step.
func TestFits(t *testing.T) {
	for _, c := range []struct {
		step, keywords string // all that it fits
	}{
		{"[2/3] RUN make", "RUN"},
		{"[build 2/3] run make", "RUN"},
		{"LINK COPY a /", "COPY"},
		{"[2/3] LINK COPY a /", "COPY"},
		{"[2/3] ADD a /", "ADD"},
		{"[2/3] WORKDIR /x", "WORKDIR"},
		{"[2/3] ONBUILD RUN x", "FROM"},
		{"[1/3] FROM a", "FROM RUN COPY ADD WORKDIR"},
		{"[internal] load build context", "FROM RUN COPY ADD WORKDIR"},
		{"", "FROM RUN COPY ADD WORKDIR"},
		{"RUN", "RUN"},
	} {
		var got []string
		for _, k := range []string{"FROM", "RUN", "COPY", "ADD", "WORKDIR", "ENV", "LABEL"} {
			if fits(&engine.Op{Name: c.step}, &Line{Keyword: k}) {
				got = append(got, k)
			}
		}
		if s := strings.Join(got, " "); s != c.keywords {
			t.Errorf("%q fits %s, not %s", c.step, s, c.keywords)
		}
	}
}

// What the steps of a line come to: its seconds, those of a cold build, and whether it
// came from the cache.
func TestTake(t *testing.T) {
	type given struct {
		kind string
		s    engine.Step
	}
	ran := func(d string, busy float64) engine.Step {
		return engine.Step{Digest: d, Start: 1, End: 1 + busy, Busy: busy}
	}
	hit := func(d string) engine.Step { return engine.Step{Digest: d, Cached: true} }
	cold := map[string]float64{"a": 5, "b": 7}
	for _, c := range []struct {
		name  string
		steps []given
		want  string // seconds, cold, cached, ran, error
	}{
		{"it ran", []given{{"exec", ran("a", 2)}}, "2 2 false true "},
		{"it came from the cache", []given{{"exec", hit("a")}}, "0 5 true true "},
		{"from the cache, and how long it took is not known", []given{{"exec", hit("x")}}, "0 – true true "},
		{"both ran", []given{{"exec", ran("a", 2)}, {"exec", ran("b", 3)}}, "5 5 false true "},
		{"both came from the cache", []given{{"exec", hit("a")}, {"exec", hit("b")}}, "0 12 true true "},
		{"one ran", []given{{"exec", hit("a")}, {"exec", ran("b", 3)}}, "3 8 false true "},
		{"the first ran", []given{{"exec", ran("a", 2)}, {"exec", hit("b")}}, "2 9 false true "},
		{"one is not known", []given{{"exec", hit("x")}, {"exec", ran("b", 3)}}, "3 – false true "},
		{"the second is not known", []given{{"exec", ran("b", 3)}, {"exec", hit("x")}}, "3 – false true "},
		{"fetched again, the result from the cache", []given{{"http", ran("a", 2)}, {"file", hit("b")}}, "2 9 true true "},
		{"the result from the cache, fetched again", []given{{"file", hit("b")}, {"http", ran("a", 2)}}, "2 9 true true "},
		{"only fetched", []given{{"image", ran("a", 2)}}, "2 2 false true "},
		{"fetched from the cache, and carried out", []given{{"image", hit("a")}, {"exec", ran("b", 3)}}, "3 8 false true "},
		{"it never began", []given{{"exec", engine.Step{Digest: "a"}}}, "0 – false false "},
		{"ended by another's failure", []given{{"exec", engine.Step{Digest: "a", Start: 1, End: 2, Busy: 1, Error: "context canceled"}}}, "0 – false false "},
		{"it failed", []given{{"exec", engine.Step{Digest: "a", Start: 1, Busy: 1, Error: "exit code: 1"}}}, "1 1 false true exit code: 1"},
	} {
		l := &Line{Keyword: "RUN"}
		for _, g := range c.steps {
			l.take(&engine.Op{Digest: g.s.Digest, Key: g.s.Digest, Kind: g.kind}, &g.s, cold)
		}
		cold := "–"
		if l.Cold != nil {
			cold = fmt.Sprint(*l.Cold)
		}
		if got := fmt.Sprint(l.Seconds, " ", cold, " ", l.Cached, " ", l.Ran, " ", l.Error); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
