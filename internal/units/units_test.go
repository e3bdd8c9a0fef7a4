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
	}{{51, 100, "−49%"}, {149, 100, "+49%"}, {100, 100, "0%"}, {9999, 10000, "−0%"}, {10001, 10000, "+0%"}, {5, 0, ""}} {
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
