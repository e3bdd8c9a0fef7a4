package advice_test

import (
	"testing"

	"tare/internal/testkit"
)

func TestBuildTools(t *testing.T) {
	const rule = "build-tools"
	db := func(name string) E {
		return testkit.File("lib/apk/db/installed", "P:"+name+"\nV:1\nF:usr/bin\nR:cc\n\n")
	}
	l := image(t, distribution(), step{"RUN apk add gcc", []E{db("gcc"), kib("usr/bin/cc", 90), kib("usr/include/stdio.h", 10)}})
	one(t, l, rule, 2, 100, "of compilers, build tools, headers and static libraries in the image: gcc", "earlier stage")
	// Removed in a later line they are deleted, not left.
	none(t, image(t, distribution(), step{"RUN apk add gcc", []E{db("gcc"), kib("usr/bin/cc", 90)}}, step{"RUN apk del gcc", []E{db("x"), whiteout("usr/bin/cc")}}), rule)
	none(t, image(t, distribution(), step{"RUN apk add curl", []E{db("curl"), kib("usr/bin/cc", 90)}}), rule)
	none(t, image(t, distribution(db("gcc"), kib("usr/bin/cc", 90)), step{"RUN true", nil}), rule)
}
