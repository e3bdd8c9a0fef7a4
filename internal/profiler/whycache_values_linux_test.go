package profiler_test

import (
	"os"
	"os/exec"
	"path/filepath"

	"tare/internal/engine"
	"tare/internal/profiler"
)

const declared = "ARG G=1\nFROM base\nRUN probe write /before NONCE\nARG V=1\nRUN probe write /x NONCE\nARG LATE=1\n"

// valueReplays are edits of arguments and of what is made of them.
var valueReplays = []replay{
	{name: "an argument", file: declared, again: arg("V", "2"), want: at(5, "arg", `^V\b`)},
	{name: "an argument that is no longer given", file: declared, opt: arg("V", "2"), again: func(_ *played, b *engine.Build) { b.Args = nil }, want: at(5, "arg", `^V\b`)},
	{name: "an argument that is declared later", file: declared, again: arg("LATE", "2")},
	{name: "an argument that nothing declares", file: declared, again: arg("NOBODY", "2")},
	{name: "an argument for FROM lines only", file: declared, again: arg("G", "2")},
	{name: "an argument's default", file: declared, edit: subs("ARG V=1", "ARG V=2"), want: at(5, "arg setting env", `\bV\b`)},
	{name: "an argument's default that is not used", file: declared, opt: arg("V", "7"), edit: subs("ARG V=1", "ARG V=2")},
	{name: "an argument becomes its default", file: declared, opt: arg("V", "7"), again: func(_ *played, b *engine.Build) { b.Args = nil }, edit: subs("ARG V=1", "ARG V=7")},
	{name: "an argument that a COPY does not use", file: "FROM base\nARG V=1\nCOPY a.txt /\n", files: copied, again: arg("V", "2")},
	{name: "an argument that a COPY does not use, and a file", file: "FROM base\nARG V=1\nCOPY a.txt /\n", files: copied, again: arg("V", "2"), edit: puts("a.txt", "changed NONCE"), want: at(3, "file", `^a\.txt`)},
	{name: "a variable in a COPY source, and its file", file: "FROM base\nARG JAR_FILE=target/*.jar\nCOPY ${JAR_FILE} /app.jar\n", files: map[string]string{"target/app.jar": "jar NONCE"}, edit: puts("target/app.jar", "changed NONCE"), want: at(3, "file", `^target/app\.jar`)},
	{name: "a variable in a COPY source, given", file: "FROM base\nARG SRC\nCOPY $SRC /x\n", files: copied, opt: arg("SRC", "a.txt"), edit: puts("a.txt", "changed NONCE"), want: at(3, "file", `^a\.txt`)},
	{name: "a variable in a COPY source has another value", file: "FROM base\nARG SRC=a.txt\nCOPY ${SRC} /x\n", files: copied, again: arg("SRC", "b.txt"), want: at(3, "arg", `SRC`)},
	{name: "a variable in a COPY destination", file: "FROM base\nARG TO=/x\nCOPY a.txt ${TO}/\n", files: copied, again: arg("TO", "/y"), want: at(3, "arg", `TO`)},
	{name: "a variable of the environment in a COPY source", file: "FROM base\nENV SRC=dir\nCOPY ${SRC}/one /x\n", files: copied, edit: puts("dir/one", "changed NONCE"), want: at(3, "file", `^dir/one`)},
	{name: "a variable of the environment in a COPY", file: "FROM base\nENV SRC=a.txt\nCOPY ${SRC} /x\n", files: copied, edit: subs("SRC=a.txt", "SRC=b.txt"), want: at(3, "setting env", `SRC`)},
	{name: "a variable in a mount", file: "FROM base\nARG M=dir\nRUN --mount=source=$M,target=/m probe write /x NONCE\n", files: copied, edit: puts("dir/one", "changed NONCE"), want: at(3, "file", `^dir/one`)},
	{name: "a variable in WORKDIR", file: "FROM base\nARG D=/one\nWORKDIR $D\nRUN probe write /x NONCE\n", again: arg("D", "/two"), want: at(3, "arg", `\bD\b`)},
	{name: "the default of a global argument", file: "ARG G=1\nFROM base\nARG G\nRUN probe write /x NONCE\n", edit: subs("G=1", "G=2"), want: at(4, "arg setting env text", `\bG\b`)},
	{name: "a global argument is given", file: "ARG G=1\nFROM base\nARG G\nRUN probe write /x NONCE\n", again: arg("G", "2"), want: at(4, "arg", `\bG\b`)},
	{name: "a global argument made of another", file: "ARG A=1\nARG G=${A}x\nFROM base\nARG G\nRUN probe write /x NONCE\n", again: arg("A", "2"), want: at(5, "arg env", `\b[AG]\b`)},
	{name: "an argument of a parent stage", file: "FROM base AS parent\nARG V=1\nFROM parent\nRUN probe write /x NONCE\n", again: arg("V", "2"), want: at(4, "arg", `\bV\b`)},
	{name: "an argument's default in a parent stage", file: "FROM base AS parent\nARG V=1\nFROM parent\nRUN probe write /x NONCE\n", edit: subs("V=1", "V=2"), want: at(4, "arg setting env", `\bV\b`)},
	{name: "the environment of a parent stage", file: "FROM base AS parent\nENV E=1\nFROM parent\nRUN probe write /x NONCE\n", edit: subs("E=1", "E=2"), want: at(4, "setting env", `\bE\b`)},
	{name: "the user of a parent stage", file: "FROM base AS parent\nUSER 0\nFROM parent\nRUN probe write /x NONCE\n", edit: subs("USER 0", "USER 0:0"), want: at(4, "setting", `USER`)},
	{name: "environment made of an argument", file: "FROM base\nARG V=1\nENV E=$V\nRUN probe write /x NONCE\n", again: arg("V", "2"), want: at(4, "arg env setting", `\b[VE]\b`)},
	{name: "environment made of an argument in a parent stage", file: "FROM base AS parent\nARG V=1\nENV E=a-$V\nFROM parent\nRUN probe write /x NONCE\n", again: arg("V", "2"), want: at(5, "arg env setting", `\b[VE]\b`)},
	{name: "environment made of a global argument", file: "ARG G=1\nFROM base\nARG G\nENV E=$G\nRUN probe write /x NONCE\n", edit: subs("G=1", "G=2"), want: at(5, "arg env setting", `\b[GE]\b`)},
	{name: "a platform", file: "FROM --platform=$BUILDPLATFORM base\nARG TARGETARCH\nRUN probe write /x NONCE\n", again: func(_ *played, b *engine.Build) { b.Platforms = []string{"linux/s390x"} }, want: at(3, "arg env setting platform", `TARGETARCH|platform`)},
	{name: "SOURCE_DATE_EPOCH", file: declared, opt: arg("SOURCE_DATE_EPOCH", "1"), again: arg("SOURCE_DATE_EPOCH", "2")},
	{name: "a proxy", file: declared, again: arg("HTTP_PROXY", "http://127.0.0.1:9")},
	{name: "what an address gives", file: "FROM base\nADD HTTP/f /x\nRUN probe write /y NONCE\n", opt: served, edit: func(p *played) { p.web["/f"] = "changed " + p.nonce }, want: at(2, "source file", `http://`)},
	{name: "what an address gives, linked", file: "FROM base\nADD --link HTTP/f /x\n", opt: served, edit: func(p *played) { p.web["/f"] = "changed " + p.nonce }, want: at(2, "source file", `http://`)},
	{name: "another address", file: "FROM base\nADD HTTP/f /x\n", opt: served, edit: subs("/f /x", "/g /x"), want: at(2, "text source", ``)},
	{name: "an address by argument", file: "FROM base\nARG N=f\nADD HTTP/$N /x\n", opt: served, again: arg("N", "g"), want: at(3, "arg source", `\bN\b|/g`)},
}

