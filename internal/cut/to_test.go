package cut

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// Wide characters take two columns, and a cut text never takes more than it may.
func TestWaysToCut(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		how  Way
		want string
	}{
		{"short", 5, Middle, "short"},
		{"short", 5, End, "short"},
		{"python3.12", 7, Middle, "pyt….12"},
		{"python3.12", 8, Middle, "pyth….12"},
		{"python3.12", 3, Middle, "p…2"},
		{"python3.12", 2, Middle, "python3.12"}, // no room for a mark: left to the caller
		{"RUN make install", 8, End, "RUN mak…"},
		{"包包包包", 8, Middle, "包包包包"},
		{"包包包包", 7, Middle, "包包…包"},
		{"包包包包", 5, End, "包包…"},
		{"a包包b", 5, Middle, "a包…b"},
		{"file", 3, Path, "…le"},
	} {
		if got := To(c.text, c.n, c.how); got != c.want {
			t.Errorf("%q in %d: %q, want %q", c.text, c.n, got, c.want)
		}
	}
}

func TestClipKeepsBothEnds(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	letters := []rune("ab包é…")
	for range 3000 {
		var b strings.Builder
		for range 1 + rng.IntN(30) {
			b.WriteRune(letters[rng.IntN(len(letters))])
		}
		s, n := b.String(), 3+rng.IntN(30)
		got := Clip(s, n)
		if Width(s) <= n {
			if got != s {
				t.Fatalf("%q fits in %d: %q", s, n, got)
			}
			continue
		}
		if w := Width(got); w > n || w < n-2 {
			t.Fatalf("%q in %d takes %d columns: %q", s, n, w, got)
		}
		ok := false
		for at := range got {
			head, tail := got[:at], got[at:]
			if strings.HasPrefix(tail, "…") {
				tail = strings.TrimPrefix(tail, "…")
				more := utf8.RuneCountInString(head) - utf8.RuneCountInString(tail)
				ok = ok || strings.HasPrefix(s, head) && strings.HasSuffix(s, tail) && (more == 0 || more == 1)
			}
		}
		if !ok {
			t.Fatalf("%q in %d: %q is not its two ends, equally long", s, n, got)
		}
	}
}

func TestPad(t *testing.T) {
	for _, c := range []struct{ text, right, left string }{{"ab", "ab  ", "  ab"}, {"包", "包  ", "  包"}, {"", "    ", "    "}, {"long enough", "long enough", "long enough"}} {
		if got := Pad(c.text, 4); got != c.right {
			t.Errorf("Pad(%q) = %q", c.text, got)
		}
		if got := PadLeft(c.text, 4); got != c.left {
			t.Errorf("PadLeft(%q) = %q", c.text, got)
		}
	}
}
