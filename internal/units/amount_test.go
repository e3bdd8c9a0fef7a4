package units_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"testing/quick"

	"tare/internal/units"
)

func TestAmountAsJSON(t *testing.T) {
	type document struct {
		Transfer units.Amount `json:"transfer"`
	}
	for _, c := range []struct {
		a    units.Amount
		want string
		text string
	}{
		{units.Known(81_600_000), `{"transfer":81600000}`, "81600000"},
		{units.Known(-3), `{"transfer":-3}`, "-3"},
		{units.Amount{}, `{"transfer":0}`, "0"},
		{units.Unknown(), `{"transfer":null}`, "–"},
	} {
		b, err := json.Marshal(document{c.a})
		if err != nil || string(b) != c.want || c.a.String() != c.text || fmt.Sprint(c.a) != c.text {
			t.Errorf("%v is %s (%v), want %s", c.a, b, err, c.want)
		}
		back := document{units.Known(7)}
		if err := json.Unmarshal(b, &back); err != nil || back.Transfer != c.a {
			t.Errorf("%s reads as %v (%v), want %v", b, back.Transfer, err, c.a)
		}
	}
	if err := json.Unmarshal([]byte(`{"transfer":"much"}`), new(document)); err == nil {
		t.Error("a word was read as an amount")
	}
}

// A sum is known exactly if all of its parts are, and then it is the sum of them.
func TestSumsOfAmounts(t *testing.T) {
	sums := func(parts []int32, gaps []bool) bool {
		var sum units.Amount
		want, known := int64(0), true
		for i, n := range parts {
			if i < len(gaps) && gaps[i] {
				sum, known = sum.Plus(units.Unknown()), false
				continue
			}
			sum, want = sum.Plus(units.Known(int64(n))), want+int64(n)
		}
		n, ok := sum.Int()
		if ok != known || ok != sum.Known() || ok && n != want {
			return false
		}
		less := units.Known(9).Minus(sum)
		return less.Known() == known && (!known || less == units.Known(9-want)) && !sum.Minus(units.Unknown()).Known() && sum.Or(-1) == map[bool]int64{true: want, false: -1}[known]
	}
	if err := quick.Check(sums, nil); err != nil {
		t.Error(err)
	}
}

func TestAmountsCompare(t *testing.T) {
	order := []units.Amount{units.Unknown(), units.Known(-1), units.Known(0), units.Known(5)}
	for i, a := range order {
		for j, b := range order {
			if got, want := a.Compare(b), map[bool]int{true: 1, false: 0}[i > j]-map[bool]int{true: 1, false: 0}[i < j]; got != want {
				t.Errorf("%v against %v is %d, want %d", a, b, got, want)
			}
		}
	}
}
