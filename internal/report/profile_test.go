package report

import (
	"fmt"
	"strings"
	"testing"

	"tare/internal/profile"
	"tare/internal/weigh"
)

// profiled is a profile of a Dockerfile with n lines behind its FROM.
func profiled(n int) *profile.Result {
	r := &profile.Result{Dockerfile: "Dockerfile", Source: "FROM a\n", Seconds: 5, Ideal: 5, Stages: []profile.Stage{{Name: "stage 0", Lines: [2]int{1, n + 1}, Needed: true, Final: true}},
		Lines: []profile.Line{{Lines: [2]int{1, 1}, Keyword: "FROM", Needed: true}}, Path: []profile.PathStep{{Name: "RUN 1", Line: 2, Seconds: 5}}}
	for i := range n {
		r.Source += fmt.Sprintf("RUN step %d\n", i+2)
		l := profile.Line{Lines: [2]int{i + 2, i + 2}, Keyword: "RUN", Needed: true, Bytes: profile.Bytes{Tar: int64(i+1) * 1000}}
		r.Lines = append(r.Lines, l)
		r.Total.Tar += l.Bytes.Tar
	}
	return r
}

func TestProfileFitsOneScreen(t *testing.T) {
	for _, n := range []int{1, 16, 17, 18, 19, 60, 300} {
		r := profiled(n)
		for k := range 8 {
			r.Findings = append(r.Findings, weigh.Finding{Rule: "overwritten", Line: 2 + k, Layer: 1 + k, Tar: int64(90_000 - k), Text: "overwrites", Remedy: "write once"})
		}
		r.Savings = &weigh.Savings{Tar: 900_000, Places: 1, Lines: []int{2}, Layers: []int{1}}
		text := lines(t, Profile(r, ProfileOptions{}), View{}, 100)
		if got := strings.Count(text, "\n"); got > 40 {
			t.Errorf("%d lines take %d:\n%s", n, got, text)
		}
		if !strings.HasPrefix(text, "  Save 900") {
			t.Errorf("it does not begin with what can be saved:\n%s", text)
		}
		if short := strings.Contains(text, "… "); short != (n+1 > longFile) {
			t.Errorf("%d lines: shortened %v", n, short)
		}
		// What can be saved, and what is largest, is there; all of it with --full.
		for _, want := range []string{"RUN step 2\n", fmt.Sprintf("RUN step %d\n", n+1)} {
			if !strings.Contains(text, want) {
				t.Errorf("%d lines: no %q:\n%s", n, want, text)
			}
		}
		full := lines(t, Profile(r, ProfileOptions{}), View{Full: true}, 100)
		for k := range n {
			if !strings.Contains(full, fmt.Sprintf("RUN step %d\n", k+2)) {
				t.Errorf("--full lacks line %d", k+2)
			}
		}
		if strings.Count(full, "overwrites") != 8 || strings.Contains(full, "WHAT TO DO FIRST") {
			t.Errorf("findings are not listed once:\n%s", full)
		}
	}
}

// Stages and the critical path are on the first screen only if they say something.
func TestProfileSaysWhatMatters(t *testing.T) {
	r := profiled(3)
	text := lines(t, Profile(r, ProfileOptions{}), View{}, 100)
	if strings.Contains(text, "STAGES") || strings.Contains(text, "CRITICAL PATH") || strings.Contains(text, "not matched to a line") {
		t.Errorf("%s", text)
	}
	full := lines(t, Profile(r, ProfileOptions{}), View{Full: true}, 100)
	if !strings.Contains(full, "STAGES") || !strings.Contains(full, "Fully sequential: parallelism would not help") {
		t.Errorf("%s", full)
	}
	// Not if steps ran beside the path.
	r.Spans = append(r.Spans, profile.Span{Name: "beside", Start: 0, End: 1})
	if full = lines(t, Profile(r, ProfileOptions{}), View{Full: true}, 100); strings.Contains(full, "Fully sequential") || !strings.Contains(full, "What ran beside it did not hold it up") {
		t.Errorf("%s", full)
	}
	r.Ideal = 3
	r.Stages = append(r.Stages, profile.Stage{Name: "two", Needed: true})
	r.Rest.Tar = 5
	text = lines(t, Profile(r, ProfileOptions{}), View{}, 160)
	if !strings.Contains(text, "STAGES") || !strings.Contains(text, "CRITICAL PATH") || strings.Contains(text, "Fully sequential") || !strings.Contains(text, "manifest, config, layers not matched to a line") {
		t.Errorf("%s", text)
	}
}

// What a stage holds that was not built is not known, which is not 0 bytes.
func TestStagesThatAreNotKnown(t *testing.T) {
	for _, c := range []struct {
		stage profile.Stage
		want  string
	}{
		{profile.Stage{Name: "two", Needed: true, Lines: [2]int{7, 8}}, "–     –    –         –     –    7-8  two: stays behind"},
		{profile.Stage{Name: "two", Needed: true, Lines: [2]int{7, 8}, Seconds: 1.5}, "1.50     –    –         –     –    7-8  two: stays behind"},
		{profile.Stage{Name: "two", Needed: true, Lines: [2]int{7, 8}, Weighed: true}, "0.00  0.00   0B        0B    0B    7-8  two: stays behind"},
	} {
		r := profiled(3)
		r.Stages = []profile.Stage{c.stage, c.stage}
		text := lines(t, Profile(r, ProfileOptions{}), View{Full: true}, 160)
		if strings.Count(strings.Join(strings.Fields(text), " "), strings.Join(strings.Fields(c.want), " ")) != 2 {
			t.Errorf("no %q in\n%s", c.want, text)
		}
	}
}
