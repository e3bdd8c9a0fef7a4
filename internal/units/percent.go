package units

import (
	"fmt"
	"math"
	"strings"
)

// Percent prints the change from base to n in percent with its sign: "−49%". What is
// not the same never reads as 0%, and only nothing at all is −100%: close to either,
// there are more digits ("+0.02%", "−99.6%"). It is empty where base is 0, since no
// percentage exists there.
func Percent(n, base int64) string {
	switch {
	case base == 0:
		return ""
	case n == base:
		return "0%"
	case n == 0:
		return Minus + "100%"
	}
	return percent((float64(n) - float64(base)) / math.Abs(float64(base)) * 100)
}

// Change prints a ratio of two measurements as Percent does: 0.9 is "−10%". It is
// empty for what is no ratio.
func Change(ratio float64) string {
	switch {
	case ratio < 0 || math.IsNaN(ratio) || math.IsInf(ratio, 0):
		return ""
	case ratio == 1:
		return "0%"
	case ratio == 0:
		return Minus + "100%"
	}
	return percent((ratio - 1) * 100)
}

// percent prints p, which is neither 0 nor (but for rounding) −100.
func percent(p float64) string {
	sign, size := "+", math.Abs(p)
	if p < 0 {
		sign = Minus
	}
	switch {
	case size < 0.01:
		return sign + "<0.01%" // a difference, but too small to be worth digits
	case size < 0.1:
		return fmt.Sprintf("%s%.2f%%", sign, size)
	case size < 0.95:
		return fmt.Sprintf("%s%.1f%%", sign, size)
	case p < 0 && size >= 99.5 && size <= 100:
		for digits := 1; digits <= 2; digits++ {
			if s := fmt.Sprintf("%.*f", digits, size); !strings.HasPrefix(s, "100") {
				return sign + s + "%"
			}
		}
		return sign + ">99.99%"
	}
	return fmt.Sprintf("%s%.0f%%", sign, size)
}

// Pair prints two numbers of bytes so that different ones read differently, with more
// digits than Bytes where three make them the same.
func Pair(a, b int64) (string, string) {
	x, y := Bytes(a), Bytes(b)
	for digits := 4; x == y && a != b && digits <= 7; digits++ {
		x, y = bytesTo(a, digits), bytesTo(b, digits)
	}
	if x == y && a != b {
		return Exact(a) + "B", Exact(b) + "B"
	}
	return x, y
}
