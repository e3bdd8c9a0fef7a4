package compare_test

import (
	"testing"
	"time"

	"tare/internal/compare"
	"tare/internal/store"
	"tare/internal/testkit"
)

func subjects(t testing.TB) []compare.Subject {
	t.Helper()
	s := testkit.Store(t)
	var out []compare.Subject
	for n, name := range []string{"one", "two", "three"} {
		var layers [][]byte
		for k := range n + 1 {
			layers = append(layers, testkit.Numbered(t, k, 1000*(k+1)))
		}
		rec := testkit.Put(t, s, name, store.Built, testkit.Image(t, testkit.Options{Layers: layers, Compression: "none"}))
		out = append(out, compare.Subject{Name: name, Facts: testkit.Facts(t, s, rec), Build: time.Duration(n) * time.Second})
	}
	return out
}

// A + difference = B, on every measure, for every baseline, in every order.
func TestDifferencesAreExact(t *testing.T) {
	list := subjects(t)
	orders := [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}}
	for _, order := range orders {
		var given []compare.Subject
		for _, n := range order {
			given = append(given, list[n])
		}
		for base := range given {
			r, err := compare.Compare(given, compare.Options{Baseline: base})
			if err != nil {
				t.Fatal(err)
			}
			byName := map[string]*compare.Image{}
			for n := range r.Images {
				byName[r.Images[n].Name] = &r.Images[n]
			}
			seen := 0
			for _, d := range r.Differences {
				for _, m := range compare.Measures {
					if m.Name == d.Measure {
						seen++
						if from, to := m.Value(&byName[d.From].Sizes), m.Value(&byName[d.To].Sizes); from.Plus(d.Total) != to {
							t.Errorf("%s: %s %v + %v is not %s %v", m.Name, d.From, from, d.Total, d.To, to)
						}
					}
				}
			}
			if want := len(given) * (len(given) - 1) / 2 * len(compare.Measures); seen != want {
				t.Errorf("%d differences, want %d", seen, want)
			}
			for _, s := range list {
				if byName[s.Name].Sizes != s.Facts.Sizes {
					t.Errorf("the order changes what %s measures", s.Name)
				}
			}
		}
	}
}

func TestWithItself(t *testing.T) {
	one := subjects(t)[0]
	again := one
	again.Name = "one#2"
	r, err := compare.Compare([]compare.Subject{one, again}, compare.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range r.Differences {
		if d.Bytes() != 0 {
			t.Errorf("%+v", d)
		}
	}
}

func TestNoSuchBaseline(t *testing.T) {
	if _, err := compare.Compare(nil, compare.Options{}); err == nil {
		t.Error("no error")
	}
}
