package profile_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"tare/internal/dockerfile"
	"tare/internal/profile"
	"tare/internal/testkit/frontend"
)

// world is what a build is made from.
type world struct {
	src   string
	args  map[string]string
	bases map[string]string
	files string // "PATH=CONTENT PATH>TARGET PATH!MODE=CONTENT"
	f     frontend.Build
}

func (w world) context() map[string]profile.File {
	out := map[string]profile.File{}
	for _, f := range strings.Fields(w.files) {
		if p, target, ok := strings.Cut(f, ">"); ok {
			out[p] = profile.File{Mode: uint32(fs.ModeSymlink | 0o777), Link: target}
			continue
		}
		p, body, _ := strings.Cut(f, "=")
		file := profile.File{Mode: 0o644, Size: int64(len(body)), Sum: body}
		if q, _, ok := strings.Cut(p, "!"); ok {
			p, file.Mode = q, 0o755
		}
		out[p] = file
		for i, c := range p {
			if c == '/' {
				out[p[:i]] = profile.File{Mode: uint32(fs.ModeDir | 0o755)}
			}
		}
	}
	return out
}

func (w world) made(t *testing.T) (*profile.Build, profile.Input) {
	t.Helper()
	w.f.Args, w.f.Bases = w.args, w.bases
	d := frontend.Definition(t, w.src, w.f)
	f, err := dockerfile.Parse([]byte(w.src))
	if err != nil {
		t.Fatal(err)
	}
	args := dockerfile.Automatic("", w.f.Target)
	for k, v := range w.args {
		args[k] = v
	}
	b := &profile.Build{Source: w.src, Target: w.f.Target, Args: w.args, Ops: d.Ops, Files: map[string]map[string]profile.File{"context": w.context()}}
	return b, profile.Input{Source: []byte(w.src), File: f.With(args), Target: w.f.Target, Ops: d.Ops, Dockerfile: d.Dockerfile, Steps: frontend.Steps(d), Now: b}
}

