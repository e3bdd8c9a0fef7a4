package profile_test

import (
	"testing"

	"tare/internal/dockerfile"
	"tare/internal/engine"
	"tare/internal/profile"
)

// Whatever the file and the names of the builder's steps are: no panic, and sums hold.
func FuzzMake(f *testing.F) {
	f.Add("FROM a\nRUN x && y\nCOPY --from=b c d\n", "[1/2] FROM a", "[a 2/2] RUN x", "ENV A=b")
	f.Add("FROM a AS b\nFROM b\nADD x /\n", "[stage-1 1/1] ADD x /", "[b 99/1] ONBUILD RUN", "")
	f.Fuzz(func(t *testing.T, file, one, two, last string) {
		d, err := dockerfile.Parse([]byte(file))
		if err != nil {
			return
		}
		steps := []engine.Step{{Digest: "1", Name: one, Inputs: []string{"2", "1"}, Start: 1, End: 2, Busy: 1}, {Digest: "2", Name: two, Inputs: []string{"1"}, Start: 0, End: 3, Busy: 2}}
		r := profile.Make(profile.Input{Source: []byte(file), File: d, Steps: steps, Seconds: 3, Last: &profile.Build{Source: last}, Now: &profile.Build{Source: file}})
		if err := r.Check(); err != nil {
			t.Fatal(err)
		}
	})
}
