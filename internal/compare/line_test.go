package compare

import "testing"

// A line is named only if the Dockerfile has that instruction once.
func TestLine(t *testing.T) {
	s := Subject{Lines: []Line{{"RUN  apk add  python3", 4}, {"RUN true", 5}, {"RUN true", 6}}}
	for instruction, want := range map[string]int{"RUN apk add python3": 4, "RUN true": 0, "RUN false": 0, "": 0} {
		if got := s.line(instruction); got != want {
			t.Errorf("%q is in line %d, want %d", instruction, got, want)
		}
	}
}
