package advice

import (
	"path"
	"strings"

	"tare/internal/layer"
	"tare/internal/tree"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: "host-dependencies", Title: "dependencies copied from the host", Severity: weigh.Warning, Find: hostDependencies})
}

// hostDependencies: node_modules and virtual environments that a COPY takes from the build
// context. They were installed for the host, and what the image's own line installs may
// be another version. What a stage made is meant to be copied: it is known by the
// Dockerfile, and without one nothing is said.
func hostDependencies(img *Image) (out []Finding) {
	if len(img.Host) == 0 {
		return nil
	}
	environments := img.environments()
	all := map[string]*heaps{"node_modules": {img: img}, "venv": {img: img}}
	img.Live(func(r tree.Ref, e *layer.Entry) {
		if !img.own(r.Layer) {
			return
		}
		kind, _ := dependencies(e.Path, environments)
		if kind == "" {
			return
		}
		if first, copies := img.origin(r); img.Host[int(first)] && !img.based(r) {
			all[kind].at(first).add(copies...)
		}
	})
	for _, kind := range sorted(all) {
		for _, h := range all[kind].list {
			dir := h.top(func(file string) string { _, dir := dependencies(file, environments); return dir })
			text := "copies " + h.size() + " of node_modules from the host: /" + dir
			again := "npm ci"
			if kind == "venv" {
				text, again = "copies "+h.size()+" of a virtual environment from the host: /"+dir, "pip install -r"
			}
			out = append(out, h.finding(text+h.copies(), "list **/"+path.Base(dir)+" in .dockerignore, and install in the image ("+again+")"))
		}
	}
	return out
}

// environments are the directories of virtual environments: each has a pyvenv.cfg.
func (img *Image) environments() map[string]bool {
	out := map[string]bool{}
	img.Live(func(_ tree.Ref, e *layer.Entry) {
		if dir, ok := strings.CutSuffix(e.Path, "/pyvenv.cfg"); ok {
			out[dir] = true
		}
	})
	return out
}

// dependencies is the directory of installed dependencies that a file lies in, the
// outermost one, and of which kind it is; "" for none.
func dependencies(file string, environments map[string]bool) (kind, dir string) {
	if i := strings.Index("/"+file, "/node_modules/"); i >= 0 {
		return "node_modules", file[:i+len("node_modules")]
	}
	if len(environments) > 0 {
		for dir := path.Dir(file); dir != "."; dir = path.Dir(dir) {
			if environments[dir] {
				return "venv", dir
			}
		}
	}
	return "", ""
}
