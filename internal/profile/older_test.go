package profile_test

import (
	"slices"
	"testing"

	"tare/internal/profile"
	"tare/internal/testkit/frontend"
)

// Where an earlier build than the last one is compared with, that is said, and no cause
// speaks of the last build; where nothing was missed there is nothing to say.
func TestAnEarlierBuild(t *testing.T) {
	const note = "compared with an earlier build than the last one: with none has this build more steps in common"
	then, now := world{src: "FROM a\nRUN one\nRUN two\nRUN make\n"}, world{src: "FROM a\nRUN one\nRUN make\n"}
	for _, c := range []struct {
		older, missed bool
		cause         string
		said          bool
	}{
		{false, true, "in the last build it stood on RUN two", false},
		{true, true, "in that build it stood on RUN two", true},
		{true, false, "", false},
	} {
		last, _ := then.made(t)
		_, in := now.made(t)
		in.Last, in.Older = last, c.older
		if c.missed {
			in.Steps = frontend.Steps(frontend.Definition(t, now.src, frontend.Build{}), 3)
		}
		r := profile.Make(in)
		got := ""
		if len(r.Misses) > 0 {
			got = r.Misses[0].Cause
		}
		if got != c.cause || slices.Contains(r.Notes, note) != c.said {
			t.Errorf("%+v: %q, notes %q", c, got, r.Notes)
		}
	}
}
