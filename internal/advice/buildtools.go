package advice

import (
	"tare/internal/layer"
	"tare/internal/packages"
	"tare/internal/tree"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: "build-tools", Title: "build tools in the image", Severity: weigh.Warning, Find: buildTools})
}

// buildTools: packages that serve only for building others, headers and static libraries
// that a container still sees. Whether the program needs them at run time is not known.
func buildTools(img *Image) (out []Finding) {
	all := &heaps{img: img}
	names := map[*heap]map[string]bool{}
	img.Live(func(r tree.Ref, _ *layer.Entry) {
		if !img.own(r.Layer) {
			return
		}
		p := img.Owner(r)
		tool := p != nil && packages.BuildTool(p.Key())
		if !tool && img.Class(r) != weigh.Development {
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

// packageNames names up to five packages: ": gcc, g++ and 3 more".
func packageNames(names map[string]bool) string {
	if len(names) == 0 {
		return ""
	}
	return ": " + some(sorted(names), 5)
}
