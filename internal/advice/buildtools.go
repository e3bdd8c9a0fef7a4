package advice

import (
	"strings"

	"tare/internal/layer"
	"tare/internal/packages"
	"tare/internal/tree"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: "build-tools", Title: "build tools in the image", Severity: weigh.Warning, Find: buildTools})
}

// buildTools: packages that serve only for building others, with headers and static
// libraries that are nobody else's. Whether the program needs them at run time is not
// known.
func buildTools(img *Image) (out []Finding) {
	all := &heaps{img: img}
	names := map[*heap]map[string]bool{}
	tools := map[*packages.Package]bool{}
	img.Live(func(r tree.Ref, e *layer.Entry) {
		if !img.own(r.Layer) || temporary(e.Path) {
			return
		}
		p := img.Owner(r)
		tool, known := tools[p]
		if !known { // once a package, not once a file
			tool = p != nil && buildTool(p)
			tools[p] = tool
		}
		switch {
		case tool:
		case p != nil, img.Class(r) != weigh.Development, inLibrary(e.Path):
			return
		}
		if img.based(r) {
			return
		}
		first, copies := img.origin(r)
		h := all.at(first)
		h.add(copies...)
		if tool {
			if names[h] == nil {
				names[h] = map[string]bool{}
			}
			names[h][p.Name] = true
		}
	})
	for _, h := range all.list {
		out = append(out, h.finding("leaves "+h.size()+" of compilers, build tools, headers and static libraries in the image"+packageNames(names[h])+h.copies(),
			"build in an earlier stage, if only the build needs them"))
	}
	return out
}

// buildTool tells whether a package serves only for building others, and is not a part of
// npm.
func buildTool(p *packages.Package) bool {
	return packages.BuildTool(p.Key()) && !strings.Contains(p.Location, "node_modules/npm/node_modules/")
}

// inLibrary tells whether a file lies where languages have their libraries: headers come
// with these and go with them.
func inLibrary(file string) bool {
	for _, dir := range []string{"/site-packages/", "/dist-packages/", "/node_modules/", "/gems/"} {
		if strings.Contains("/"+file, dir) {
			return true
		}
	}
	return false
}

// packageNames names up to five packages: ": gcc, g++ and 3 more".
func packageNames(names map[string]bool) string {
	if len(names) == 0 {
		return ""
	}
	return ": " + some(sorted(names), 5)
}
