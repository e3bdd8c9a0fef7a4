package profiler_test

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"tare/internal/engine"
	"tare/internal/testkit"
)

// copies is a Dockerfile whose lines depend on a file each.
const copies = "FROM base\nCOPY a.txt b.txt /x/\nCOPY dir /dir\nRUN probe write /made NONCE\n"

var copied = map[string]string{"a.txt": "a NONCE", "b.txt": "b NONCE", "dir/one": "one NONCE", "dir/sub/two": "two NONCE", "dir/link": "-> one"}

// fileReplays are edits of the build context.
var fileReplays = []replay{
	{name: "a file's content", file: copies, files: copied, edit: puts("a.txt", "changed NONCE"), want: at(2, "file", `^a\.txt`)},
	{name: "the second file's content", file: copies, files: copied, edit: puts("b.txt", "changed NONCE"), want: at(2, "file", `^b\.txt`), not: []string{"a.txt"}},
	{name: "a file deep in a directory", file: copies, files: copied, edit: puts("dir/sub/two", "changed NONCE"), want: at(3, "file", `^dir/sub/two`)},
	{name: "a content of the same size", file: copies, files: copied, edit: puts("a.txt", "A NONCE"), want: at(2, "file", `^a\.txt`)},
	{name: "a file's mode", file: copies, files: copied, edit: func(p *played) { p.check(os.Chmod(p.path("a.txt"), 0o755)) }, want: at(2, "file", `a\.txt.*mode`)},
	{name: "a new file", file: copies, files: copied, edit: puts("dir/new", "x"), want: at(3, "file", `^dir/new.*new`)},
	{name: "a file that is gone", file: copies, files: copied, edit: func(p *played) { p.remove("dir/one") }, want: at(3, "file", `^dir/one.*gone`)},
	{name: "a file that became a symlink", file: copies, files: copied, edit: puts("dir/one", "-> sub/two"), want: at(3, "file", `^dir/one`)},
	{name: "a symlink that became a file", file: copies, files: copied, edit: func(p *played) { p.remove("dir/link"); p.put("dir/link", "one NONCE") }, want: at(3, "file", `^dir/link`)},
	{name: "where a symlink points", file: copies, files: copied, edit: puts("dir/link", "-> sub/two"), want: at(3, "file", `^dir/link`)},
	{name: "a directory that became a file", file: copies, files: copied, edit: func(p *played) { p.remove("dir/sub"); p.put("dir/sub", "x") }, want: at(3, "file", `^dir/sub`)},
	{name: "a new empty directory", file: copies, files: copied, edit: func(p *played) { p.check(os.Mkdir(p.path("dir/empty"), 0o755)) }, want: at(3, "file", `^dir/empty`)},
	{name: "a directory's mode", file: copies, files: copied, edit: func(p *played) { p.check(os.Chmod(p.path("dir/sub"), 0o700)) }},
	{name: "two files in two copies", file: copies, files: copied, edit: puts("b.txt", "x", "dir/one", "y"), want: at(2, "file", `^b\.txt`)},
	{name: "a touched file", file: copies, files: copied, edit: func(p *played) { p.check(os.Chtimes(p.path("a.txt"), time.Time{}, time.Unix(1e9, 0))) }},
	{name: "a file written again as it was", file: copies, files: copied, edit: puts("a.txt", "a NONCE")},
	{name: "a file that nothing takes", file: copies, files: copied, edit: puts("unused", "x")},
	{name: "ignored from now on", file: copies, files: copied, edit: puts(".dockerignore", "dir/sub\n"), want: at(3, "file", `dir/sub`)},
	{name: "no longer ignored", file: copies, files: with(copied, ".dockerignore", "dir/one\n"), edit: puts(".dockerignore", "# nothing\n"), want: at(3, "file", `dir/one`)},
	{name: "ignored, and nothing takes it", file: copies, files: copied, edit: puts(".dockerignore", "unused\n")},
	{name: "an ignored file", file: copies, files: with(copied, ".dockerignore", "dir/sub\n"), edit: puts("dir/sub/two", "changed NONCE")},
	{name: "the Dockerfile's own ignore file", file: copies, files: with(copied, "Dockerfile.dockerignore", "dir/link\n"), edit: puts("Dockerfile.dockerignore", "dir/one\n"), want: at(3, "file", `dir/(one|link)`)},
	{name: "the Dockerfile, copied with all", file: "FROM base\n# a comment\nCOPY . /x\nRUN probe write /made NONCE\n", files: copied, edit: subs("# a comment", "# another"), want: at(3, "file", `^Dockerfile`)},
	{name: "a pattern takes a new file", file: "FROM base\nCOPY *.txt /x/\n", files: copied, edit: puts("c.txt", "c"), want: at(2, "file", `^c\.txt`)},
	{name: "a pattern, and a file beside it", file: "FROM base\nCOPY *.txt /x/\n", files: copied, edit: puts("c.md", "c")},
	{name: "a file got another name", file: "FROM base\nCOPY *.txt /x/\n", files: copied, edit: func(p *played) { p.check(os.Rename(p.path("a.txt"), p.path("c.txt"))) }, want: at(2, "file", `[ac]\.txt`), not: []string{"b.txt"}},
	{name: "parents and stars", file: "FROM base\nCOPY --parents **/*.cfg /x/\n", files: map[string]string{"p/q/r/x.cfg": "x NONCE", "top.cfg": "top NONCE"}, edit: puts("p/q/r/x.cfg", "changed NONCE"), want: at(2, "file", `^p/q/r/x\.cfg`)},
	{name: "parents and stars, a new file", file: "FROM base\nCOPY --parents p/**/x.* /x/\n", files: map[string]string{"p/q/x.cfg": "x NONCE", "r/x.cfg": "r"}, edit: puts("p/x.new", "new", "r/x.cfg", "changed NONCE"), want: at(2, "file", `^p/x\.new`), not: []string{"r/x.cfg"}},
	{name: "parents from a pivot", file: "FROM base\nCOPY --parents p/./q/x.cfg /x/\n", files: map[string]string{"p/q/x.cfg": "x NONCE"}, edit: puts("p/q/x.cfg", "changed NONCE"), want: at(2, "file", `^p/q/x\.cfg`)},
	{name: "through a symlink", file: "FROM base\nCOPY linked/e /x\n", files: map[string]string{"linked": "-> real", "real/e": "e NONCE"}, edit: puts("real/e", "changed NONCE"), want: at(2, "file", `(real|linked)/e`)},
	{name: "through two symlinks", file: "FROM base\nCOPY one/deep /x\n", files: map[string]string{"one": "-> two/three", "two/three": "-> ../real", "real/deep/e": "e NONCE"}, edit: puts("real/deep/e", "changed NONCE"), want: at(2, "file", `deep/e`)},
	{name: "the symlink on the way", file: "FROM base\nCOPY linked/e /x\n", files: map[string]string{"linked": "-> real", "real/e": "e NONCE", "next/e": "f NONCE"}, edit: puts("linked", "-> next"), want: at(2, "file", `linked|next`)},
	{name: "a source that is a symlink", file: "FROM base\nCOPY link /x\n", files: map[string]string{"link": "-> file", "file": "f NONCE"}, edit: puts("file", "changed NONCE"), want: at(2, "file", `file|link`)},
	{name: "an excluded file", file: "FROM base\nCOPY --exclude=*.md docs /x\n", files: map[string]string{"docs/a.md": "a NONCE", "docs/b": "b NONCE"}, edit: puts("docs/a.md", "changed NONCE")},
	{name: "beside an excluded file", file: "FROM base\nCOPY --exclude=**/*.md docs /x\n", files: map[string]string{"docs/s/a.md": "a NONCE", "docs/b": "b NONCE"}, edit: puts("docs/s/a.md", "changed NONCE", "docs/b", "changed NONCE"), want: at(2, "file", `^docs/b`), not: []string{"a.md"}},
	{name: "an archive", file: "FROM base\nADD x.tar /x\n", files: map[string]string{}, edit: archive("second "), opt: func(p *played, _ *engine.Build) {
		if _, err := os.Stat(p.path("x.tar")); err != nil {
			archive("first ")(p)
		}
	}, want: at(2, "file", `^x\.tar`)},
	{name: "a mounted file", file: "FROM base\nRUN --mount=type=bind,source=m,target=/m probe cat /m/f && probe write /x NONCE\n", files: map[string]string{"m/f": "f NONCE"}, edit: puts("m/f", "changed NONCE"), want: at(2, "file", `^m/f`)},
	{name: "all mounted", file: "FROM base\nRUN --mount=target=/m probe cat /m/f && probe write /x NONCE\n", files: map[string]string{"f": "f NONCE", "g": "g"}, edit: puts("g", "changed NONCE"), want: at(2, "file", `^g`)},
	{name: "copied in an earlier stage", file: "FROM base AS build\nCOPY src /src\nRUN probe write /made NONCE\nFROM base\nRUN probe write /first NONCE\nCOPY --from=build /made /src/main /x/\n", files: map[string]string{"src/main": "NONCE"}, edit: puts("src/main", "changed NONCE"), want: at(2, "file", `^src/main`)},
	{name: "two stages, two files", file: "FROM base AS one\nCOPY a /a\nFROM base\nCOPY b /b\nCOPY --from=one /a /a\n", files: map[string]string{"a": "a NONCE", "b": "b NONCE"}, edit: puts("a", "changed NONCE", "b", "changed NONCE"), want: append(at(2, "file", "^a"), at(4, "file", "^b")...)},
	{name: "linked copy", file: "FROM base\nCOPY --link a /a\nRUN probe write /x NONCE\nCOPY --link b /b\n", files: map[string]string{"a": "a NONCE", "b": "b NONCE"}, edit: puts("a", "changed NONCE"), want: at(2, "file", "^a")},
	{name: "linked copy behind others", file: "FROM base\nCOPY --link a /a\nCOPY --link b /b\n", files: map[string]string{"a": "a NONCE", "b": "b NONCE"}, edit: puts("b", "changed NONCE"), want: at(3, "file", "^b")},
	{name: "a named context", file: "FROM base\nCOPY --from=extra e /x\n", opt: extra, edit: func(p *played) { write(p.t, filepath.Join(p.other, "e"), "changed "+p.nonce) }, want: at(2, "file", `\be\b`)},
	{name: "a named context, mounted", file: "FROM base\nRUN --mount=from=extra,target=/m probe cat /m/e && probe write /x NONCE\n", opt: extra, edit: func(p *played) { write(p.t, filepath.Join(p.other, "e"), "changed "+p.nonce) }, want: at(2, "file", `\be\b`)},
	{name: "a named context, and another file of it", file: "FROM base\nCOPY --from=extra e /x\n", opt: extra, edit: func(p *played) { write(p.t, filepath.Join(p.other, "f"), "new") }},
	{name: "a named context moves as it is", file: "FROM base\nCOPY --from=extra e /x\n", opt: extra, again: func(p *played, b *engine.Build) {
		d := p.t.TempDir()
		write(p.t, filepath.Join(d, "e"), "e "+p.nonce)
		b.Contexts = map[string]string{"extra": d}
	}},
	{name: "more than 50,000 files", file: "FROM base\nCOPY zz /zz\n", files: map[string]string{"zz/f": "f NONCE"}, opt: fiftyThousand, edit: puts("zz/f", "changed NONCE"), want: at(2, "file", `^zz/f`)},
	{name: "same size and time", file: copies, files: copied, edit: func(p *played) { keepTimes(p, "a.txt", "A NONCE") }, stale: "a.txt"},
	{name: "same size and time, without the cache", file: copies, files: copied, edit: func(p *played) { keepTimes(p, "dir/sub/two", "TWO NONCE") }, again: noCache, want: at(2, "no-cache", ""), also: "no-cache", stale: "dir/sub/two"},
	{name: "same size and time, compared by content", file: copies, files: copied, edit: func(p *played) { keepTimes(p, "a.txt", "A NONCE") }, again: func(_ *played, b *engine.Build) { b.ChecksumContext = true }, want: at(2, "file", `^a\.txt`)},
	{name: "same size and time, and nothing takes it", file: "FROM base\nCOPY b.txt /\n", files: copied, edit: func(p *played) { keepTimes(p, "a.txt", "A NONCE") }},
	{name: "same size and time, then touched", file: copies, files: copied, edit: func(p *played) {
		keepTimes(p, "a.txt", "A NONCE")
		if _, _, err := p.w.profile(p.t, asked(p)); err != nil {
			p.t.Fatal(err)
		}
		p.check(os.Chtimes(p.path("a.txt"), time.Time{}, time.Unix(1e9, 0)))
	}, want: at(2, "file", `^a\.txt`)},
}

func with(files map[string]string, name, body string) map[string]string {
	out := map[string]string{name: body}
	for k, v := range files {
		out[k] = v
	}
	return out
}

func archive(text string) func(*played) {
	return func(p *played) {
		write(p.t, p.path("x.tar"), string(testkit.Tar(p.t, testkit.File("f", text+p.nonce))))
	}
}

// extra is a named context in a directory of its own.
func extra(p *played, b *engine.Build) {
	name := filepath.Join(p.other, "e")
	if _, err := os.Stat(name); err != nil {
		write(p.t, name, "e "+p.nonce)
	}
	b.Contexts = map[string]string{"extra": p.other}
}

func fiftyThousand(p *played, _ *engine.Build) {
	if _, err := os.Stat(p.path("many")); err == nil {
		return
	}
	for d := range 51 {
		dir := p.path(fmt.Sprintf("many/%d", d))
		p.check(os.MkdirAll(dir, 0o755))
		for f := range 1000 {
			p.check(os.WriteFile(filepath.Join(dir, fmt.Sprint(f)), nil, 0o644))
		}
	}
}
