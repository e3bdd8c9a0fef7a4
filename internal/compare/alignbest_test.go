package compare

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The lines that a history gets fit as well as any assignment in order does; each line is
// given once, and what is no line's stays free.
func TestAlignFitsBest(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	texts := []string{"RUN a", "RUN b", "RUN a b", "RUN a b c", "COPY a", "COPY b c", "CMD", "USER"}
	var best func(lines, history []string) float64
	best = func(lines, history []string) float64 {
		if len(lines) == 0 || len(history) == 0 {
			return 0
		}
		out := max(best(lines[1:], history), best(lines, history[1:]))
		if s := likeness(lines[0], history[0]); s > 0 {
			out = max(out, s+best(lines[1:], history[1:]))
		}
		return out
	}
	for range 400 {
		var lines, history []string
		for range r.IntN(6) {
			lines = append(lines, texts[r.IntN(len(texts))])
		}
		for range r.IntN(6) {
			history = append(history, texts[r.IntN(len(texts))])
		}
		owner, unsure := Align(lines, history)
		sum, last := 0.0, -1
		for j, at := range owner {
			if at < 0 {
				if unsure[j] {
					t.Fatalf("%v: %d is nobody's, and not sure", history, j)
				}
				continue
			}
			s := likeness(lines[at], history[j])
			if at <= last || s == 0 || unsure[j] != (s < 1.5) {
				t.Fatalf("%q for %q after line %d of %d, unsure %v", lines[at], history[j], last, at, unsure[j])
			}
			sum, last = sum+s, at
		}
		if want := best(lines, history); math.Abs(sum-want) > 1e-9 {
			t.Fatalf("%v: %v fits, best is %v", history, sum, want)
		}
	}
}

// Past a bound nothing is assigned, so that the table of the alignment stays small; below
// it even a long file is.
func TestAlignIsBounded(t *testing.T) {
	for _, c := range []struct {
		n    int
		want int
	}{{1000, 0}, {2100, -1}} {
		texts := make([]string, c.n)
		for i := range texts {
			texts[i] = "X"
		}
		if owner, _ := Align(texts, texts); len(owner) != c.n || owner[0] != c.want {
			t.Errorf("%d lines: the first step is of line %d, want %d", c.n, owner[0], c.want)
		}
	}
}
