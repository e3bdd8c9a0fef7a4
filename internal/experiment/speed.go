package experiment

import "slices"

// speed is how long the fixed work takes in b as a part of what it takes in a; 1 where
// one of them has no figures.
func speed(a, b *Record) float64 {
	if len(a.Calibration) == 0 || len(b.Calibration) == 0 {
		return 1
	}
	return median(b.Calibration) / median(a.Calibration)
}

func median(list []float64) float64 {
	s := slices.Sorted(slices.Values(list))
	n := len(s)
	if n%2 == 1 {
		return s[n/2]
	}
	return (s[n/2-1] + s[n/2]) / 2
}
