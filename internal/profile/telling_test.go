package profile_test

import (
	"strings"
	"testing"

	"tare/internal/profile"
	"tare/internal/weigh"
)

// Without bytes, seconds and savings stages and failures are told; what a line hides of
// lower layers is told with what it adds.
func TestTellingOfLittle(t *testing.T) {
	lines := []profile.Line{{Lines: [2]int{1, 1}, Keyword: "FROM"}, {Lines: [2]int{2, 2}, Keyword: "RUN"}, {Lines: [2]int{3, 3}, Keyword: "RUN", Error: "x"}, {Lines: [2]int{4, 4}, Keyword: "RUN", Bytes: profile.Bytes{Caused: 5}}}
	r := &profile.Result{Lines: lines}
	if got := r.Telling(9); len(got) != 2 || !got[1] || !got[3] {
		t.Errorf("%v", got)
	}
	r.Total.Tar = 100
	if got := r.Telling(9); len(got) != 3 || !got[4] {
		t.Errorf("%v", got)
	}
}

// More parallelism helps where something else was at work beside the path.
func TestNoGain(t *testing.T) {
	const beside, alone = "What ran beside it", "Fully sequential"
	for _, c := range []struct {
		span profile.Span
		want string
	}{
		{profile.Span{Start: 1, End: 2}, beside}, {profile.Span{Start: 1, End: 2, Critical: true}, alone}, {profile.Span{Start: 1, End: 2, Cached: true}, alone},
		{profile.Span{End: 0.01}, alone}, {profile.Span{Start: 1, End: 1.005}, alone},
	} {
		if got := (&profile.Result{Spans: []profile.Span{c.span}}).NoGain(); !strings.HasPrefix(got, c.want) {
			t.Errorf("%+v: %s", c.span, got)
		}
	}
}

func TestTelling(t *testing.T) {
	r := &profile.Result{Seconds: 10, Total: profile.Bytes{Tar: 1000}, Savings: &weigh.Savings{Lines: []int{5}}, Lines: []profile.Line{
		{Lines: [2]int{1, 1}, Keyword: "FROM"},
		{Lines: [2]int{2, 2}, Keyword: "ENV"},
		{Lines: [2]int{3, 4}, Keyword: "RUN", Bytes: profile.Bytes{Tar: 600}},
		{Lines: [2]int{5, 5}, Keyword: "RUN", Bytes: profile.Bytes{Tar: 1}},
		{Lines: [2]int{6, 6}, Keyword: "RUN", Seconds: 9},
		{Lines: [2]int{7, 7}, Keyword: "RUN", Error: "exit code 1"},
	}}
	for most, want := range map[int][]int{1: {7}, 2: {7, 1}, 3: {7, 1, 5}, 4: {7, 1, 5, 6}, 5: {7, 1, 5, 6, 3}, 9: {7, 1, 5, 6, 3}} {
		got := r.Telling(most)
		if len(got) != len(want) {
			t.Errorf("%d: %v, want %v", most, got, want)
		}
		for _, line := range want {
			if !got[line] {
				t.Errorf("%d: %v lacks line %d", most, got, line)
			}
		}
	}
}
