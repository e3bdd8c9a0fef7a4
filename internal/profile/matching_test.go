package profile

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"tare/internal/dockerfile"
	"tare/internal/engine"
)

// The lines that a history gets fit as well as any assignment in order does; each line is
// given once, and what is no line's stays free.
func TestAlignFitsBest(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	texts := []string{"RUN a", "RUN b", "RUN a b", "RUN a b c", "COPY a", "COPY b c", "CMD", "USER"}
	var best func(lines []*Line, history []History) float64
	best = func(lines []*Line, history []History) float64 {
		if len(lines) == 0 || len(history) == 0 {
			return 0
		}
		out := max(best(lines[1:], history), best(lines, history[1:]))
		if s := likeness(lines[0].Text, history[0].Instruction); s > 0 {
			out = max(out, s+best(lines[1:], history[1:]))
		}
		return out
	}
	for range 400 {
		var lines []*Line
		var history []History
		for range r.IntN(6) {
			lines = append(lines, &Line{Text: texts[r.IntN(len(texts))]})
		}
		for range r.IntN(6) {
			history = append(history, History{Instruction: texts[r.IntN(len(texts))]})
		}
		owner, unsure := align(lines, history)
		sum, last := 0.0, -1
		for j, l := range owner {
			if l == nil {
				if unsure[j] {
					t.Fatalf("%v: %d is nobody's, and not sure", history, j)
				}
				continue
			}
			s := likeness(l.Text, history[j].Instruction)
			at := slices.Index(lines, l)
			if at <= last || s == 0 || unsure[j] != (s < 1.5) {
				t.Fatalf("%q for %q after line %d of %d, unsure %v", l.Text, history[j].Instruction, last, at, unsure[j])
			}
			sum, last = sum+s, at
		}
		if want := best(lines, history); math.Abs(sum-want) > 1e-9 {
			t.Fatalf("%v: %v fits, best is %v", history, sum, want)
		}
	}
}

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
