// Package units prints and parses numbers of bytes and spans of time the way
// Docker's command line does, so that tare's tables can be read beside Docker's.
package units

import (
	"fmt"
	"math"
	"strings"
	"time"

	gounits "github.com/docker/go-units"
)

// Minus is the sign that tare prints before negative numbers (U+2212): it is as
// wide as a digit and a plus sign in every font, which keeps columns straight.
const Minus = "−"

// Bytes prints n bytes in SI units (1 MB = 1,000,000 bytes) with three
// significant digits, as `docker images` does: 0 is "0B", 54063011 is "54.1MB".
func Bytes(n int64) string {
	return bytesTo(n, 3)
}

func bytesTo(n int64, digits int) string {
	if n < 0 {
		return Minus + bytesTo(-max(n, -math.MaxInt64), digits) // the least of all has no opposite
	}
	return gounits.HumanSizeWithPrecision(float64(n), digits)
}

// Exact prints n bytes in full with thin groups of three digits: 54,063,011.
func Exact(n int64) string {
	if n < 0 {
		return Minus + Exact(-max(n, -math.MaxInt64))
	}
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Delta prints a difference of n bytes with its sign: "+1.2kB", "−22MB", "0B".
func Delta(n int64) string {
	if n > 0 {
		return "+" + Bytes(n)
	}
	return Bytes(n)
}

// ParseBytes reads a number of bytes as Docker's -m flag does: a plain number,
// or one with the binary suffixes b, k, m, g, t ("512m" is 512 MiB). It returns
// an error for anything else and for negative numbers.
func ParseBytes(s string) (int64, error) {
	n, err := gounits.RAMInBytes(s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number of bytes (use 512m, 2g, 1048576)", s)
	}
	if n < 0 {
		return 0, fmt.Errorf("%q is negative", s)
	}
	return n, nil
}

// ParseSI reads a number of bytes with decimal suffixes ("20GB" is
// 20,000,000,000), as Docker's prune limits are written.
func ParseSI(s string) (int64, error) {
	n, err := gounits.FromHumanSize(s)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not a number of bytes (use 500MB, 20GB)", s)
	}
	return n, nil
}

// Ago prints how long before now t was, in Docker's words ("2 weeks ago"). A
// time in the future (a clock that was set back) reads "Less than a second ago".
// The zero time, and every time up to 2000-01-01, is "N/A", as in Docker.
func Ago(t, now time.Time) string {
	if t.Unix() <= time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Unix() {
		return "N/A"
	}
	return gounits.HumanDuration(max(0, now.Sub(t))) + " ago"
}

// Since is Ago for what Docker shows whatever its time is: `docker images` prints the
// age of an image of 1970, while `docker history` prints N/A.
func Since(t, now time.Time) string {
	return gounits.HumanDuration(max(0, now.Sub(t))) + " ago"
}

// Seconds prints a duration in seconds with a precision that fits its size:
// "0.08 s", "3.2 s", "184 s".
func Seconds(d time.Duration) string {
	s := d.Seconds()
	switch {
	case s < 1:
		return fmt.Sprintf("%.2f s", s)
	case s < 100:
		return fmt.Sprintf("%.1f s", s)
	}
	return fmt.Sprintf("%.0f s", s)
}

// Plural prints n and the word in the number that fits: "1 layer", "4 layers",
// "2 copies".
func Plural[N int | int64](n N, word string) string {
	return fmt.Sprint(n) + " " + Word(n, word)
}

// Word is the word in the number that fits n things.
func Word[N int | int64](n N, word string) string {
	switch {
	case n == 1:
		return word
	case strings.HasSuffix(word, "y") && !strings.HasSuffix(word, "ay") && !strings.HasSuffix(word, "ey"):
		return strings.TrimSuffix(word, "y") + "ies"
	}
	return word + "s"
}

// Of is one printed number of bytes of another, with the unit once if both have the same:
// "710 of 962MB".
func Of(n, whole string) string {
	unit := strings.TrimLeft(whole, "0123456789.,")
	if short, ok := strings.CutSuffix(n, unit); ok && strings.Trim(short, "0123456789.,") == "" {
		n = short
	}
	return n + " of " + whole
}

// ShortID is the 12 digits that Docker prints of an ID or a digest.
func ShortID(id string) string {
	if _, hex, ok := strings.Cut(id, ":"); ok {
		id = hex
	}
	return id[:min(12, len(id))]
}
