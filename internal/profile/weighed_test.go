package profile_test

import (
	"fmt"
	"testing"

	"tare/internal/profile"
	"tare/internal/store"
	"tare/internal/testkit"
)

// A stage's bytes are known if it was weighed: a final one with the image, another one by
// itself.
func TestWhatIsWeighed(t *testing.T) {
	s := testkit.Store(t)
	f := testkit.Facts(t, s, testkit.Put(t, s, "x", store.Built, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, testkit.File("a", "a"))}})))
	w := &profile.Weighed{Report: f.Report("x", 0), History: []profile.History{{Instruction: "ADD a", Layer: 0}}}
	for _, c := range []struct {
		image  *profile.Weighed
		stages map[int]*profile.Weighed
		want   string
	}{
		{nil, nil, "[false false false]"},
		{w, nil, "[false false true]"},
		{w, map[int]*profile.Weighed{0: w}, "[true false true]"},
		{nil, map[int]*profile.Weighed{1: w}, "[false true false]"},
	} {
		in := input(t, world{src: "FROM a AS one\nFROM a AS two\nFROM a\nCOPY --from=one /a /\nCOPY --from=two /a /\n"})
		in.Image, in.Stages = c.image, c.stages
		var got []bool
		for _, st := range profile.Make(in).Stages {
			got = append(got, st.Weighed)
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%v, want %s", got, c.want)
		}
	}
}
