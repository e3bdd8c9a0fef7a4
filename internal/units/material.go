package units

import (
	"fmt"
	"strconv"
	"strings"
)

// Material is how much a number of bytes must be for a sentence or a finding to be about
// it: at least a part of the whole, and at least a number of bytes.
type Material struct {
	Part  float64 // from 0 to 1
	Bytes int64
}

// Threshold is what is material where nobody says otherwise.
var Threshold = Material{Part: 0.01, Bytes: 100_000}

// Default sets m to the Threshold, for a flag, and returns it.
func (m *Material) Default() *Material {
	*m = Threshold
	return m
}

// Of tells whether n bytes of whole are material. Nothing is not, whatever the bounds.
func (m Material) Of(n, whole int64) bool {
	n, whole = max(n, -n), max(whole, -whole)
	return n > 0 && n >= m.Bytes && float64(n) >= m.Part*float64(whole)
}

// String is the form that Set reads.
func (m *Material) String() string {
	return strconv.FormatFloat(100*m.Part, 'g', -1, 64) + "%," + Bytes(m.Bytes)
}

// Set reads "1%,100kB", either of them alone, or 0 for both. It returns an error for
// anything else.
func (m *Material) Set(s string) error {
	var out Material
	for word := range strings.SplitSeq(s, ",") {
		word = strings.TrimSpace(word)
		if percent, ok := strings.CutSuffix(word, "%"); ok {
			p, err := strconv.ParseFloat(strings.TrimSpace(percent), 64)
			if err != nil || !(p >= 0 && p <= 100) {
				return fmt.Errorf("%q: want a percentage from 0%% to 100%%", word)
			}
			out.Part = p / 100
			continue
		}
		n, err := ParseSI(word)
		if err != nil {
			return fmt.Errorf("%q: want a percentage, bytes or both, such as 1%%,100kB", word)
		}
		out.Bytes = n
	}
	*m = out
	return nil
}

// Type is the name of such values in help texts.
func (*Material) Type() string { return "size" }