func served(p *played, _ *engine.Build) {
	if len(p.web) == 0 {
		p.web["/f"], p.web["/g"] = "f "+p.nonce, "g "+p.nonce
	}
}

func noCache(_ *played, b *engine.Build) { b.NoCache = true }

// asked is a build between the first and the second.
func asked(p *played) profiler.Request {
	return profiler.Request{Target: p.dir, Why: true, NoChecks: true}
}

// baseReplays are edits of images.
var baseReplays = []replay{
	{name: "the base moved", file: "FROM moved\nRUN probe write /x NONCE\n", opt: baseImage("moved"), edit: move("moved"), want: []cause{{[]int{1, 2}, "base", "moved"}}},
	{name: "the base of an earlier stage moved", file: "FROM moved2 AS b\nRUN probe write /x NONCE\nFROM base\nRUN probe write /y NONCE\nCOPY --from=b /x /x\n", opt: baseImage("moved2"), edit: move("moved2"), want: []cause{{[]int{1, 2}, "base", "moved2"}}},
	{name: "the base moved, by argument", file: "ARG B=moved3\nFROM $B\nRUN probe write /x NONCE\n", opt: baseImage("moved3"), edit: move("moved3"), want: []cause{{[]int{2, 3}, "base", "moved3"}}},
	{name: "the base moved, and a label", file: "FROM moved4\nLABEL v=1\nRUN probe write /x NONCE\n", opt: baseImage("moved4"), edit: func(p *played) { move("moved4")(p); p.sub("v=1", "v=2") }, want: []cause{{[]int{1, 3}, "base", "moved4"}}},
	{name: "another base", file: "FROM base\nCOPY a.txt /\nRUN probe write /x NONCE\n", files: copied, edit: subs("FROM base", "FROM other"), want: []cause{{[]int{1, 2}, "base", "other|base"}}},
	{name: "another base by argument", file: "ARG B=base\nFROM ${B}\nRUN probe write /x NONCE\n", again: arg("B", "other"), want: []cause{{[]int{2, 3}, "base arg", "other|B"}}},
	{name: "another base by the argument's default", file: "ARG B=base\nFROM ${B}\nRUN probe write /x NONCE\n", edit: subs("B=base", "B=other"), want: []cause{{[]int{2, 3}, "base arg", "other|B"}}},
	{name: "another stage by argument", file: "ARG W=one\nFROM base AS one\nRUN probe write /x NONCE\nFROM base AS two\nRUN probe write /y NONCE\nFROM ${W}\nRUN probe write /z NONCE\n", again: arg("W", "two"), want: at(5, "unknown-build unknown text arg base", ""), not: []string{"no longer in the build cache"}},
	{name: "an image that a COPY takes from moved", file: "FROM base\nCOPY --from=moved5 /mark /x\n", opt: baseImage("moved5"), edit: move("moved5"), want: at(2, "base source", "moved5")},
	{name: "an image that is mounted moved", file: "FROM base\nRUN --mount=from=moved6,target=/m probe write /x NONCE\n", opt: baseImage("moved6"), edit: move("moved6"), want: at(2, "base source mount", "moved6")},
	{name: "a named context became another image", file: "FROM it\nRUN probe write /x NONCE\n", opt: func(_ *played, b *engine.Build) { b.Contexts = map[string]string{"it": "docker-image://base"} }, again: func(_ *played, b *engine.Build) { b.Contexts = map[string]string{"it": "docker-image://other"} }, want: []cause{{[]int{1, 2}, "base source", "other|it"}}},
	{name: "a trigger takes a file", file: "FROM onbuilding\nRUN probe write /x NONCE\n", files: copied, opt: trigger("onbuilding", "ONBUILD COPY a.txt /"), edit: puts("a.txt", "changed NONCE"), want: at(1, "file", `^a\.txt`)},
	{name: "a trigger runs with a file", file: "FROM onbuilding2\nRUN probe write /x NONCE\n", files: copied, opt: trigger("onbuilding2", "ONBUILD RUN --mount=source=dir,target=/m probe cat /m/one"), edit: puts("dir/one", "changed NONCE"), want: at(1, "file", `^dir/one`)},
	{name: "a trigger of the file's own stage", file: "FROM base AS p\nONBUILD COPY a.txt /\nFROM p\nRUN probe write /x NONCE\n", files: copied, edit: puts("a.txt", "changed NONCE"), want: at(3, "file", `^a\.txt`)},
	{name: "a file that no trigger takes", file: "FROM onbuilding3\nCOPY b.txt /\n", files: copied, opt: trigger("onbuilding3", "ONBUILD COPY a.txt /"), edit: puts("b.txt", "changed NONCE"), want: at(2, "file", `^b\.txt`)},
}

