package advice

import (
	"path"
	"slices"
	"strings"

	"tare/internal/layer"
	"tare/internal/tree"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: "bytecode-versions", Title: "compiled Python of other versions", Severity: weigh.Note, Find: bytecodeVersions})
}

// bytecodeVersions: files compiled by a version of Python that the image has no interpreter of, beside those of another version: nothing in the
// image reads them. Whose bytecode it is does not matter.
func bytecodeVersions(img *Image) (out []Finding) {
	tags := map[string][]string{} // by source
	have := map[string]bool{}     // versions with an interpreter
	img.Live(func(_ tree.Ref, e *layer.Entry) {
		if source, tag, ok := compiled(e.Path); ok {
			tags[source] = append(tags[source], tag)
		}
		if v := interpreter(e.Path); v != "" {
			have[v] = true
		}
	})
	if len(have) == 0 {
		return nil // it may come from elsewhere
	}
	versions := map[*heap][]string{}
	all := &heaps{img: img}
	img.Live(func(r tree.Ref, e *layer.Entry) {
		source, tag, ok := compiled(e.Path)
		if !ok || have[tag] || !img.own(r.Layer) || temporary(e.Path) || img.based(r) {
			return
		}
		if !slices.ContainsFunc(tags[source], func(other string) bool { return have[other] }) {
			return
		}
		first, copies := img.origin(r)
		h := all.at(first)
		h.add(copies...)
		if !slices.Contains(versions[h], tag) {
			versions[h] = append(versions[h], tag)
		}
	})
	for _, h := range all.list {
		v := versions[h]
		slices.Sort(v)
		out = append(out, h.finding("leaves "+h.size()+" compiled for Python "+strings.Join(v, ", ")+", of which the image has no interpreter, most in /"+h.top(depth(6))+h.copies(),
			"compile with the Python that runs, or list **/__pycache__ in .dockerignore"))
	}
	return out
}

// compiled is the source of a file in __pycache__, and the version of CPython that compiled it: a.cpython-311.opt-1.pyc.
func compiled(p string) (source, version string, ok bool) {
	dir, base := path.Split(p)
	name, found := strings.CutSuffix(base, ".pyc")
	if !found || path.Base(dir) != "__pycache__" {
		return "", "", false
	}
	name, rest, found := strings.Cut(name, ".cpython-")
	rest, _, _ = strings.Cut(rest, ".")
	if !found || len(rest) < 2 || strings.Trim(rest, "0123456789") != "" {
		return "", "", false
	}
	return path.Join(path.Dir(path.Clean(dir)), name+".py"), rest[:1] + "." + rest[1:], true
}

// interpreter is the version of Python that a file runs: bin/python3.11, libpython3.11.so.1.0.
func interpreter(p string) string {
	base := path.Base(p)
	rest, ok := strings.CutPrefix(base, "python")
	if !ok || path.Base(path.Dir(p)) != "bin" {
		if rest, ok = strings.CutPrefix(base, "libpython"); !ok {
			return ""
		}
		rest, _, ok = strings.Cut(rest, ".so")
		if !ok {
			return ""
		}
	}
	major, minor, ok := strings.Cut(rest, ".")
	if !ok || major == "" || minor == "" || strings.Trim(major+minor, "0123456789") != "" {
		return ""
	}
	return rest
}
