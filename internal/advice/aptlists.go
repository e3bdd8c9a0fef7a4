package advice

import (
	"strings"

	"tare/internal/layer"
	"tare/internal/tree"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: "apt-lists", Title: "apt's package lists", Severity: weigh.Warning, Find: aptLists})
}

// aptLists: what apt-get update fetched, and a container still sees.
func aptLists(img *Image) (out []Finding) {
	for _, h := range img.below("var/lib/apt/lists/").list {
		out = append(out, h.finding("leaves "+h.size()+" of apt's package lists in the image"+h.copies(), "rm -rf /var/lib/apt/lists/* in the same RUN"))
	}
	return out
}

// below gathers the files in directories (with a slash at the end) that a container still
// sees, by the layer that brought them.
func (img *Image) below(dirs ...string) *heaps {
	all := &heaps{img: img}
	img.Live(func(r tree.Ref, e *layer.Entry) {
		if !img.own(r.Layer) {
			return
		}
		for _, dir := range dirs {
			if strings.HasPrefix(e.Path, dir) { // few are: what the base has is searched for these alone
				if img.based(r) {
					return
				}
				first, copies := img.origin(r)
				all.at(first).add(copies...)
				return
			}
		}
	})
	return all
}
