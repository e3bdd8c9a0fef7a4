package units

import (
	"cmp"
	"encoding/json"
	"strconv"
)

// Amount is a number of bytes that may not be known. The zero Amount is 0 bytes, known.
// What is not known stays so in every sum: a part of a sum is never shown as the whole.
type Amount struct {
	n       int64
	unknown bool
}

// Known is an amount of n bytes.
func Known(n int64) Amount { return Amount{n: n} }

// Unknown is the amount that nobody knows.
func Unknown() Amount { return Amount{unknown: true} }

// Int is the number of bytes; ok is false if it is not known.
func (a Amount) Int() (n int64, ok bool) { return a.n, !a.unknown }

// Known tells whether the number is known.
func (a Amount) Known() bool { return !a.unknown }

// Or is the number of bytes, or n if it is not known.
func (a Amount) Or(n int64) int64 {
	if a.unknown {
		return n
	}
	return a.n
}

// Plus is the sum of both; it is unknown if either is.
func (a Amount) Plus(b Amount) Amount {
	if a.unknown || b.unknown {
		return Unknown()
	}
	return Known(a.n + b.n)
}

// Minus is the difference; it is unknown if either is.
func (a Amount) Minus(b Amount) Amount {
	if a.unknown || b.unknown {
		return Unknown()
	}
	return Known(a.n - b.n)
}

// Compare orders amounts for cmp: what is not known is less than anything that is.
func (a Amount) Compare(b Amount) int {
	switch {
	case a.unknown && b.unknown:
		return 0
	case a.unknown:
		return -1
	case b.unknown:
		return 1
	}
	return cmp.Compare(a.n, b.n)
}

// Text prints the number with print, and what is not known as a dash.
func (a Amount) Text(print func(int64) string) string {
	if a.unknown {
		return "–"
	}
	return print(a.n)
}

// String implements fmt.Stringer: digits alone, or a dash.
func (a Amount) String() string {
	return a.Text(func(n int64) string { return strconv.FormatInt(n, 10) })
}

// MarshalJSON implements json.Marshaler: an integer, or null for what is not known.
func (a Amount) MarshalJSON() ([]byte, error) {
	if a.unknown {
		return []byte("null"), nil
	}
	return strconv.AppendInt(nil, a.n, 10), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (a *Amount) UnmarshalJSON(b []byte) error {
	var n *int64
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	*a = Unknown()
	if n != nil {
		*a = Known(*n)
	}
	return nil
}
