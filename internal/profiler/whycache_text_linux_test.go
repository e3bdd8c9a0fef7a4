package profiler_test

import "tare/internal/engine"

// settled is a Dockerfile whose RUNs depend on settings.
const settled = "FROM base\nLABEL v=1\nENV E=1\nWORKDIR /w\nUSER 0\nSHELL [\"/bin/sh\", \"-c\"]\nRUN probe write /x NONCE\nRUN probe write /y NONCE\n"

// textReplays are edits of the Dockerfile.
var textReplays = []replay{
	{name: "the text of a RUN", file: copies, files: copied, edit: subs("/made NONCE", "/made NONCE more"), want: at(4, "text", "")},
	{name: "a flag of a COPY", file: copies, files: copied, edit: subs("COPY dir", "COPY --chmod=700 dir"), want: at(3, "text", "")},
	{name: "an owner", file: "FROM base\nCOPY --chown=1 a.txt /\n", files: copied, edit: subs("--chown=1", "--chown=2"), want: at(2, "text", "")},
	{name: "where a COPY goes", file: copies, files: copied, edit: subs("dir /dir", "dir /elsewhere"), want: at(3, "text", "")},
	{name: "what a COPY takes", file: copies, files: copied, edit: subs("a.txt b.txt", "a.txt"), want: at(2, "text", "")},
	{name: "what COPY --from takes", file: "FROM base AS b\nRUN probe write /x NONCE\nFROM base\nCOPY --from=b /x /x\n", edit: subs("/x /x\n", "/x /y\n"), want: at(4, "text", "")},
	{name: "link", file: "FROM base\nCOPY a.txt /\n", files: copied, edit: subs("COPY", "COPY --link"), want: at(2, "text", "")},
	{name: "the working directory", file: settled, edit: subs("WORKDIR /w", "WORKDIR /v"), want: at(4, "text setting", "")},
	{name: "the working directory is one that is there", file: "FROM base\nWORKDIR /\nRUN probe write /x NONCE\n", edit: subs("WORKDIR /", "WORKDIR /tmp"), want: []cause{{[]int{2, 3}, "text setting", "WORKDIR|line is new|was"}}},
	{name: "no working directory any more", file: "FROM base\nWORKDIR /tmp\nRUN probe write /x NONCE\n", edit: subs("WORKDIR /tmp", "WORKDIR /"), want: at(3, "setting text", "WORKDIR")},
	{name: "the environment", file: settled, edit: subs("ENV E=1", "ENV E=2"), want: at(7, "setting env", `\bE\b`), not: []string{"LABEL"}},
	{name: "the environment grows", file: settled, edit: subs("ENV E=1", "ENV E=1 F=2"), want: at(7, "setting env", `\bF\b`)},
	{name: "the environment shrinks", file: settled, edit: subs("ENV E=1\n", "\n"), want: at(7, "setting env text", `\bE\b`)},
	{name: "the user", file: settled, edit: subs("USER 0", "USER 0:0"), want: at(7, "setting", "USER")},
	{name: "the user, of a directory that is made", file: "FROM base\nUSER 0\nWORKDIR /w-NONCE\nRUN probe write /x NONCE\n", edit: subs("USER 0", "USER 1"), want: at(3, "setting text", "USER"), fails: true},
	{name: "the shell", file: settled, edit: subs(`["/bin/sh", "-c"]`, `["/bin/sh", "-x", "-c"]`), want: at(7, "setting", "SHELL")},
	{name: "the network of a RUN", file: settled, edit: subs("RUN probe write /y", "RUN --network=none probe write /y"), want: at(8, "text setting", "")},
	{name: "a mount more", file: settled, edit: subs("RUN probe write /y", "RUN --mount=type=tmpfs,target=/t probe write /y"), want: at(8, "text mount", "")},
	{name: "a label", file: settled, edit: subs("LABEL v=1", "LABEL v=2")},
	{name: "a label, and the environment", file: settled, edit: subs("LABEL v=1", "LABEL v=2", "ENV E=1", "ENV E=2"), want: at(7, "setting env", `\bE\b`), not: []string{"LABEL"}},
	{name: "a label, and a file", file: "FROM base\nLABEL v=1\nCOPY a.txt /\nRUN probe write /x NONCE\n", files: copied, edit: func(p *played) { p.sub("v=1", "v=2"); p.put("a.txt", "changed NONCE") }, want: at(3, "file", `^a\.txt`), not: []string{"LABEL"}},
	{name: "a command, and a file", file: "FROM base\nCMD [\"x\"]\nEXPOSE 80\nCOPY a.txt /\n", files: copied, edit: func(p *played) { p.sub("\"x\"", "\"y\""); p.sub("80", "81"); p.put("a.txt", "changed NONCE") }, want: at(4, "file", `^a\.txt`), not: []string{"CMD", "EXPOSE"}},
	{name: "the environment, and a file that a COPY takes", file: "FROM base\nENV E=1\nCOPY a.txt /\n", files: copied, edit: func(p *played) { p.sub("E=1", "E=2"); p.put("a.txt", "changed NONCE") }, want: at(3, "file", `^a\.txt`), not: []string{"ENV"}},
	{name: "the environment of a COPY", file: "FROM base\nENV E=1\nCOPY a.txt /\n", files: copied, edit: subs("E=1", "E=2")},
	{name: "settings without a step", file: "FROM base\nCMD [\"x\"]\nEXPOSE 80\nVOLUME /v\nSTOPSIGNAL 9\nHEALTHCHECK NONE\nENTRYPOINT [\"x\"]\nRUN probe write /x NONCE\n", edit: subs(`CMD ["x"]`, `CMD ["y"]`, "80", "81", "/v", "/u", "9", "15", `ENTRYPOINT ["x"]`, `ENTRYPOINT ["y"]`)},
	{name: "a comment inside a RUN", file: "FROM base\nRUN probe \\\n# one\n write /x NONCE\n", edit: subs("# one", "# two")},
	{name: "a comment inside a RUN, and a mounted file", file: "FROM base\nRUN --mount=source=a.txt,target=/m probe \\\n# one\n cat /m && probe write /x NONCE\n", files: copied, edit: func(p *played) { p.sub("# one", "# two"); p.put("a.txt", "changed NONCE") }, want: at(2, "file", `^a\.txt`)},
	{name: "a comment inside a RUN before, and a file", file: "FROM base\nRUN probe \\\n# one\n write /x NONCE\nCOPY a.txt /\n", files: copied, edit: func(p *played) { p.sub("# one", "# two"); p.put("a.txt", "changed NONCE") }, want: at(5, "file", `^a\.txt`)},
	{name: "comments and empty lines", file: copies, files: copied, edit: subs("FROM base\n", "# new\n\nFROM base\n\n# more\n")},
	{name: "comments before, and a file", file: copies, files: copied, edit: func(p *played) { p.sub("FROM base\n", "# new\n\nFROM base\n"); p.put("a.txt", "changed NONCE") }, want: at(4, "file", `^a\.txt`)},
	{name: "blanks of a COPY", file: copies, files: copied, edit: subs("COPY a.txt b.txt /x/", "COPY   a.txt  b.txt   /x/")},
	{name: "small letters", file: copies, files: copied, edit: subs("COPY dir", "copy dir", "RUN", "run")},
	{name: "continued over lines", file: copies, files: copied, edit: subs("a.txt b.txt", "a.txt \\\n b.txt")},
	{name: "quotes of a variable", file: settled, edit: subs("ENV E=1", "ENV E=\"1\"")},
	{name: "a stage got another name", file: "FROM base AS b\nRUN probe write /x NONCE\nFROM base\nCOPY --from=b /x /x\n", edit: subs("AS b", "AS c", "--from=b", "--from=c")},
	{name: "a stage got another name, and a file changed", file: "FROM base AS b\nCOPY a.txt /x\nFROM base\nCOPY --from=b /x /x\n", files: copied, edit: func(p *played) { p.sub("AS b", "AS c"); p.sub("--from=b", "--from=c"); p.put("a.txt", "changed NONCE") }, want: at(2, "file", `^a\.txt`)},
	{name: "a stage before all", file: copies, files: copied, edit: func(p *played) {
		p.sub("FROM base\n", "FROM other AS unused\nFROM base\n")
		p.put("b.txt", "changed NONCE")
	}, want: at(3, "file", `^b\.txt`)},
	{name: "a line more", file: copies, files: copied, edit: subs("COPY dir", "RUN probe write /more NONCE\nCOPY dir"), want: at(3, "text", "")},
	{name: "a line less", file: copies, files: copied, edit: subs("COPY a.txt b.txt /x/\n", ""), want: at(2, "text setting", "COPY a.txt")},
	{name: "a line more at the end", file: copies, files: copied, edit: subs("/made NONCE\n", "/made NONCE\nRUN probe write /more NONCE\n"), want: at(5, "text", "")},
	{name: "lines swapped", file: copies, files: copied, edit: subs("COPY a.txt b.txt /x/\nCOPY dir /dir\n", "COPY dir /dir\nCOPY a.txt b.txt /x/\n"), want: at(2, "text setting", "COPY")},
	{name: "a heredoc that is copied", file: "FROM base\nCOPY <<EOT /x\ntext NONCE\nEOT\nRUN probe write /y NONCE\n", edit: subs("text", "other"), want: at(2, "text", "")},
	{name: "a heredoc that is run", file: "FROM base\nRUN <<EOT\nprobe write /x NONCE\nEOT\n", edit: subs("/x NONCE", "/x NONCE more"), want: at(2, "text", "")},
	{name: "a heredoc's name", file: "FROM base\nRUN <<EOT\nprobe write /x NONCE\nEOT\n", edit: subs("<<EOT", "<<END", "\nEOT\n", "\nEND\n")},
	{name: "a secret's mount", file: "FROM base\nRUN --mount=type=secret,id=a probe write /x NONCE\n", edit: subs("id=a", "id=b"), want: at(2, "text mount", "")},
	{name: "a text, and a file before it", file: copies, files: copied, edit: func(p *played) { p.sub("/made NONCE", "/made NONCE more"); p.put("a.txt", "changed NONCE") }, want: at(2, "file", `^a\.txt`)},
	{name: "a failing line", file: "FROM base\nCOPY a.txt /\nRUN probe write /x NONCE\nRUN probe write /y NONCE\n", files: copied, edit: subs("RUN probe write /x NONCE", "RUN probe exit 3"), want: at(3, "text", ""), fails: true},
	{name: "a failing line in another stage", file: "FROM base AS one\nRUN probe write /x NONCE\nFROM base AS two\nRUN --mount=from=one,target=/m probe write /y NONCE\nRUN probe write /z NONCE\n", edit: subs("write /x NONCE", "exit 3"), want: at(2, "text", ""), fails: true},
	{name: "a file makes a line fail", file: "FROM base\nCOPY dir /dir\nRUN probe cat /dir/one && probe write /x NONCE\n", files: copied, edit: func(p *played) { p.remove("dir/one") }, want: at(2, "file", `^dir/one`), fails: true},
	{name: "a copied file that is not there", file: "FROM base\nRUN probe write /x NONCE\nCOPY a.txt /\nRUN probe write /y NONCE\n", files: copied, edit: func(p *played) { p.remove("a.txt") }, want: at(3, "file", `^a\.txt`), fails: true},
	{name: "repaired", file: "FROM base\nCOPY a.txt /\nRUN probe cat /a.txt && probe write /x NONCE\n", files: copied, edit: func(p *played) {
		p.sub("cat /a.txt", "cat /b.txt")
		if _, _, err := p.w.profile(p.t, asked(p)); err != nil {
			p.t.Fatal(err)
		}
		p.sub("cat /b.txt", "cat /a.txt")
	}},
	{name: "other options, other target", file: "FROM base AS one\nRUN probe write /x NONCE\nFROM one AS two\nRUN probe write /y NONCE\n", opt: func(_ *played, b *engine.Build) { b.Target = "one" }, again: func(_ *played, b *engine.Build) { b.Target = "two" },
		want: at(4, "unknown-build unknown text", ""), not: []string{"no longer in the build cache"}},
}
