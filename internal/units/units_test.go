package units

import (
	"math"
	"strings"
	"testing"
	"testing/quick"
	"time"
)

func TestBytesAsDockerPrints(t *testing.T) {
	for n, want := range map[int64]string{0: "0B", 36: "36B", 135: "135B", 1000: "1kB", 7798141: "7.8MB", 42061884: "42.1MB", 124988029: "125MB", 430721747: "431MB", 1.3e9: "1.3GB", -2500: "−2.5kB"} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestPercent(t *testing.T) {
	for _, c := range []struct {
		n, base int64
		want    string
	}{{51, 100, "−49%"}, {149, 100, "+49%"}, {100, 100, "0%"}, {5, 0, ""}, {0, 0, ""}, {0, 7, "−100%"}, {1, 0, ""},
		{9999, 10000, "−0.01%"}, {10001, 10000, "+0.01%"}, {1_000_000_001, 1_000_000_000, "+<0.01%"}, {999_999_999, 1_000_000_000, "−<0.01%"},
		{10_040, 10_000, "+0.4%"}, {10_096, 10_000, "+1%"}, {9_994, 10_000, "−0.06%"}, {1_820_000, 415_000_000, "−99.6%"}, {4, 100_000, "−>99.99%"}, {30, 100_000, "−99.97%"}, {96, 10_000, "−99%"},
		{300, 100, "+200%"}, {19_900, 100, "+19800%"}, {math.MaxInt64, 1, "+922337203685477580800%"}, {1, math.MaxInt64, "−>99.99%"}} {
		if got := Percent(c.n, c.base); got != c.want {
			t.Errorf("Percent(%d, %d) = %q, want %q", c.n, c.base, got, c.want)
		}
	}
}

func TestTheLeastNumber(t *testing.T) {
	for _, s := range []string{Bytes(math.MinInt64), Exact(math.MinInt64), Delta(math.MinInt64)} {
		if !strings.HasPrefix(s, Minus+"9") {
			t.Error(s)
		}
	}
}

func TestExactHasAllDigits(t *testing.T) {
	f := func(n int64) bool {
		s := Exact(n)
		plain := strings.ReplaceAll(strings.ReplaceAll(s, ",", ""), Minus, "-")
		want := strings.TrimSpace(strings.Join([]string{itoa(n)}, ""))
		return n == -1<<63 || plain == want
	}
	if err := quick.Check(f, nil); err != nil {
		t.Error(err)
	}
}

func itoa(n int64) string {
	if n < 0 {
		return "-" + itoa(-n)
	}
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}

func TestAgo(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		t    time.Time
		want string
	}{
		{time.Time{}, "N/A"}, {time.Unix(0, 0), "N/A"},
		{now.Add(-14 * 24 * time.Hour), "2 weeks ago"},
		{now.Add(time.Hour), "Less than a second ago"}, // the clock was set back
	} {
		if got := Ago(c.t, now); got != c.want {
			t.Errorf("Ago(%s) = %q, want %q", c.t, got, c.want)
		}
	}
}

func TestParse(t *testing.T) {
	if n, err := ParseBytes("512m"); err != nil || n != 512<<20 {
		t.Errorf("512m = %d, %v", n, err)
	}
	if n, err := ParseSI("20GB"); err != nil || n != 20e9 {
		t.Errorf("20GB = %d, %v", n, err)
	}
	for _, bad := range []string{"", "x", "-5", "12q"} {
		if _, err := ParseBytes(bad); err == nil {
			t.Errorf("ParseBytes(%q) did not fail", bad)
		}
	}
}

// Whatever differs is never printed as equal, whatever is there never as gone.
func TestPercentNeverLies(t *testing.T) {
	f := func(a, b uint32, shift uint8) bool {
		n, base := int64(a>>(shift%32)), int64(b)
		for _, n := range []int64{n, base - n%7, base + n%1000} {
			s := Percent(n, base)
			zero, gone := s == "0%" || s == "+0%" || s == Minus+"0%", s == Minus+"100%"
			if base != 0 && (zero != (n == base) || gone != (n == 0) || strings.HasPrefix(s, "+") != (n > base)) {
				t.Logf("Percent(%d, %d) = %q", n, base, s)
				return false
			}
		}
		return true
	}
	if err := quick.Check(f, &quick.Config{MaxCount: 20000}); err != nil {
		t.Error(err)
	}
}

func TestChange(t *testing.T) {
	for r, want := range map[float64]string{1: "0%", 0.9: "−10%", 5.71: "+471%", 0: "−100%", 1.0004: "+0.04%", 0.001: "−99.9%", math.Inf(1): "", math.NaN(): "", -1: ""} {
		if got := Change(r); got != want {
			t.Errorf("Change(%v) = %q, want %q", r, got, want)
		}
	}
}

func TestPair(t *testing.T) {
	for _, c := range []struct {
		a, b       int64
		want, also string
	}{{191_030_500, 191_000_000, "191.03MB", "191MB"}, {1, 2, "1B", "2B"}, {5, 5, "5B", "5B"}, {1_000_000_001, 1_000_000_000, "1,000,000,001B", "1,000,000,000B"}} {
		if x, y := Pair(c.a, c.b); x != c.want || y != c.also {
			t.Errorf("Pair(%d, %d) = %q, %q", c.a, c.b, x, y)
		}
	}
	f := func(a int64, d uint16) bool {
		x, y := Pair(a/2, a/2+int64(d))
		return (x == y) == (d == 0)
	}
	if err := quick.Check(f, nil); err != nil {
		t.Error(err)
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct{ got, want string }{{Plural(1, "layer"), "1 layer"}, {Plural(4, "layer"), "4 layers"}, {Plural(int64(2), "copy"), "2 copies"}, {Plural(0, "day"), "0 days"}, {Word(1, "copy"), "copy"}} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	for in, want := range map[string]string{"sha256:0123456789abcdef": "0123456789ab", "0123456789abcdef": "0123456789ab", "sha256:01": "01", "": ""} {
		if got := ShortID(in); got != want {
			t.Errorf("ShortID(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestOf(t *testing.T) {
	for _, c := range [][3]string{{"710MB", "962MB", "710 of 962MB"}, {"312MB", "1.41GB", "312MB of 1.41GB"}, {"9kB", "962B", "9kB of 962B"}, {"7B", "9B", "7 of 9B"}, {"1,000", "2,000", "1,000 of 2,000"}} {
		if got := Of(c[0], c[1]); got != c[2] {
			t.Errorf("%s of %s: %q, want %q", c[0], c[1], got, c[2])
		}
	}
}