// What changed between two builds, and what is said of the lines that were carried out.
func TestCauses(t *testing.T) {
	const run = "FROM a\nRUN make\n"
	for _, c := range []struct {
		name      string
		then, now world
		ran       []int
		want      string // LINE KIND DETAIL: TEXT, of the first miss
		not       string
	}{
		{"nothing", world{src: run}, world{src: run}, []int{2}, "2 evicted : nothing that it depends on changed", ""},
		{"the text", world{src: run}, world{src: "FROM a\nRUN make all\n"}, []int{2}, `2 text RUN make: its text was "RUN make"`, "evicted"},
		{"a new line", world{src: run}, world{src: "FROM a\nRUN one\nRUN make\n"}, []int{2, 3}, "2 text : line 2 is new", "evicted"},
		{"a line is gone, and the one before it was cached", world{src: "FROM a\nRUN one\nRUN two\nRUN make\n"}, world{src: "FROM a\nRUN one\nRUN make\n"}, []int{3}, "3 text RUN two: in the last build it stood on RUN two", "evicted"},
		{"a label is not to blame, a file is", world{src: "FROM a\nLABEL x=1\nCOPY f /\n", files: "f=1"}, world{src: "FROM a\nLABEL x=2\nCOPY f /\n", files: "f=2"}, []int{3}, "3 file f: f: its content changed", "LABEL"},
		{"nor a comment in a RUN", world{src: "FROM a\nCOPY f /\nRUN a && \\\n# one\n b\n", files: "f=1"}, world{src: "FROM a\nCOPY f /\nRUN a && \\\n# two\n b\n", files: "f=2"}, []int{2, 3}, "2 file f: f: its content changed", "# two"},
		{"a variable in a source", world{src: "FROM a\nARG JAR\nCOPY ${JAR} /app.jar\n", args: map[string]string{"JAR": "a.jar"}, files: "a.jar=1 b.jar=2"}, world{src: "FROM a\nARG JAR\nCOPY ${JAR} /app.jar\n", args: map[string]string{"JAR": "b.jar"}, files: "a.jar=1 b.jar=2"}, []int{3}, `3 arg JAR: build argument JAR was "a.jar" and is "b.jar"`, "evicted"},
		{"the file that a variable names", world{src: "FROM a\nARG JAR=a.jar\nCOPY ${JAR} /app.jar\n", files: "a.jar=1"}, world{src: "FROM a\nARG JAR=a.jar\nCOPY ${JAR} /app.jar\n", files: "a.jar=2"}, []int{3}, "3 file a.jar: a.jar: its content changed", ""},
		{"the default of a global ARG", world{src: "ARG V=1\nFROM a\nARG V\nRUN make\n"}, world{src: "ARG V=2\nFROM a\nARG V\nRUN make\n"}, []int{4}, `4 arg V: build argument V was "1" and is "2"`, ""},
		{"an ARG of a parent stage", world{src: "FROM a AS p\nARG V=1\nFROM p\nRUN make\n"}, world{src: "FROM a AS p\nARG V=2\nFROM p\nRUN make\n"}, []int{4}, `4 setting ARG V=2: line 2 (ARG V=2) was "ARG V=1"`, ""},
		{"an argument that was given", world{src: "FROM a\nARG V=1\nRUN make\n"}, world{src: "FROM a\nARG V=1\nRUN make\n", args: map[string]string{"V": "3"}}, []int{3}, `3 arg V: build argument V was "1" and is "3"`, ""},
		{"ENV made from ARG", world{src: "FROM a\nARG V=1\nENV W=x$V\nRUN make\n"}, world{src: "FROM a\nARG V=2\nENV W=x$V\nRUN make\n"}, []int{4}, `4 setting ARG V=2: line 2 (ARG V=2) was "ARG V=1"`, ""},
		{"ENV", world{src: "FROM a\nENV W=1\nRUN make\n"}, world{src: "FROM a\nENV W=2\nRUN make\n"}, []int{3}, `3 setting ENV W=2: line 2 (ENV W=2) was "ENV W=1"`, ""},
		{"a new ENV", world{src: "FROM a\nRUN make\n"}, world{src: "FROM a\nENV W=2\nRUN make\n"}, []int{3}, `3 setting ENV W=2: line 2 (ENV W=2) was not there`, "line 3 is new"},
		{"an ENV that is gone", world{src: "FROM a\nENV W=2\nRUN make\n"}, world{src: "FROM a\nRUN make\n"}, []int{2}, `2 setting W: the environment variable W was "2" and is not set any more`, ""},
		{"** with --parents", world{src: "FROM a\nCOPY --parents **/x.txt /\n", files: "a/b/x.txt=1 a/y=1"}, world{src: "FROM a\nCOPY --parents **/x.txt /\n", files: "a/b/x.txt=2 a/y=1"}, []int{2}, "2 file a/b/x.txt: a/b/x.txt: its content changed", ""},
		{"** with --parents, another file", world{src: "FROM a\nCOPY --parents **/x.txt /\n", files: "a/b/x.txt=1 a/y=1"}, world{src: "FROM a\nCOPY --parents **/x.txt /\n", files: "a/b/x.txt=1 a/y=2"}, []int{2}, "2 evicted : nothing", "a/y"},
		{"through a symbolic link", world{src: "FROM a\nCOPY link/f /\n", files: "link>real real/f=1"}, world{src: "FROM a\nCOPY link/f /\n", files: "link>real real/f=2"}, []int{2}, "2 file real/f: real/f: its content changed", ""},
		{"another target of the link", world{src: "FROM a\nCOPY link/f /\n", files: "link>real real/f=1 other/f=1"}, world{src: "FROM a\nCOPY link/f /\n", files: "link>other real/f=1 other/f=2"}, []int{2}, `2 file link: link: its target was "real" and is "other"`, ""},
		{"a new file", world{src: "FROM a\nCOPY src /s/\n", files: "src/a=1"}, world{src: "FROM a\nCOPY src /s/\n", files: "src/a=1 src/b=1"}, []int{2}, "2 file src/b: src/b: it is new", ""},
		{"a file that is gone", world{src: "FROM a\nCOPY src /s/\n", files: "src/a=1 src/b=1"}, world{src: "FROM a\nCOPY src /s/\n", files: "src/a=1"}, []int{2}, "2 file src/b: src/b: it is gone", ""},
		{"a file elsewhere", world{src: "FROM a\nCOPY src /s/\n", files: "src/a=1 doc/x=1"}, world{src: "FROM a\nCOPY src /s/\n", files: "src/a=1 doc/x=2"}, []int{2}, "2 evicted", "doc"},
		{"an excluded file", world{src: "FROM a\nCOPY --exclude=*.md src /s/\n", files: "src/a=1 src/x.md=1"}, world{src: "FROM a\nCOPY --exclude=*.md src /s/\n", files: "src/a=1 src/x.md=2"}, []int{2}, "2 evicted", "x.md"},
		{"a mode", world{src: "FROM a\nCOPY f /\n", files: "f=1"}, world{src: "FROM a\nCOPY f /\n", files: "f!x=1"}, []int{2}, "2 file f: f: its mode was 644 and is 755", ""},
		{"a link instead of a file", world{src: "FROM a\nCOPY d /\n", files: "d/f=1"}, world{src: "FROM a\nCOPY d /\n", files: "d/f>/x"}, []int{2}, "2 file d/f: d/f: it was a file and is a symbolic link", ""},
		{"a bind mount", world{src: "FROM a\nRUN --mount=type=bind,source=f,target=/f make\n", files: "f=1"}, world{src: "FROM a\nRUN --mount=type=bind,source=f,target=/f make\n", files: "f=2"}, []int{2}, "2 file f: f: its content changed", ""},
		{"a base", world{src: run}, world{src: run, bases: map[string]string{"a": "new"}}, []int{2}, "2 base a: the base a was sha256:", "evicted"},
		{"another base", world{src: run}, world{src: "FROM b\nRUN make\n"}, []int{2}, "2 base b: the base was a:latest and is b", ""},
		{"what a URL serves", world{src: "FROM a\nADD http://h/x /x\n"}, world{src: "FROM a\nADD http://h/x /x\n"}, []int{2}, "2 source http://h/x: nothing in its definition changed; whether http://h/x serves the same as before is not known", "evicted"},
		{"ONBUILD COPY", world{src: "FROM a\n", f: frontend.Build{OnBuild: map[string][]string{"a": {"COPY f /"}}}, files: "f=1"}, world{src: "FROM a\n", f: frontend.Build{OnBuild: map[string][]string{"a": {"COPY f /"}}}, files: "f=2"}, []int{1}, "1 file f: f: its content changed", ""},
		{"WORKDIR", world{src: "FROM a\nWORKDIR /x\nRUN make\n"}, world{src: "FROM a\nWORKDIR /y\nRUN make\n"}, []int{2, 3}, `2 text WORKDIR /x: its text was "WORKDIR /x"`, ""},
		{"USER", world{src: "FROM a\nUSER 1\nRUN make\n"}, world{src: "FROM a\nUSER 2\nRUN make\n"}, []int{3}, `3 setting USER 2: line 2 (USER 2) was "USER 1"`, ""},
		{"SHELL", world{src: "FROM a\nSHELL [\"/bin/sh\",\"-c\"]\nRUN make\n"}, world{src: "FROM a\nSHELL [\"/bin/bash\",\"-c\"]\nRUN make\n"}, []int{3}, `3 setting SHELL ["/bin/bash","-c"]: line 2`, ""},
		{"--no-cache", world{src: run}, world{src: run, f: frontend.Build{NoCache: []int{2}}}, []int{2}, "2 no-cache", ""},
		{"--no-cache-filter", world{src: "FROM a AS b\nRUN make\nFROM a\nCOPY --from=b /x /\n"}, world{src: "FROM a AS b\nRUN make\nFROM a\nCOPY --from=b /x /\n", f: frontend.Build{NoCache: []int{2}}}, []int{2, 4}, "2 no-cache", ""},
		{"a here-document", world{src: "FROM a\nCOPY <<E /x\none\nE\n"}, world{src: "FROM a\nCOPY <<E /x\ntwo\nE\n"}, []int{2}, "2 text", "evicted"},
		{"a secret is not part of it", world{src: "FROM a\nRUN --mount=type=secret,id=s make\n"}, world{src: "FROM a\nRUN --mount=type=secret,id=s make\n"}, []int{2}, "2 evicted", ""},
		{"a flag", world{src: "FROM a\nCOPY --chmod=644 f /\n", files: "f=1"}, world{src: "FROM a\nCOPY --chmod=755 f /\n", files: "f=1"}, []int{2}, "2 text COPY --chmod=644 f /", ""},
		{"a stage that is new", world{src: run}, world{src: "FROM a AS x\nRUN one\nFROM a\nRUN make\nCOPY --from=x /y /\n"}, []int{2, 5}, "2 text", "evicted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			last, _ := c.then.made(t)
			_, in := c.now.made(t)
			in.Last = last
			d := frontend.Definition(t, c.now.src, frontend.Build{Args: c.now.args, Bases: c.now.bases, OnBuild: c.now.f.OnBuild, NoCache: c.now.f.NoCache})
			in.Steps = frontend.Steps(d, c.ran...)
			r := profile.Make(in)
			if len(r.Misses) == 0 {
				t.Fatalf("no miss: %+v", r.Lines)
			}
			m := r.Misses[0]
			if got := fmt.Sprintf("%d %s %s: %s", m.Line, m.Kind, m.Detail, m.Cause); !strings.HasPrefix(got, c.want) || c.not != "" && strings.Contains(got, c.not) {
				t.Errorf("%s\nwant %s, not %q", got, c.want, c.not)
			}
		})
	}
}
