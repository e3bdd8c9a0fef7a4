package profile

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"tare/internal/dockerfile"
	"tare/internal/engine"
)

// What an instruction fetches for itself alone belongs to its line; what two fetch, what
// nobody takes, and what has lines of its own, does not.
func TestPlacesOfFetches(t *testing.T) {
	add := func(digest string, line int, inputs ...string) engine.Op {
		return engine.Op{Digest: digest, Kind: "file", Name: "ADD x", Lines: [][2]int{{line, line}}, Inputs: inputs}
	}
	for name, c := range map[string]struct {
		ops  []engine.Op
		want int // the line of "u"; 0 for none
	}{
		"a URL":               {[]engine.Op{{Digest: "u", Kind: "http"}, add("a", 2, "u")}, 2},
		"a repository":        {[]engine.Op{{Digest: "u", Kind: "git"}, add("a", 2, "u")}, 2},
		"an image":            {[]engine.Op{{Digest: "u", Kind: "image"}, add("a", 2, "u")}, 0},
		"of two lines":        {[]engine.Op{{Digest: "u", Kind: "http"}, add("a", 2, "u"), add("b", 3, "u")}, 0},
		"of one line twice":   {[]engine.Op{{Digest: "u", Kind: "http"}, add("a", 2, "u"), add("b", 2, "u")}, 2},
		"of nobody":           {[]engine.Op{{Digest: "u", Kind: "http"}, add("a", 2)}, 0},
		"with a line its own": {[]engine.Op{{Digest: "u", Kind: "http", Name: "ADD y", Lines: [][2]int{{3, 3}}}, add("a", 2, "u")}, 3},
	} {
		lines := map[int]*Line{2: {Lines: [2]int{2, 2}, Keyword: "ADD"}, 3: {Lines: [2]int{3, 3}, Keyword: "ADD"}}
		m := &matcher{in: Input{Ops: c.ops}, lines: lines}
		got := 0
		if at := m.places()["u"]; len(at) == 1 {
			got = at[0].Lines[0]
		} else if len(at) > 1 {
			t.Errorf("%s: %d lines", name, len(at))
		}
		if got != c.want {
			t.Errorf("%s: line %d, want %d", name, got, c.want)
		}
	}
}

// Stages are needed that have no work of their own; what another text says counts for nothing.
func TestNeededStages(t *testing.T) {
	src := "FROM scratch AS e\nENV A=b\nFROM a AS other\nRUN x\nFROM e\nCOPY f /\n"
	f, err := dockerfile.Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	in := Input{Source: []byte(src), Dockerfile: []byte(src), File: f, Ops: []engine.Op{{Digest: "c", Kind: "file", Lines: [][2]int{{6, 6}}}}}
	if got := Needed(in); !got[0] || got[1] || !got[2] {
		t.Errorf("%v", got)
	}
	in.Dockerfile, in.Ops[0].Lines = []byte("FROM x\n"), [][2]int{{4, 4}}
	if got := Needed(in); !got[0] || got[1] || !got[2] {
		t.Errorf("another text: %v", got)
	}
	r := &Result{Lines: []Line{{Lines: [2]int{2, 2}, Keyword: "RUN", Unknown: true}, {Lines: [2]int{3, 3}, Keyword: "RUN", Unknown: true, Ran: true}, {Lines: [2]int{4, 4}, Keyword: "RUN"}}}
	if got := Unknowns(r); len(got) != 1 || got[0] != "line 2 (RUN): which step the builder carried out for it is not known" {
		t.Errorf("%q", got)
	}
}

// What a history has of a line: of a here-document what stands in it, else the text.
func TestRecorded(t *testing.T) {
	for _, c := range []struct {
		l    Line
		want string
	}{
		{Line{Keyword: "RUN", Text: "RUN <<E", script: "one\ntwo\n"}, "RUN one\ntwo\n"},
		{Line{Keyword: "RUN", Text: "RUN --network=none x  && y", script: "x  && y"}, "RUN --network=none x  && y"},
		{Line{Keyword: "RUN", Text: `RUN ["cat", "<<"]`}, `RUN ["cat", "<<"]`},
		{Line{Keyword: "COPY", Text: "COPY <<E /x"}, "COPY <<E /x"},
	} {
		if got := c.l.recorded(); got != c.want {
			t.Errorf("%s: %q, want %q", c.l.Text, got, c.want)
		}
	}
}

// Of a file and a history that are too long for a table nothing is said, at once.
func TestAlignIsBounded(t *testing.T) {
	lines, history := make([]*Line, 2049), make([]History, 2049)
	for i := range lines {
		lines[i], history[i].Instruction = &Line{Text: "RUN a"}, "RUN a"
	}
	for n, want := range map[int]int{300: 300, 2049: 0} {
		owner, unsure := align(lines[:n], history[:n])
		got := 0
		for _, l := range owner {
			if l != nil {
				got++
			}
		}
		if got != want || len(owner) != n || len(unsure) != n {
			t.Errorf("%d lines: %d were found, want %d", n, got, want)
		}
	}
}

// As many instructions as can be are paired with themselves; those of the same kind between
// two pairs are paired in order, and none with one of another kind.
func TestPairFitsBest(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var common func(x, y []dockerfile.Instruction) int
	common = func(x, y []dockerfile.Instruction) int {
		switch {
		case len(x) == 0 || len(y) == 0:
			return 0
		case x[0].Text == y[0].Text:
			return 1 + common(x[1:], y[1:])
		}
		return max(common(x[1:], y), common(x, y[1:]))
	}
	draw := func() (list []dockerfile.Instruction) {
		for range r.IntN(8) {
			k := []string{"RUN", "COPY"}[r.IntN(2)]
			list = append(list, dockerfile.Instruction{Keyword: k, Text: fmt.Sprint(k, " ", r.IntN(3))})
		}
		return list
	}
	for range 400 {
		old, now := draw(), draw()
		same, last := 0, -1
		for j, i := range pair(old, now) {
			if i < 0 {
				continue
			}
			if i <= last || old[i].Keyword != now[j].Keyword {
				t.Fatalf("%v, %v: %v", old, now, pair(old, now))
			}
			if last = i; old[i].Text == now[j].Text {
				same++
			}
		}
		if want := common(old, now); same != want {
			t.Fatalf("%v, %v: %d are the same, want %d", old, now, same, want)
		}
	}
}

// Stages of more than a thousand instructions are paired by their place.
func TestPairIsBounded(t *testing.T) {
	var list []dockerfile.Instruction
	for i := range 1100 {
		list = append(list, dockerfile.Instruction{Keyword: "RUN", Text: fmt.Sprint("RUN ", i)})
	}
	for n, want := range map[int]int{300: 1, 1090: 0} {
		if got := pair(list[:n], list[1:n+1]); got[0] != want || len(got) != n { // the first is gone
			t.Errorf("%d instructions: the first was %d, want %d", n, got[0], want)
		}
	}
}