// baseImage puts an image into the store before the first build, move makes its name mean
// another.
func baseImage(name string) func(*played, *engine.Build) {
	return func(p *played, _ *engine.Build) {
		if _, err := os.Stat(filepath.Join(p.other, "made")); err != nil {
			p.w.base(p.t, name, p.nonce)
			write(p.t, filepath.Join(p.other, "made"), "")
		}
	}
}

func move(name string) func(*played) {
	return func(p *played) { p.w.base(p.t, name, p.nonce+" moved") }
}

func trigger(name, text string) func(*played, *engine.Build) {
	return func(p *played, _ *engine.Build) {
		if _, err := os.Stat(filepath.Join(p.other, "made")); err != nil {
			p.w.derive(p.t, name, "FROM base\n"+text+"\n")
			write(p.t, filepath.Join(p.other, "made"), "")
		}
	}
}

// builderReplays are edits of how a build is asked for, and of what the builder keeps.
var builderReplays = []replay{
	{name: "no cache", file: copies, files: copied, again: noCache, want: at(2, "no-cache", ""), also: "no-cache"},
	{name: "no cache for a stage", file: "FROM base AS one\nRUN probe write /x NONCE\nFROM base AS two\nRUN probe write /y NONCE\nCOPY --from=one /x /x\n", again: func(_ *played, b *engine.Build) { b.NoCacheFilter = []string{"one"} }, want: at(2, "no-cache", ""), not: []string{"no longer in the build cache"}},
	{name: "no network", file: settled, again: func(_ *played, b *engine.Build) { b.Network = "none" }, want: at(7, "setting", "(?i)network")},
	{name: "a host more", file: settled, again: func(_ *played, b *engine.Build) { b.AddHosts = []string{"somewhere:127.0.0.9"} }, want: at(7, "setting", "(?i)host")},
	{name: "a label of the image", file: settled, again: func(_ *played, b *engine.Build) { b.Labels = map[string]string{"a": "b"} }},
	{name: "a secret's content", file: "FROM base\nRUN --mount=type=secret,id=s probe cat /run/secrets/s && probe write /x NONCE\n", opt: secret, edit: func(p *played) { write(p.t, filepath.Join(p.other, "s"), "changed "+p.nonce) }},
	{name: "a secret's content beside a text", file: "FROM base\nRUN --mount=type=secret,id=s probe cat /run/secrets/s && probe write /x NONCE\n", opt: secret, edit: func(p *played) { write(p.t, filepath.Join(p.other, "s"), "changed "+p.nonce); p.sub("/x", "/y") }, want: at(2, "text", ""), not: []string{"secret: "}},
	{name: "what a cache mount holds", file: "FROM base\nRUN --mount=type=cache,target=/c,id=NONCE probe runs /c && probe write /x NONCE\nCOPY a.txt /\n", files: copied, edit: puts("a.txt", "changed NONCE"), want: at(3, "file", `^a\.txt`)},
	{name: "another Dockerfile of the same text", file: copies, files: copied, again: func(p *played, b *engine.Build) {}, edit: func(p *played) { p.put("unused/Dockerfile", copies) }},
	{name: "the cache was emptied", file: "FROM base\nCOPY a.txt /\nRUN probe write /x NONCE\n", files: copied, edit: empty, want: at(2, "evicted", ""), also: "evicted"},
	{name: "the cache was emptied, and a file changed", file: "FROM base\nCOPY a.txt /\nRUN probe write /x NONCE\n", files: copied, edit: func(p *played) { empty(p); p.put("a.txt", "changed NONCE") }, want: at(2, "file", `^a\.txt`), not: []string{"no longer in the build cache"}},
	{name: "the cache was emptied, and a later file changed", file: "FROM base\nCOPY a.txt /\nCOPY b.txt /\n", files: copied, edit: func(p *played) { empty(p); p.put("b.txt", "changed NONCE") }, want: at(2, "evicted", "")},
	{name: "a fresh clone", file: copies, files: copied, edit: clone(false), want: at(2, "file", `^a\.txt`)},
	{name: "a fresh clone of another commit", file: copies, files: copied, edit: clone(true), want: at(2, "file", `^a\.txt`)},
}

