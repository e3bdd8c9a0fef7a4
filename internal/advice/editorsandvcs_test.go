package advice_test

import (
	"testing"

	"tare/internal/testkit"
)

func TestEditorsAndVCS(t *testing.T) {
	const rule = "editors-and-vcs"
	install := func(packages ...string) step { return step{"RUN apt-get install", debian(packages...)} }
	one(t, image(t, distribution(), install("git: Depends: git-man, perl; Recommends: less", "git-man*", "perl*", "less*", "curl")), rule, 2, 80, "in the image: git and 3 packages that only it pulls in", "ADD the repository's URL")
	one(t, image(t, distribution(), install("vim: Depends: vim-common", "nano", "vim-common*")), rule, 2, 60, "in the image: nano and vim and 1 package that only they pull in")
	// What others need stays: only the tool itself goes.
	one(t, image(t, distribution(), install("git: Depends: perl", "perl*", "app: Depends: perl")), rule, 2, 20, "in the image: git")
	// Somebody needs the tool itself, or it was not asked for, or the base image has it.
	none(t, image(t, distribution(), install("git", "app: Depends: git")), rule)
	none(t, image(t, distribution(), install("app: Recommends: git", "git*")), rule)
	none(t, image(t, distribution(debian("git")...), install("git", "curl")), rule)
	none(t, image(t, distribution(), install("curl", "gitolite3", "digit")), rule)
	// A library of that name is none.
	none(t, image(t, distribution(), step{"RUN npm i", []E{testkit.File("app/node_modules/git/package.json", `{"name":"git","version":"1"}`), kib("app/node_modules/git/x.js", 20)}}), rule)
	// Where it is not known what was asked for, nothing is said to be pulled in.
	apk := func(more ...E) step {
		return step{"RUN apk add git", append([]E{testkit.File("lib/apk/db/installed", "P:git\nV:1\nD:pcre2\nF:usr/bin\nR:git\n\nP:pcre2\nV:1\nF:usr/lib\nR:pcre2\n\n"), kib("usr/bin/git", 30), kib("usr/lib/pcre2", 10)}, more...)}
	}
	one(t, image(t, distribution(), apk()), rule, 2, 30, "in the image: git")
	one(t, image(t, distribution(), apk(testkit.File("etc/apk/world", "git\n"))), rule, 2, 40, "in the image: git and 1 package that only it pulls in")
}
