package profiler_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"tare/internal/engine"
	"tare/internal/profiler"
	"tare/internal/shell"
	"tare/internal/testkit"
)

// failing is an engine's Make that leaves the first n builds to another one.
func failing(first int, w *runs, then func(r engine.Build) (*testkit.Built, []engine.Step, error)) func(engine.Build) (*testkit.Built, []engine.Step, error) {
	n := 0
	return func(r engine.Build) (*testkit.Built, []engine.Step, error) {
		if n++; n <= first {
			return w.make(r)
		}
		return then(r)
	}
}

// Builds that fail in the middle of --split leave the line whole, and say why; the profile
// itself is there all the same.
func TestSplitsThatFail(t *testing.T) {
	const two = "RUN put a 1 && put b 2"
	broken := func(engine.Build) (*testkit.Built, []engine.Step, error) {
		return nil, nil, errors.New("the base went away\nsecond line")
	}
	elsewhere := func(engine.Build) (*testkit.Built, []engine.Step, error) {
		err := errors.New("[internal] load build context: gone")
		return nil, []engine.Step{{Name: "[internal] load build context", Error: err.Error()}}, &engine.BuildError{Err: err}
	}
	part := func(code int) func(engine.Build) (*testkit.Built, []engine.Step, error) {
		return func(engine.Build) (*testkit.Built, []engine.Step, error) {
			err := fmt.Errorf("process \"sh\" did not complete successfully: exit code: %d", code)
			return nil, []engine.Step{{Name: "[2/3] RUN <<'TARE_PART_1_'"}, {Name: "[3/3] RUN <<'TARE_PART_2_'", Error: err.Error()}}, &engine.BuildError{Err: err}
		}
	}
	for _, c := range []struct {
		name, lines string
		first       int // builds that succeed: the first is the user's own, the second that up to the line
		then        func(engine.Build) (*testkit.Built, []engine.Step, error)
		vary        map[string]string
		want        string
	}{
		{"nothing fails", two, 9, nil, nil, ""},
		{"up to the line", two, 1, broken, nil, "the Dockerfile up to this line cannot be built: the base went away"},
		{"the copies do not begin", two, 2, broken, nil, "its commands cannot be built one by one: the base went away"},
		{"none of the parts is it", two, 2, elsewhere, nil, "its commands cannot be built one by one: failed to build: [internal] load build context: gone"},
		{"a part fails", two, 2, part(3), nil, "its part 2 of 2 fails when it is built by itself: process \"sh\" did not complete successfully: exit code: 3"},
		{"a part's directory", two, 2, part(shell.Nowhere), nil, "its part 2 of 2 fails when it is built by itself: the directory that it begins in is not there any more"},
		{"the ground came out otherwise", "RUN put log x\n" + two, 9, nil, map[string]string{"log": "run"}, "what stands before it was not in the build cache, and came out otherwise"},
		{"the ground is the same", "RUN put log x\n" + two, 9, nil, nil, ""},
		{"quotes within quotes", `RUN --mount=type=cache,'"target=/a,b"' put a 1 && put b 2`, 9, nil, nil, "its flags have quotes within quotes"},
		{"no quotes", `RUN --mount=type=cache,target=/a put a 1 && put b 2`, 9, nil, nil, ""},
	} {
		b, e, dir := setUp(t)
		w := &runs{t: t, vary: c.vary}
		e.Make = failing(c.first, w, c.then)
		write(t, dir+"/Dockerfile", "FROM base\n"+c.lines+"\n")
		r := splitAgain(t, b, dir)
		if len(r.Splits) != 1 || r.Splits[0].Skipped != c.want || r.Failed != "" {
			t.Errorf("%s: %+v\nwant %q", c.name, r.Splits, c.want)
		}
	}
}

// A stage that cannot be built alone is left out, and that is said.
func TestStagesThatAreNotWeighed(t *testing.T) {
	for _, fails := range []bool{false, true} {
		b, e, dir := setUp(t)
		w := &runs{t: t}
		var notes []string
		b.Note = func(s string) { notes = append(notes, s) }
		e.Make = failing(1, w, func(r engine.Build) (*testkit.Built, []engine.Step, error) {
			if fails && r.Target == "early" {
				return nil, nil, errors.New("no room left")
			}
			return w.make(r)
		})
		write(t, dir+"/Dockerfile", "FROM base AS early\nRUN put a 1\nFROM base\nCOPY --from=early /a /a\n")
		r, err := profiler.Run(t.Context(), b, profiler.Request{Target: dir, NoChecks: true})
		if err != nil || r.Failed != "" {
			t.Fatal(err, r)
		}
		if said := strings.Contains(strings.Join(notes, "\n"), "stage early is not weighed: no room left"); said != fails {
			t.Errorf("fails %v: %q", fails, notes)
		}
	}
}
