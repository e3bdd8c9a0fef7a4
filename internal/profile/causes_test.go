package profile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tare/internal/dockerfile"
	"tare/internal/engine"
	"tare/internal/profile"
	"tare/internal/testkit/frontend"
)

func missesOf(r *profile.Result) string {
	var out []string
	for _, m := range r.Misses {
		s := fmt.Sprintf("%d %s %s: %s", m.Line, m.Kind, m.Detail, m.Cause)
		if m.Follows > 0 {
			s += fmt.Sprintf(" <- %d", m.Follows)
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n")
}

// All that is said of a build, not only the first cause: what follows from what, what is
// not known, and what must not be blamed.
func TestAllCauses(t *testing.T) {
	const copied = "FROM a\nCOPY f /\nRUN make\n"
	const stages = "FROM a AS b\nCOPY f /\nFROM a\nCOPY --from=b /f /\nRUN make\n"
	renamed := func(name string) func(*profile.Build, *profile.Input) {
		return func(last *profile.Build, in *profile.Input) { // the context has another name
			for _, ops := range [][]engine.Op{last.Ops, in.Ops} {
				for i := range ops {
					if ops[i].Kind == "local" {
						ops[i].Source = name
					}
				}
			}
		}
	}
	// facts changes those of the commands of both builds.
	facts := func(change func([]engine.Fact) []engine.Fact) func(*profile.Build, *profile.Input) {
		return func(last *profile.Build, in *profile.Input) {
			for n, ops := range [][]engine.Op{last.Ops, in.Ops} {
				for i := range ops {
					if ops[i].Kind == "run" || ops[i].Kind == "exec" {
						ops[i].Facts = change(ops[i].Facts)
						ops[i].Own, ops[i].Key = fmt.Sprint(n), fmt.Sprint(n)
					}
				}
			}
		}
	}
	// at says that images are of other lines.
	at := func(lines [][2]int) func(*profile.Build, *profile.Input) {
		return func(last *profile.Build, in *profile.Input) {
			for _, ops := range [][]engine.Op{last.Ops, in.Ops} {
				for i := range ops {
					if ops[i].Kind == "image" {
						ops[i].Lines = lines
					}
				}
			}
		}
	}
	count := 0
	for _, c := range []struct {
		name      string
		then, now world
		ran       []int
		change    func(last *profile.Build, in *profile.Input)
		want      string
	}{
		{"nothing ran", world{src: copied, files: "f=1"}, world{src: copied, files: "f=2"}, nil, nil, ""},
		{"a file, and what follows", world{src: copied, files: "f=1"}, world{src: copied, files: "f=2"}, []int{2, 3}, nil, "2 file f: f: its content changed\n3 follows : line 2 was rebuilt <- 2"},
		{"through a line that was cached", world{src: "FROM a\nCOPY f /\nRUN one\nRUN make\n", files: "f=1"}, world{src: "FROM a\nCOPY f /\nRUN one\nRUN make\n", files: "f=2"}, []int{2, 4}, nil, "2 file f: f: its content changed\n4 follows : line 2 was rebuilt <- 2"},
		{"from stage to stage", world{src: stages, files: "f=1"}, world{src: stages, files: "f=2"}, []int{2, 4, 5}, nil, "2 file f: f: its content changed\n4 follows : line 2 was rebuilt <- 2\n5 follows : line 4 was rebuilt <- 4"},
		{"two causes", world{src: "FROM a AS b\nCOPY f /\nFROM a\nRUN one\nCOPY --from=b /f /\n", files: "f=1"}, world{src: "FROM a AS b\nCOPY f /\nFROM a\nRUN two\nCOPY --from=b /f /\n", files: "f=2"}, []int{2, 4, 5}, nil, "2 file f: f: its content changed\n4 text RUN one: its text was \"RUN one\"\n5 follows : line 4 was rebuilt <- 4"},
		{"causes come before what follows", world{src: "FROM a AS b\nCOPY f /\nRUN make\nFROM a\nRUN one\nCOPY --from=b /f /\n", files: "f=1"}, world{src: "FROM a AS b\nCOPY f /\nRUN make\nFROM a\nRUN two\nCOPY --from=b /f /\n", files: "f=2"}, []int{2, 3, 5, 6}, nil, "2 file f: f: its content changed\n5 text RUN one: its text was \"RUN one\"\n3 follows : line 2 was rebuilt <- 2\n6 follows : line 5 was rebuilt <- 5"},
		{"one step for two stages is one miss", world{src: "FROM a AS b\nRUN one\nFROM a\nRUN one\nCOPY --from=b /x /\n"}, world{src: "FROM a AS b\nRUN one\nFROM a\nRUN one\nCOPY --from=b /x /\n"}, []int{2}, nil, "2 evicted : nothing that it depends on changed: its result was no longer in the build cache"},

		{"the first build", world{src: copied, files: "f=1"}, world{src: copied, files: "f=1"}, []int{2}, func(_ *profile.Build, in *profile.Input) { in.Last = nil }, "2 unknown-build : no earlier build of this Dockerfile is known"},
		{"a record without operations", world{src: copied, files: "f=1"}, world{src: copied, files: "f=2"}, []int{2}, func(last *profile.Build, _ *profile.Input) { last.Ops = nil }, "2 unknown-build : what the last build was asked for is not known"},
		{"no record of this build", world{src: copied, files: "f=1"}, world{src: copied, files: "f=2"}, []int{2}, func(_ *profile.Build, in *profile.Input) { in.Now = nil }, "2 unknown : what changed since the last build is not known"},
		{"another builder", world{src: copied, files: "f=1"}, world{src: copied, files: "f=2"}, []int{2}, func(last *profile.Build, _ *profile.Input) { last.Builder = "tcp://b" }, "2 builder tcp://b: the last build ran on another builder"},
		{"--no-cache", world{src: copied, files: "f=1"}, world{src: copied, files: "f=2"}, []int{2}, func(_ *profile.Build, in *profile.Input) { in.NoCache = true }, "2 no-cache : the build was told not to use the cache"},

		{"files that nobody noted", world{src: copied}, world{src: copied, files: "f=1"}, []int{2}, func(last *profile.Build, _ *profile.Input) { last.Files = nil }, "2 unknown : nothing in its definition changed; whether the files that it takes of the build context did is not known"},
		{"files of this build that nobody noted", world{src: copied, files: "f=1"}, world{src: copied}, []int{2}, func(_ *profile.Build, in *profile.Input) { in.Now.Files = nil }, "2 unknown : nothing in its definition changed; whether the files that it takes of the build context did is not known"},
		{"of another context", world{src: copied, files: "f=1"}, world{src: copied, files: "f=1"}, []int{2}, renamed("extra"), "2 unknown : nothing in its definition changed; whether the files that it takes of the context extra did is not known"},
		{"more files than are remembered", world{src: copied, files: "f=1"}, world{src: copied, files: "f=1"}, []int{2}, func(last *profile.Build, _ *profile.Input) { last.Partial = []string{"context"} }, "2 unknown : nothing in its definition changed; the build context has too many files to remember which of them did"},
		{"more files now", world{src: copied, files: "f=1"}, world{src: copied, files: "f=1"}, []int{2}, func(_ *profile.Build, in *profile.Input) { in.Now.Partial = []string{"context"} }, "2 unknown : nothing in its definition changed; the build context has too many files to remember which of them did"},
		{"more files, and one is known to differ", world{src: copied, files: "f=1"}, world{src: copied, files: "f=2"}, []int{2}, func(last *profile.Build, _ *profile.Input) { last.Partial = []string{"context"} }, "2 file f: f: its content changed"},
		{"a RUN takes no files", world{src: copied, files: "f=1"}, world{src: copied, files: "f=1"}, []int{3}, func(last *profile.Build, _ *profile.Input) { last.Partial = []string{"context"} }, "3 evicted : nothing that it depends on changed: its result was no longer in the build cache"},
		{"a git repository", world{src: "FROM a\nADD https://h/x.git#main /x\n"}, world{src: "FROM a\nADD https://h/x.git#main /x\n"}, []int{2}, nil, "2 source https://h/x.git: nothing in its definition changed; whether https://h/x.git serves the same as before is not known"},

		{"a trigger that is new", world{src: "FROM a\nRUN x\n"}, world{src: "FROM a\nRUN x\n", f: frontend.Build{OnBuild: map[string][]string{"a": {"RUN y"}}}}, []int{1, 2}, nil, "1 base : what its base triggers (ONBUILD) was not in the last build\n2 follows : line 1 was rebuilt <- 1"},
		{"a trigger that is another one", world{src: "FROM a\n", f: frontend.Build{OnBuild: map[string][]string{"a": {"RUN x"}}}}, world{src: "FROM a\n", f: frontend.Build{OnBuild: map[string][]string{"a": {"RUN y"}}}}, []int{1}, nil, `1 setting command: command was "/bin/sh -c x" and is "/bin/sh -c y"`},
		{"a stage that the last build did not need", world{src: "FROM a AS b\nRUN x\nFROM a AS c\nRUN y\n", f: frontend.Build{Target: "b"}}, world{src: "FROM a AS b\nRUN x\nFROM a AS c\nRUN y\n"}, []int{4}, nil, "4 unknown : the last build did not need it"},
		{"and that has another text", world{src: "FROM a AS b\nRUN x\nFROM a AS c\nRUN y\n", f: frontend.Build{Target: "b"}}, world{src: "FROM a AS b\nRUN x\nFROM a AS c\nRUN z\n"}, []int{4}, nil, "4 text RUN y: its text was \"RUN y\""},
		{"a stage that is new", world{src: "FROM a AS b\nRUN x\n"}, world{src: "FROM a AS n\nRUN n\nFROM a AS b\nRUN x\nCOPY --from=n /n /\n"}, []int{2}, nil, "2 text RUN x: its text was \"RUN x\""},
		{"a stage more than there were", world{src: "FROM a AS b\nRUN x\n"}, world{src: "FROM a AS b\nRUN x\nFROM a AS d\nCOPY --from=b /n /\n"}, []int{4}, nil, "4 text : its stage was not in the last build"},

		{"what it stands on has another text, and was cached", world{src: "FROM a\nRUN one\nRUN make\n"}, world{src: "FROM a\nRUN two\nRUN make\n"}, []int{3}, nil, `3 setting RUN two: line 2 (RUN two) was "RUN one"`},
		{"what it stands on is new, and was cached", world{src: "FROM a\nRUN make\n"}, world{src: "FROM a\nRUN new\nRUN make\n"}, []int{3}, nil, "3 setting RUN new: line 2 (RUN new) is new"},
		{"a base, two lines down", world{src: "FROM a\nRUN one\nRUN make\n"}, world{src: "FROM b\nRUN one\nRUN make\n"}, []int{3}, nil, "3 base b: the base was a:latest and is b"},
		{"another name of the same base, and a file", world{src: "FROM a\nRUN one\nCOPY f /\n", files: "f=1", bases: map[string]string{"a": "bx", "ab": "x"}}, world{src: "FROM ab\nRUN one\nCOPY f /\n", files: "f=2", bases: map[string]string{"a": "bx", "ab": "x"}}, []int{3}, nil, "3 file f: f: its content changed"},
		{"another name of the same base", world{src: "FROM a\nRUN one\n", bases: map[string]string{"a": "bx", "ab": "x"}}, world{src: "FROM ab\nRUN one\n", bases: map[string]string{"a": "bx", "ab": "x"}}, []int{2}, nil, "2 evicted : nothing that it depends on changed: its result was no longer in the build cache"},
		{"another operation, though nothing that is known of it differs", world{src: "FROM a\nRUN one\n"}, world{src: "FROM a\nRUN one\n"}, []int{2}, func(_ *profile.Build, in *profile.Input) { o := opAt(in.Ops, 2); o.Own, o.Key = "other", "other" }, "2 setting : the builder was asked for another operation than in the last build"},
		{"on the same, and has another key", world{src: "FROM a\nRUN one\n"}, world{src: "FROM a\nRUN one\n"}, []int{2}, func(_ *profile.Build, in *profile.Input) { opAt(in.Ops, 2).Key = "other" }, "2 unknown : what it stands on is not as it was in the last build"},
		{"on a line of which no more is known", world{src: "FROM a\nRUN one\nRUN two\n"}, world{src: "FROM a\nRUN one\nRUN two\n"}, []int{3}, func(_ *profile.Build, in *profile.Input) { opAt(in.Ops, 2).Key, opAt(in.Ops, 3).Key = "x", "y" }, "3 unknown : line 2 (RUN one), on which it stands: what it stands on is not as it was in the last build"},
		{"on something that no line made", world{src: "FROM a\nCOPY f /\nRUN one\n", files: "f=1"}, world{src: "FROM a\nCOPY f /\nRUN one\n", files: "f=1"}, []int{3}, func(last *profile.Build, in *profile.Input) {
			for i := range last.Ops {
				if last.Ops[i].Kind == "local" {
					o := opAt(last.Ops, 3)
					o.Inputs = append([]string{last.Ops[i].Digest}, o.Inputs[1:]...)
				}
			}
			opAt(in.Ops, 3).Key = "y"
		}, "3 text : in the last build it stood on something else"},
		{"an argument of the stage that it copies from", world{src: "FROM a AS b\nARG V=1\nRUN one\nFROM a\nCOPY --from=b /x /\n", args: map[string]string{"V": "1"}}, world{src: "FROM a AS b\nARG V=1\nRUN one\nFROM a\nCOPY --from=b /x /\n", args: map[string]string{"V": "2"}}, []int{5}, nil, `5 arg V: build argument V was "1" and is "2"`},
		{"the text of a line of the stage that it copies from", world{src: "FROM a AS b\nRUN one\nFROM a\nCOPY --from=b /x /\n"}, world{src: "FROM a AS b\nRUN two\nFROM a\nCOPY --from=b /x /\n"}, []int{4}, nil, `4 setting RUN two: line 2 (RUN two) was "RUN one"`},
		{"the base of the stage that it copies from", world{src: "FROM a AS b\nFROM c\nCOPY --from=b /x /\n"}, world{src: "FROM a AS b\nFROM c\nCOPY --from=b /x /\n", bases: map[string]string{"a": "new"}}, []int{3}, nil, "3 base a: the base a was sha256:ca978112ca1b and is sha256:998cfe140284"},

		{"WORKDIR, and only the RUN ran", world{src: "FROM a\nWORKDIR /x\nRUN make\n"}, world{src: "FROM a\nWORKDIR /y\nRUN make\n"}, []int{3}, nil, `3 setting WORKDIR /y: line 2 (WORKDIR /y) was "WORKDIR /x"`},
		{"a WORKDIR that is new", world{src: "FROM a\nRUN make\n"}, world{src: "FROM a\nWORKDIR /\nWORKDIR /y\nRUN make\n"}, []int{4}, nil, `4 setting WORKDIR /y: line 3 (WORKDIR /y) is new`},
		{"a WORKDIR made from an argument", world{src: "FROM a\nARG D=x\nWORKDIR /$D\nCOPY f .\n", files: "f=1"}, world{src: "FROM a\nARG D=x\nWORKDIR /$D\nCOPY f .\n", files: "f=1", args: map[string]string{"D": "y"}}, []int{4}, nil, `4 arg D: build argument D was "x" and is "y"`},
		{"a COPY to a relative path", world{src: "FROM a\nWORKDIR /x\nCOPY f .\n", files: "f=1"}, world{src: "FROM a\nWORKDIR /y\nCOPY f .\n", files: "f=1"}, []int{3}, nil, `3 setting WORKDIR /y: line 2 (WORKDIR /y) was "WORKDIR /x"`},
		{"the nearest USER", world{src: "FROM a\nUSER 1\nUSER 2\nRUN make\n"}, world{src: "FROM a\nUSER 1\nUSER 3\nRUN make\n"}, []int{4}, nil, `4 setting USER 3: line 3 (USER 3) was "USER 2"`},
		{"USER made from an argument", world{src: "FROM a\nARG U=1\nUSER $U\nENTRYPOINT x\nLABEL a=b\nRUN make\n"}, world{src: "FROM a\nARG U=2\nUSER $U\nENTRYPOINT x\nLABEL a=b\nRUN make\n"}, []int{6}, nil, `6 setting ARG U=2: line 2 (ARG U=2) was "ARG U=1"`},
		{"a here-document of a RUN", world{src: "FROM a\nRUN <<E\none\nE\n"}, world{src: "FROM a\nRUN <<E\ntwo\nE\n"}, []int{2}, nil, "2 text RUN <<E: its here-document is another one"},
		{"a here-document of a COPY", world{src: "FROM a\nCOPY <<E /x\none\nE\n"}, world{src: "FROM a\nCOPY <<E /x\ntwo\nE\n"}, []int{2}, nil, "2 text COPY <<E /x: its here-document is another one"},
		{"the second of two", world{src: "FROM a\nCOPY <<E <<F /x/\none\nE\ntwo\nF\n"}, world{src: "FROM a\nCOPY <<E <<F /x/\none\nE\nthree\nF\n"}, []int{2}, nil, "2 text COPY <<E <<F /x/: its here-document is another one"},
		{"an ENV that only looks like it", world{src: "FROM a\nENV AB=1\nENV A=1\nRUN make\n"}, world{src: "FROM a\nENV AB=1\nENV A=2\nRUN make\n"}, []int{4}, nil, `4 setting ENV A=2: line 3 (ENV A=2) was "ENV A=1"`},
		{"an ENV made from an argument that was given", world{src: "FROM a\nARG V=1\nENV W=x$V\nRUN make\n", args: map[string]string{"V": "5"}}, world{src: "FROM a\nARG V=1\nENV W=x$V\nRUN make\n", args: map[string]string{"V": "6"}}, []int{4}, nil, `4 arg V: build argument V was "5" and is "6"`},
		{"a COPY of what an ENV names", world{src: "FROM a\nENV F=f\nCOPY $F /x\n", files: "f=1 g=1"}, world{src: "FROM a\nENV F=g\nCOPY $F /x\n", files: "f=1 g=1"}, []int{3}, nil, `3 setting ENV F=g: line 2 (ENV F=g) was "ENV F=f"`},
		{"a COPY of what an ENV made from an argument names", world{src: "FROM a\nARG N=f\nENV F=$N\nCOPY $F /x\n", files: "f=1 g=1"}, world{src: "FROM a\nARG N=f\nENV F=$N\nCOPY $F /x\n", files: "f=1 g=1", args: map[string]string{"N": "g"}}, []int{4}, nil, `4 arg N: build argument N was "f" and is "g"`},
		{"an argument that names nothing here", world{src: "FROM a\nARG X=1\nARG F=f\nCOPY $F /x\n", files: "f=1 g=1"}, world{src: "FROM a\nARG X=2\nARG F=g\nCOPY $F /x\n", files: "f=1 g=1"}, []int{4}, nil, `4 setting ARG F=g: line 3 (ARG F=g) was "ARG F=f"`},
		{"a global argument that a stage declares", world{src: "ARG F=f\nFROM a\nARG F\nCOPY $F /x\n", files: "f=1 g=1"}, world{src: "ARG F=g\nFROM a\nARG F\nCOPY $F /x\n", files: "f=1 g=1"}, []int{4}, nil, `4 arg F: build argument F was "f" and is "g"`},
		{"of two ENVs the one that sets it", world{src: "FROM a\nENV A=1\nENV AB=1\nRUN make\n"}, world{src: "FROM a\nENV A=2\nENV AB=2\nRUN make\n"}, []int{4}, nil, `4 setting ENV A=2: line 2 (ENV A=2) was "ENV A=1"`},
		{"a label that looks like it", world{src: "FROM a\nENV W=1\nLABEL W=1\nRUN make\n"}, world{src: "FROM a\nENV W=2\nLABEL W=2\nRUN make\n"}, []int{4}, nil, `4 setting ENV W=2: line 2 (ENV W=2) was "ENV W=1"`},
		{"ENV made from an argument, by a builder that does not set arguments", world{src: "FROM a\nARG V=1\nENV W=x$V\nRUN make\n"}, world{src: "FROM a\nARG V=1\nENV W=x$V\nRUN make\n", args: map[string]string{"V": "6"}}, []int{4}, facts(func(list []engine.Fact) []engine.Fact {
			return slices.DeleteFunc(list, func(f engine.Fact) bool { return f.Name == "V" })
		}), `4 arg V: build argument V was "1" and is "6"`},
		{"a variable that no line sets", world{src: "FROM a\nRUN make\n"}, world{src: "FROM a\nRUN make\n"}, []int{2}, facts(func(list []engine.Fact) []engine.Fact {
			count++
			return append(list, engine.Fact{What: "env", Name: "X", Value: fmt.Sprint(count)})
		}), `2 env X: the environment variable X was "1" and is "2"`},
		{"ENV made from itself", world{src: "FROM a\nENV P=/a:$P\nCOPY f $P\n", files: "f=1"}, world{src: "FROM a\nENV P=/b:$P\nCOPY f $P\n", files: "f=1"}, []int{3}, nil, `3 setting ENV P=/b:$P: line 2 (ENV P=/b:$P) was "ENV P=/a:$P"`},
		{"an argument above that names nothing here", world{src: "FROM a\nARG A=1\nARG F=f\nRUN x\nCOPY $F /x\n", files: "f=1 g=1"}, world{src: "FROM a\nARG A=2\nARG F=g\nRUN x\nCOPY $F /x\n", files: "f=1 g=1"}, []int{5}, nil, `5 setting ARG F=g: line 3 (ARG F=g) was "ARG F=f"`},
		{"a RUN that looks like an ENV", world{src: "FROM a\nENV F=f\nRUN F=f x\nCOPY $F /x\n", files: "f=1 g=1"}, world{src: "FROM a\nENV F=g\nRUN F=g x\nCOPY $F /x\n", files: "f=1 g=1"}, []int{4}, nil, `4 setting ENV F=g: line 2 (ENV F=g) was "ENV F=f"`},
		{"an ENV above that names nothing here", world{src: "FROM a\nENV F=f\nENV A=1\nCOPY $F /x\n", files: "f=1 g=1"}, world{src: "FROM a\nENV F=g\nENV A=2\nCOPY $F /x\n", files: "f=1 g=1"}, []int{4}, nil, `4 setting ENV F=g: line 2 (ENV F=g) was "ENV F=f"`},
		{"an ENV that is new, and used", world{src: "FROM a\nENV F=f\nCOPY $F /x\n", files: "f=1 g=1"}, world{src: "FROM a\nENV G=1\nENV F=g\nCOPY $F /x\n", files: "f=1 g=1"}, []int{4}, nil, `4 setting copy: copy /x was "/f" and is "/g"`},
		{"a COPY of an argument that is not given any more", world{src: "FROM a\nARG F=f\nCOPY $F /x\n", files: "f=1 g=1 h=1", args: map[string]string{"F": "g"}}, world{src: "FROM a\nARG F=h\nCOPY $F /x\n", files: "f=1 g=1 h=1"}, []int{3}, nil, `3 arg F: build argument F was "g" and is "h"`},
		{"an argument with another default that was given", world{src: "FROM a\nARG V=1\nRUN make\n"}, world{src: "FROM a\nARG V=2\nRUN make\n", args: map[string]string{"V": "3"}}, []int{3}, nil, `3 arg V: build argument V was "1" and is "3"`},
		{"an argument that is declared twice", world{src: "FROM a\nARG V=1\nARG V\nRUN make\n"}, world{src: "FROM a\nARG V=2\nARG V\nRUN make\n"}, []int{4}, nil, `4 setting ARG V=2: line 2 (ARG V=2) was "ARG V=1"`},
		{"an argument that is new", world{src: "FROM a\nRUN make\n"}, world{src: "FROM a\nARG V=1\nRUN make\n"}, []int{3}, nil, `3 arg V: build argument V was "" and is "1"`},
		{"an argument of a parent that is declared again", world{src: "FROM a AS p\nARG F=f\nFROM p\nARG F\nCOPY $F /x\n", files: "f=1 g=1"}, world{src: "FROM a AS p\nARG F=g\nFROM p\nARG F\nCOPY $F /x\n", files: "f=1 g=1"}, []int{5}, nil, `5 setting ARG F=g: line 2 (ARG F=g) was "ARG F=f"`},
		{"a USER above a label", world{src: "FROM a\nUSER 1\nLABEL x=1\nRUN make\n"}, world{src: "FROM a\nUSER 2\nLABEL x=2\nRUN make\n"}, []int{4}, nil, `4 setting USER 2: line 2 (USER 2) was "USER 1"`},
		{"an operation that says nothing of itself", world{src: "FROM a\nRUN make\n"}, world{src: "FROM a\nRUN make\n"}, []int{2}, func(_ *profile.Build, in *profile.Input) {
			o := &in.Ops[len(in.Ops)-1]
			o.Own, o.Key = "other", "other"
		}, `2 setting : the builder was asked for another operation than in the last build`},
		{"an image in place of a stage", world{src: "FROM a AS b\nRUN one\nFROM b\nRUN make\n"}, world{src: "FROM a AS b\nRUN one\nFROM c\nRUN make\n"}, []int{4}, nil, `4 base c: the base was b and is c`},
		{"a stage in place of an image", world{src: "FROM a AS b\nRUN one\nFROM c\nRUN make\n"}, world{src: "FROM a AS b\nRUN one\nFROM b\nRUN make\n"}, []int{4}, nil, `4 unknown : line 2 (RUN one), on which it stands: the last build did not need it`},
		{"a record without its base", world{src: "FROM a\nRUN make\n"}, world{src: "FROM b\nRUN make\n"}, []int{2}, func(last *profile.Build, _ *profile.Input) {
			last.Ops = slices.DeleteFunc(last.Ops, func(o engine.Op) bool { return o.Kind == "image" })
		}, `2 base b: the base was a and is b`},
		{"a definition that lacks what it stands on", world{src: "FROM a\nRUN make\n"}, world{src: "FROM b\nRUN make\n"}, []int{2}, func(_ *profile.Build, in *profile.Input) {
			in.Ops = slices.DeleteFunc(in.Ops, func(o engine.Op) bool { return o.Kind == "image" })
		}, `2 unknown : what it stands on is not as it was in the last build`},
		{"what stood between is gone", world{src: "FROM a\nRUN one\nRUN two\nRUN make\n"}, world{src: "FROM a\nRUN one\nRUN make\n"}, []int{3}, nil, `3 text RUN two: in the last build it stood on RUN two`},
		{"what stood between is not noted", world{src: "FROM a\nRUN one\nRUN two\nRUN make\n"}, world{src: "FROM a\nRUN one\nRUN make\n"}, []int{3}, func(last *profile.Build, _ *profile.Input) {
			for i := range last.Ops {
				if strings.Contains(last.Ops[i].Name, "two") {
					last.Ops[i].Lines = nil
				}
			}
		}, `3 text : in the last build it stood on something else`},
		{"a file that the line below it takes", world{src: "FROM a\nCOPY f /\nRUN make\n", files: "f=1"}, world{src: "FROM a\nCOPY --chmod=600 f /\nRUN make\n", files: "f=1"}, []int{3}, nil, `3 setting COPY --chmod=600 f /: line 2 (COPY --chmod=600 f /) was "COPY f /"`},
		{"a stage of another name", world{src: "FROM a AS b\nRUN x\nFROM a\nCOPY --from=b /x /\n"}, world{src: "FROM a AS n\nRUN y\nFROM a\nCOPY --from=n /x /\n"}, []int{4}, nil, `4 setting RUN y: line 2 (RUN y) was "RUN x"`},
		{"what a URL serves, for a line below", world{src: "FROM a\nADD http://h/x /x\nRUN make\n"}, world{src: "FROM a\nADD http://h/y /x\nRUN make\n"}, []int{3}, nil, `3 setting ADD http://h/y /x: line 2 (ADD http://h/y /x) was "ADD http://h/x /x"`},
		{"a copy of a stage", world{src: "FROM a AS b\nRUN x\nFROM a\nCOPY --from=b /x /\n"}, world{src: "FROM a AS b\nRUN x\nFROM a\nCOPY --from=b /x /\n"}, []int{4}, nil, "4 evicted : nothing that it depends on changed: its result was no longer in the build cache"},
		{"a definition that lacks the stage", world{src: "FROM a AS b\nRUN x\nFROM a\nCOPY --from=b /x /\n"}, world{src: "FROM a AS b\nRUN x\nFROM a\nCOPY --from=b /x /\n"}, []int{4}, func(_ *profile.Build, in *profile.Input) {
			in.Ops = slices.DeleteFunc(in.Ops, func(o engine.Op) bool { return o.Kind == "exec" })
		}, "4 evicted : nothing that it depends on changed: its result was no longer in the build cache"},
		{"an ENV made from itself that stayed", world{src: "FROM a\nENV Q=1\nENV P=/a:$P\nCOPY f $P$Q\n", files: "f=1"}, world{src: "FROM a\nENV Q=2\nENV P=/a:$P\nCOPY f $P$Q\n", files: "f=1"}, []int{4}, nil, `4 setting ENV Q=2: line 2 (ENV Q=2) was "ENV Q=1"`},
		{"an argument above a label", world{src: "FROM a\nARG V=1\nLABEL x=1\nRUN make\n"}, world{src: "FROM a\nARG V=2\nLABEL x=2\nRUN make\n"}, []int{4}, nil, `4 setting ARG V=2: line 2 (ARG V=2) was "ARG V=1"`},
		{"an argument that has another default than the global one", world{src: "ARG F=x\nFROM a\nARG F=f\nLABEL a=b\nCOPY $F /x\n", files: "f=1 g=1"}, world{src: "ARG F=x\nFROM a\nARG F=g\nLABEL a=b\nCOPY $F /x\n", files: "f=1 g=1"}, []int{5}, nil, `5 setting ARG F=g: line 3 (ARG F=g) was "ARG F=f"`},
		{"an argument that stands in a parent, too", world{src: "FROM a AS p\nARG F=f\nFROM p\nCOPY $F /x\n", files: "f=1 g=1"}, world{src: "FROM a AS p\nARG F=f\nFROM p\nARG F=g\nCOPY $F /x\n", files: "f=1 g=1"}, []int{5}, nil, `5 arg F: build argument F was "f" and is "g"`},
		{"a record without its base, of the same name", world{src: "FROM a\nRUN make\n"}, world{src: "FROM a\nRUN make\n", bases: map[string]string{"a": "new"}}, []int{2}, func(last *profile.Build, _ *profile.Input) {
			last.Ops = slices.DeleteFunc(last.Ops, func(o engine.Op) bool { return o.Kind == "image" })
		}, `2 unknown : line 1 (FROM a), on which it stands: what its base was in the last build is not known`},
		{"another way to read a context", world{src: "FROM a\nCOPY f /\n", files: "f=1"}, world{src: "FROM a\nCOPY f /\n", files: "f=1"}, []int{2}, func(last *profile.Build, in *profile.Input) {
			for n, ops := range [][]engine.Op{last.Ops, in.Ops} {
				for i := range ops {
					if o := &ops[i]; o.Kind == "local" {
						o.Facts = append(o.Facts, engine.Fact{What: "differ", Value: fmt.Sprint(n)})
						o.Own, o.Key = fmt.Sprint("own", n), fmt.Sprint("key", n)
					} else if o.Kind == "file" {
						o.Key = fmt.Sprint("file", n)
					}
				}
			}
		}, `2 text : differ was "0" and is "1"`},
		{"a WORKDIR that only a line below shows", world{src: "FROM a\nWORKDIR /x\nCOPY f .\nWORKDIR /\nRUN make\n", files: "f=1"}, world{src: "FROM a\nWORKDIR /y\nCOPY f .\nWORKDIR /\nRUN make\n", files: "f=1"}, []int{5}, nil, `5 setting WORKDIR /y: line 2 (WORKDIR /y) was "WORKDIR /x"`},
		{"a base of no line", world{src: "FROM a\nRUN make\n"}, world{src: "FROM b\nRUN make\n"}, []int{2}, at(nil), "2 base b: the base was a:latest and is b"},
		{"a base of a line that is not there", world{src: "FROM a\nRUN make\n"}, world{src: "FROM b\nRUN make\n"}, []int{2}, at([][2]int{{99, 99}}), "2 base b: the base was a:latest and is b"},
		{"the second operation of a line", world{src: "FROM a\nUSER 1\nRUN make\n"}, world{src: "FROM a\nUSER 2\nRUN make\n"}, []int{3}, func(last *profile.Build, in *profile.Input) {
			twin := engine.Op{Digest: "twin", Key: "twin", Own: "twin", Kind: "exec", Lines: [][2]int{{3, 3}}}
			last.Ops, in.Ops = append([]engine.Op{twin}, last.Ops...), append([]engine.Op{twin}, in.Ops...)
		}, `3 setting USER 2: line 2 (USER 2) was "USER 1"`},
		{"a base that was fetched", world{src: "FROM a\nRUN make\n"}, world{src: "FROM b\nRUN make\n"}, []int{1, 2}, nil, "2 base b: the base was a:latest and is b"},
		{"a step that the builder did not tell of", world{src: "FROM a\nRUN make\n"}, world{src: "FROM b\nRUN make\n"}, []int{2}, func(_ *profile.Build, in *profile.Input) {
			in.Steps = slices.DeleteFunc(in.Steps, func(s engine.Step) bool { return !strings.Contains(s.Name, "RUN") })
		}, "2 base b: the base was a:latest and is b"},
		{"two operations of one line", world{src: "FROM a\nRUN make\n"}, world{src: "FROM a\nRUN make\n"}, []int{2}, func(last *profile.Build, in *profile.Input) {
			for _, ops := range []*[]engine.Op{&last.Ops, &in.Ops} {
				for i := range *ops {
					if o := &(*ops)[i]; o.Kind == "exec" {
						o.Inputs = append([]string{"twin"}, o.Inputs...)
					}
				}
				*ops = append(*ops, engine.Op{Digest: "twin", Key: "twin", Kind: "exec", Name: "RUN make", Lines: [][2]int{{2, 2}}})
			}
			in.Steps = append(in.Steps, engine.Step{Digest: "twin", Name: "RUN make", Start: 1, End: 2})
		}, "2 evicted : nothing that it depends on changed: its result was no longer in the build cache"},
		{"a context of its own", world{src: "FROM a\nCOPY --from=extra x /\n"}, world{src: "FROM a\nCOPY --from=other x /\n"}, []int{2}, nil, `2 base other: the image was extra:latest and is other`},
		{"a USER that only lower lines show", world{src: "FROM a\nUSER 1\nRUN one\nRUN make\n"}, world{src: "FROM a\nUSER 2\nRUN one\nRUN make\n"}, []int{4}, nil, `4 setting USER 2: line 2 (USER 2) was "USER 1"`},
		{"a line that is new behind a trigger", world{src: "FROM a\nCMD x\n", f: frontend.Build{OnBuild: map[string][]string{"a": {"RUN x"}}}}, world{src: "FROM a\nCMD x\nRUN new\n", f: frontend.Build{OnBuild: map[string][]string{"a": {"RUN x"}}}}, []int{3}, nil, `3 text : line 3 is new`},
		{"a stage that is new, with a trigger", world{src: "FROM c\nRUN x\n"}, world{src: "FROM c\nRUN x\nFROM c\nRUN y\nFROM a\nCOPY --from=1 /x /\n", f: frontend.Build{OnBuild: map[string][]string{"a": {"RUN t"}}}}, []int{5}, nil, `5 text : its stage was not in the last build`},
		{"a record without its context", world{src: "FROM a\nCOPY f /\n", files: "f=1"}, world{src: "FROM a\nCOPY f /\n", files: "f=1"}, []int{2}, func(last *profile.Build, in *profile.Input) {
			last.Ops = slices.DeleteFunc(last.Ops, func(o engine.Op) bool { return o.Kind == "local" })
			for i := range in.Ops {
				if o := &in.Ops[i]; o.Kind == "local" || o.Kind == "file" {
					o.Key += "x"
				}
			}
		}, `2 unknown : what it stands on is not as it was in the last build`},
		{"an argument that is not given any more", world{src: "FROM a\nARG V=1\nRUN make\n", args: map[string]string{"V": "5"}}, world{src: "FROM a\nARG V=2\nRUN make\n"}, []int{3}, nil, `3 arg V: build argument V was "5" and is "2"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			last, _ := c.then.made(t)
			_, in := c.now.made(t)
			in.Last = last
			d := frontend.Definition(t, c.now.src, frontend.Build{Args: c.now.args, Bases: c.now.bases, OnBuild: c.now.f.OnBuild, NoCache: c.now.f.NoCache, Target: c.now.f.Target})
			in.Steps = frontend.Steps(d, c.ran...)
			if c.change != nil {
				c.change(last, &in)
			}
			if got := missesOf(profile.Make(in)); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// A file that cannot be read as a Dockerfile any more is no reason to guess.
func TestCausesOfABrokenRecord(t *testing.T) {
	w := world{src: "FROM a\nRUN make\n"}
	last, _ := w.made(t)
	_, in := w.made(t)
	last.Source, last.Ops[len(last.Ops)-1].Key = "NONSENSE", "other"
	in.Last = last
	if got := missesOf(profile.Make(in)); got != "" {
		t.Errorf("nothing ran: %s", got)
	}
	in.Steps = frontend.Steps(frontend.Definition(t, w.src, frontend.Build{}), 2)
	if got := missesOf(profile.Make(in)); got != "2 unknown : what changed since the last build is not known" {
		t.Error(got)
	}
	if _, err := dockerfile.Parse([]byte(last.Source)); err == nil {
		t.Error("the record can be read")
	}
}

// opAt is the operation of a line.
func opAt(ops []engine.Op, line int) *engine.Op {
	for i := range ops {
		for _, at := range ops[i].Lines {
			if at[0] == line {
				return &ops[i]
			}
		}
	}
	return nil
}

// What a build is told that nothing would make faster, and what of files that changed unseen.
func TestOtherSentences(t *testing.T) {
	r := &profile.Result{Spans: []profile.Span{{End: 1, Critical: true}, {End: 1, Cached: true}, {End: 0.005}}}
	if got := r.NoGain(); got != "Fully sequential: parallelism would not help (estimate)." {
		t.Error(got)
	}
	r.Spans[2].End = 0.5
	if got := r.NoGain(); got != "What ran beside it did not hold it up: more parallelism would not help (estimate)." {
		t.Error(got)
	}
	if got := (profile.Unseen{Context: "context", Path: "f"}).String(); got != "f changed, but its length and modification time did not: the builder did not see it, and the image has its old content; build with --checksum-context" {
		t.Error(got)
	}
}
