package profile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tare/internal/profile"
	"tare/internal/store"
	"tare/internal/testkit"
)

// What is found is said of the line that wrote it, and what the base has is left alone.
func TestFindingsOfLines(t *testing.T) {
	s := testkit.Store(t)
	big := func(name string) testkit.Entry {
		return testkit.File(name, strings.Repeat(name[len(name)-1:], 300_000))
	}
	f := testkit.Facts(t, s, testkit.Put(t, s, "x", store.Built, testkit.Image(t, testkit.Options{Layers: [][]byte{
		testkit.Tar(t, big("var/cache/apk/b")), testkit.Tar(t, big("var/cache/apk/r")), testkit.Tar(t, big("app/node_modules/m/c"))}})))
	history := []profile.History{{Instruction: "ADD a", Layer: 0}, {Instruction: "RUN one", Layer: 1}, {Instruction: "COPY . /app", Layer: 2}}
	found := func(src string, change func(*profile.Input)) string {
		in := input(t, world{src: src, files: "f=1"}, 2)
		history[2].Instruction = strings.Split(src, "\n")[2]
		in.Image = &profile.Weighed{Report: f.Report("x", 0), History: history, Facts: f}
		change(&in)
		r := profile.Make(in)
		var got []string
		for _, x := range r.Findings {
			got = append(got, fmt.Sprintf("%s line %d layer %d", x.Rule, x.Line, x.Layer))
		}
		if (r.Savings == nil) != (in.Image.Facts == nil) {
			t.Errorf("%v: %+v", got, r.Savings)
		}
		slices.Sort(got)
		return strings.Join(got, ", ")
	}
	none := func(*profile.Input) {}
	for _, c := range []struct {
		name, src string
		change    func(*profile.Input)
		want      string
	}{
		{"a RUN and a COPY", "FROM a\nRUN one\nCOPY . /app\n", none, "host-dependencies line 3 layer 3, package-cache line 2 layer 2"},
		{"a COPY of another stage", "FROM a AS b\nRUN one\nFROM a\nRUN one\nCOPY --from=b /app /app\n", none, "package-cache line 4 layer 2"},
		{"of a line that only a stage has", "FROM a AS b\nRUN other\nFROM a\nCOPY --from=b /app /app\n", func(in *profile.Input) {
			history[2].Instruction = "COPY --from=b /app /app"
			in.Stages = map[int]*profile.Weighed{0: {Report: f.Report("b", 0), History: []profile.History{{Instruction: "ADD a", Layer: 0}, {Instruction: "RUN other", Layer: 1}}}}
		}, ""}, // it is below what the image's own lines made
		{"without facts", "FROM a\nRUN one\nCOPY . /app\n", func(in *profile.Input) { in.Image.Facts = nil }, ""},
		{"what was sent in vain", "FROM a\nRUN one\nCOPY . /app\n", func(in *profile.Input) {
			in.Now.Idle = &profile.Idle{Files: 3, Bytes: 90_000_000, Top: []string{"big"}}
		}, "host-dependencies line 3 layer 3, large-context line 3 layer 0, package-cache line 2 layer 2"},
	} {
		if got := found(c.src, c.change); got != c.want {
			t.Errorf("%s:\n%s, want\n%s", c.name, got, c.want)
		}
	}
}
