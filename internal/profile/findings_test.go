package profile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

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
	f := testkit.Facts(t, s, testkit.Put(t, s, "x", store.Built, testkit.Image(t, testkit.Options{History: []ocispec.History{{CreatedBy: "ADD a"}, {CreatedBy: "RUN one"}, {CreatedBy: "COPY /app /app"}}, Layers: [][]byte{
		testkit.Tar(t, big("var/cache/apk/b")), testkit.Tar(t, big("var/cache/apk/r")), testkit.Tar(t, big("app/node_modules/m/c"), big("app/.git/objects/d"))}})))
	history := []profile.History{{Instruction: "ADD a", Layer: 0}, {Instruction: "RUN one", Layer: 1}, {Instruction: "COPY . /app", Layer: 2}}
	found := func(src string, change func(*profile.Input)) string {
		in := input(t, world{src: src, files: "f=1"}, 2)
		history[2].Instruction = src[strings.LastIndex(strings.TrimSpace(src), "\n")+1 : len(src)-1]
		in.Image = &profile.Weighed{Report: f.Report("x", 0), History: history, Facts: f}
		change(&in)
		r := profile.Make(in)
		var got []string
		for _, x := range r.Findings {
			got = append(got, fmt.Sprintf("%s line %d layer %d", x.Rule, x.Line, x.Layer))
			if x.Rule == "vcs-data" {
				got = append(got, x.Remedy)
			}
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
		{"a RUN and a COPY", "FROM a\nRUN one\nCOPY . /app\n", none, "host-dependencies line 3 layer 3, list .git in .dockerignore; if a step of the build needs it, COPY --exclude=.git, package-cache line 2 layer 2, vcs-data line 3 layer 3"},
		{"a COPY of another stage", "FROM a AS b\nRUN one\nFROM a\nRUN one\nCOPY --from=b /app /app\n", none, "COPY --exclude=.git, or remove it in the stage that it comes from, package-cache line 4 layer 2, vcs-data line 5 layer 3"},
		{"of a line that only a stage has", "FROM a AS b\nRUN other\nFROM a\nCOPY --from=b /app /app\n", func(in *profile.Input) {
			in.Stages = map[int]*profile.Weighed{0: {Report: f.Report("b", 0), History: []profile.History{{Instruction: "ADD a", Layer: 0}, {Instruction: "RUN other", Layer: 1}}}}
		}, "COPY --exclude=.git, or remove it in the stage that it comes from, vcs-data line 4 layer 3"},
		{"without facts", "FROM a\nRUN one\nCOPY . /app\n", func(in *profile.Input) { in.Image.Facts = nil }, ""},
		{"what was sent in vain", "FROM a\nRUN one\nCOPY . /app\n", func(in *profile.Input) {
			in.Now.Idle = &profile.Idle{Files: 3, Bytes: 90_000_000, Top: []string{"big"}}
		}, "host-dependencies line 3 layer 3, large-context line 3 layer 0, list .git in .dockerignore; if a step of the build needs it, COPY --exclude=.git, package-cache line 2 layer 2, vcs-data line 3 layer 3"},
	} {
		if got := found(c.src, c.change); got != c.want {
			t.Errorf("%s:\n%s, want\n%s", c.name, got, c.want)
		}
	}
}

// A secret in the history is said of the line that the history's step is of; and the result
// is of the image that was looked at.
func TestSecretsOfLines(t *testing.T) {
	s := testkit.Store(t)
	f := testkit.Facts(t, s, testkit.Put(t, s, "x", store.Built, testkit.Image(t, testkit.Options{
		History: []ocispec.History{{CreatedBy: "ADD a"}, {CreatedBy: "ENV GITHUB_TOKEN=ghp_0123456789abcdefABCDEF0123456789abcd", EmptyLayer: true}},
		Layers:  [][]byte{testkit.Tar(t, testkit.File("a", "a"))}})))
	in := input(t, world{src: "FROM a\nUSER 1\nENV GITHUB_TOKEN=ghp_0123456789abcdefABCDEF0123456789abcd\n", files: "f=1"})
	in.Image = &profile.Weighed{Report: f.Report("x", 0), History: []profile.History{{Instruction: "ADD a", Layer: 0}, {Instruction: "ENV", Layer: -1}}, Facts: f}
	r := profile.Make(in)
	if len(r.Findings) != 1 || r.Findings[0].Rule != "secret-file" || r.Findings[0].Line != 3 {
		t.Errorf("%+v", r.Findings)
	}
	if r.ID == "" || r.ID != in.Image.Report.ID || r.Manifest == "" || r.Manifest != in.Image.Report.Manifest {
		t.Errorf("it is of %s %s", r.ID, r.Manifest)
	}
}
