package advice

import (
	"path"
	"strings"

	"tare/internal/layer"
	"tare/internal/tree"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: "jdk-files", Title: "what a JDK has beyond a JRE", Severity: weigh.Note, Find: jdkFiles})
}

// jdkTools are the programs of a JDK that no JRE has.
var jdkTools = map[string]bool{"jar": true, "jarsigner": true, "javac": true, "javadoc": true, "javap": true, "jconsole": true, "jdb": true, "jdeprscan": true, "jdeps": true, "jimage": true, "jlink": true, "jmod": true, "jpackage": true, "jshell": true}

// jdkFiles: what stands in a Java home and only the compiler and its tools read: modules for jlink, sources, symbols for javac. A runtime starts
// without. What a distribution's package manager installs is build-tools' matter.
func jdkFiles(img *Image) (out []Finding) {
	top := len(img.Tree.Lists) - 1
	homes := map[string]bool{}
	home := func(dir string) bool {
		is, known := homes[dir]
		if !known {
			_, java := img.Tree.At(path.Join(dir, "bin/java"), top)
			_, javac := img.Tree.At(path.Join(dir, "bin/javac"), top)
			_, modules := img.Tree.At(path.Join(dir, "lib/modules"), top)
			is = java && javac && modules
			homes[dir] = is
		}
		return is
	}
	all := &heaps{img: img}
	img.Live(func(r tree.Ref, e *layer.Entry) {
		dir, ok := jdkOnly(e.Path)
		if !ok || !img.own(r.Layer) || temporary(e.Path) || img.based(r) || !home(dir) {
			return
		}
		if p := img.Owner(r); p != nil && p.Type.System() {
			return
		}
		first, copies := img.origin(r)
		all.at(first).add(copies...)
	})
	for _, h := range all.list {
		out = append(out, h.finding("leaves "+h.size()+" of a JDK in the image that its runtime does not need, most in /"+h.top(path.Dir)+h.copies(),
			"copy a JRE, or a runtime made with jlink, if the program compiles nothing when it runs"))
	}
	return out
}

// jdkOnly is the Java home that a path would be of, and whether only a JDK has such a file there.
func jdkOnly(p string) (home string, ok bool) {
	dir, base := path.Split(p)
	dir = strings.TrimSuffix(dir, "/")
	switch path.Base(dir) {
	case "jmods":
		ok = strings.HasSuffix(base, ".jmod")
	case "bin":
		ok = jdkTools[base]
	case "lib":
		ok = base == "src.zip" || base == "ct.sym"
	}
	return path.Dir(dir), ok
}
