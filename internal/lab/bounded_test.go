package lab

import (
	"strings"
	"testing"
)

// Of a program that says much the beginning is kept, and that there was more.
func TestBounded(t *testing.T) {
	for _, c := range []struct {
		said []string
		want string
	}{
		{nil, ""},
		{[]string{"one ", "two"}, "one two"},
		{[]string{strings.Repeat("x", maxOutput)}, strings.Repeat("x", maxOutput)},
		{[]string{strings.Repeat("x", maxOutput-1), "yz", "!"}, strings.Repeat("x", maxOutput-1) + "y\n… (65538 bytes in all)"},
		{[]string{"a\xffb"}, "a\uFFFDb"},
	} {
		var w bounded
		for _, s := range c.said {
			if n, err := w.Write([]byte(s)); n != len(s) || err != nil {
				t.Errorf("%d, %v", n, err)
			}
		}
		if got := w.text(); got != c.want {
			t.Errorf("%d writes: %d bytes, ends with %q", len(c.said), len(got), got[max(0, len(got)-40):])
		}
	}
}
