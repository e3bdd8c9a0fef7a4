package units_test

import (
	"testing"

	"tare/internal/units"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "1", "512m", "2g", "1.5GB", "-1", "1e9", "0x1", "9223372036854775807", "99999999999999999999t", "１"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, parse := range []func(string) (int64, error){units.ParseBytes, units.ParseSI} {
			if n, err := parse(s); err == nil {
				if n < 0 {
					t.Fatalf("%q is %d", s, n)
				}
				_ = units.Bytes(n) + units.Exact(n) + units.Delta(-n)
			}
		}
	})
}
