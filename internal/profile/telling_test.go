package profile_test

import (
	"testing"

	"tare/internal/profile"
	"tare/internal/weigh"
)

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