func secret(p *played, b *engine.Build) {
	name := filepath.Join(p.other, "s")
	if _, err := os.Stat(name); err != nil {
		write(p.t, name, "hidden")
	}
	b.Secrets = []string{"id=s,src=" + name}
}

func empty(p *played) {
	if _, err := p.w.eng.Prune(p.t.Context(), true, 0); err != nil {
		p.t.Fatal(err)
	}
}

// clone moves to another directory with the same files, as a CI job does, where one has
// another content. With a commit the Dockerfile is another, too, and the repository's
// address is what stays.
func clone(commit bool) func(*played) {
	return func(p *played) {
		now := p.t.TempDir()
		p.check(os.CopyFS(now, os.DirFS(p.dir)))
		was := p.dir
		p.dir = now
		if commit {
			for _, d := range []string{was, now} {
				for _, args := range [][]string{{"init", "-q"}, {"remote", "add", "origin", "https://example.com/" + p.nonce + ".git"}} {
					if out, err := exec.Command("git", append([]string{"-C", d}, args...)...).CombinedOutput(); err != nil {
						p.t.Skipf("git: %v: %s", err, out)
					}
				}
			}
			p.dir = was
			if _, _, err := p.w.profile(p.t, asked(p)); err != nil {
				p.t.Fatal(err)
			}
			p.dir = now
			p.sub("RUN", "# another commit\nRUN")
		}
		p.put("a.txt", "changed NONCE")
	}
}
