package experiment

// Enough is how many runs of either variant a test needs: with fewer no difference is
// significant at 0.01, however large.
const Enough = 5

// Few is how many runs there are of the variant with fewer, where that is too few to
// test; 0 if there are enough.
func Few(r *Record, t *TimedDifference) int {
	n := Enough
	for _, name := range []string{t.From, t.To} {
		if v := r.Variant(name); v != nil {
			if m := v.Measure(t.Measure); m != nil {
				n = min(n, len(m.Samples))
			}
		}
	}
	if n == Enough {
		return 0
	}
	return max(1, n)
}
