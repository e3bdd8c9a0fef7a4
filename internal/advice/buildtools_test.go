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

// Each of these leaves nothing that only a build needs; and each of those does.
func TestBuildToolsByKind(t *testing.T) {
	const rule = "build-tools"
	npm := func(name, dir string) []E {
		return []E{testkit.File(dir+"/package.json", `{"name":"`+name+`","version":"1.0.0"}`), kib(dir+"/index.js", 90)}
	}
	deb := func(name, file string) []E {
		return []E{testkit.File("var/lib/dpkg/status", "Package: "+name+"\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n"),
			testkit.File("var/lib/dpkg/info/"+name+".list", "/.\n/"+file+"\n"), kib(file, 90)}
	}
	pypi := func(name, file string) []E {
		dir := "usr/lib/python3/site-packages/"
		return []E{testkit.File(dir+name+"-1.dist-info/METADATA", "Name: "+name+"\nVersion: 1\n\n"), testkit.File(dir+name+"-1.dist-info/RECORD", file+",,\n"), kib(dir+file, 90)}
	}
	java := func(modules string) []E {
		return []E{testkit.File("opt/java/openjdk/release", "JAVA_VERSION=\"17\"\nMODULES=\""+modules+"\"\n"), kib("opt/java/openjdk/lib/modules", 90)}
	}
	none := func(list []E) {
		t.Helper()
		none(t, image(t, distribution(), step{"RUN x", list}), rule)
	}
	some := func(name string, list []E) {
		t.Helper()
		one(t, image(t, distribution(), step{"RUN x", list}), rule, 2, 90, "in the image: "+name)
	}
	for _, name := range []string{"serve-static", "make", "patch", "fetch-headers"} {
		none(npm(name, "app/node_modules/"+name))
	}
	some("node-gyp", npm("node-gyp", "app/node_modules/node-gyp"))
	none(npm("node-gyp", "usr/local/lib/node_modules/npm/node_modules/node-gyp"))
	none(deb("busybox-static", "bin/busybox"))
	some("openjdk-17-jdk-headless", deb("openjdk-17-jdk-headless", "usr/lib/jvm/x/bin/javac"))
	none(deb("openjdk-17-jre-headless", "usr/lib/jvm/x/lib/modules"))
	some("jdk", java("java.base jdk.compiler"))
	none(java("java.base"))
	some("rust", []E{testkit.File("usr/local/rustup/toolchains/1.79.0-x/lib/rustlib/components", "rustc\n"), kib("usr/local/rustup/toolchains/1.79.0-x/bin/rustc", 90)})
	// Headers and static libraries of a library come with it.
	none(pypi("numpy", "numpy/core/include/numpy/ndarraytypes.h"))
	none([]E{kib("usr/lib/python3/site-packages/numpy/core/include/numpy/ndarraytypes.h", 90)})
	none([]E{testkit.File("usr/local/include/python3.12/patchlevel.h", "#define PY_VERSION \"3.12.1\"\n"), kib("usr/local/include/python3.12/Python.h", 90), kib("usr/local/lib/python3.12/config-3.12/libpython3.12.a", 9)})
	// What was forgotten in /tmp is temporary, whatever it is.
	none([]E{kib("tmp/build/x.o", 90), kib("tmp/src/include/x.h", 9)})
}

// The base image's tools are its own: also where a later layer holds them again.
func TestBuildToolsOfTheBase(t *testing.T) {
	const rule = "build-tools"
	db := testkit.File("lib/apk/db/installed", "P:gcc\nV:1\nF:usr/bin\nR:cc\n\n")
	upgraded := testkit.File("lib/apk/db/installed", "P:gcc\nV:2\nF:usr/bin\nR:cc\n\n")
	header := kib("usr/local/include/x.h", 40)
	none(t, image(t, distribution(db, kib("usr/bin/cc", 90)), step{"RUN chown", []E{owned(kib("usr/bin/cc", 90))}}), rule)
	none(t, image(t, distribution(db, kib("usr/bin/cc", 90)), step{"RUN apk upgrade", []E{upgraded, kib("usr/bin/cc", 91)}}), rule)
	none(t, image(t, distribution(header), step{"RUN chown", []E{owned(header)}}), rule)
	one(t, image(t, distribution(header), step{"RUN make install", []E{kib("usr/local/include/x.h", 41)}}), rule, 2, 41)
}
