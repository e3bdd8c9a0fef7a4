package profiler_test

import "tare/internal/engine"

const between = "FROM base\nARG V=1\nRUN probe write /x NONCE\nCOPY a.txt /\n"

// betweenReplays are edits after a build that went another way: what is in the cache is of
// the one before it, and so is what must be compared.
var betweenReplays = []replay{
	{name: "another argument in between, and a file", file: between, files: copied, between: arg("V", "2"), edit: puts("a.txt", "changed NONCE"), want: at(4, "file", `^a\.txt`), not: []string{"argument", "last build"}},
	{name: "another argument in between, and no other change", file: between, files: copied, between: arg("V", "2")},
	{name: "another argument in between, and another one", file: between, files: copied, between: arg("V", "2"), again: arg("V", "3"), want: at(3, "arg", `^V\b`)},
	{name: "another platform in between, and what an address gives", file: "FROM --platform=$BUILDPLATFORM base\nARG TARGETARCH\nRUN probe write /x NONCE\nADD HTTP/f /y\n", opt: served,
		between: func(_ *played, b *engine.Build) { b.Platforms = []string{"linux/s390x"} }, edit: func(p *played) { p.web["/f"] = "changed " + p.nonce },
		want: at(4, "source file", `http://`), not: []string{"TARGETARCH"}},
	{name: "a line changed and changed back, and a file", file: between, files: copied, between: func(p *played, _ *engine.Build) { p.sub("/x", "/z") },
		edit: func(p *played) { p.sub("/z", "/x"); p.put("a.txt", "changed NONCE") }, want: at(4, "file", `^a\.txt`), not: []string{"RUN", "stood on"}},
	{name: "a file changed and changed back, and another one", file: "FROM base\nCOPY a.txt /\nCOPY b.txt /\n", files: copied, between: func(p *played, _ *engine.Build) { p.put("a.txt", "changed NONCE") },
		edit: func(p *played) { p.put("a.txt", copied["a.txt"]); p.put("b.txt", "changed NONCE") }, want: at(3, "file", `^b\.txt`), not: []string{"a.txt"}},
}
