package units

import "testing"

func TestMaterial(t *testing.T) {
	for in, want := range map[string]Material{
		"0": {}, "1%,100kB": Threshold, "2%": {Part: .02}, "5MB": {Bytes: 5_000_000}, " 10 kB , 0.5% ": {Part: .005, Bytes: 10_000}, "0%": {}, "100%": {Part: 1},
	} {
		m := Material{Part: 9, Bytes: 9}
		if err := m.Set(in); err != nil || m != want {
			t.Errorf("%q: %+v, %v", in, m, err)
		}
		again := Material{}
		if err := again.Set(m.String()); err != nil || again != m {
			t.Errorf("%q is printed as %q, which reads as %+v, %v", in, m.String(), again, err)
		}
	}
	for _, in := range []string{"", "x", "1%%", "-1%", "101%", "NaN%", "-5", "1%,", "%"} {
		m := Threshold
		if err := m.Set(in); err == nil || m != Threshold {
			t.Errorf("%q: %+v, %v", in, m, err)
		}
	}
	for _, c := range []struct {
		m        Material
		n, whole int64
		want     bool
	}{
		{Threshold, 100_000, 10_000_000, true}, {Threshold, 99_999, 1, false}, {Threshold, 100_000, 10_000_001, false}, {Threshold, -100_000, -10_000_000, true},
		{Material{}, 1, 1 << 50, true}, {Material{}, 0, 5, false}, {Material{Part: .5}, 1, 2, true}, {Material{Part: .5}, 1, 3, false}, {Material{Bytes: 5}, 5, 0, true}, {Material{Bytes: 5}, 4, 0, false},
	} {
		if got := c.m.Of(c.n, c.whole); got != c.want {
			t.Errorf("%+v of %d of %d: %v", c.m, c.n, c.whole, got)
		}
	}
	if m := new(Material); *m.Default() != Threshold || m.Type() == "" {
		t.Errorf("%+v", m)
	}
}
