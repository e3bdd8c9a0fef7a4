package advice

import (
	"tare/internal/tree"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: "written-twice", Title: "files written twice", Severity: weigh.Warning, Find: writtenTwice})
}

// writtenTwice: the same content and metadata at the same path in two layers.
func writtenTwice(img *Image) (out []Finding) {
	for _, h := range img.hidden(img.ownLayer, tree.OverwrittenSame) {
		out = append(out, h.found("writes "+h.size()+" from "+h.from()+" again, unchanged", "write these files once"))
	}
	for _, h := range img.hidden(img.baseLayer, tree.OverwrittenSame) {
		out = append(out, h.found("writes "+h.size()+" from "+h.from()+" again, unchanged", "leave these files out: the base image has them"))
	}
	return out
}
