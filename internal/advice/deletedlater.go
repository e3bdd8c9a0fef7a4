package advice

import (
	"tare/internal/tree"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: "deleted-later", Title: "files deleted in a later layer", Severity: weigh.Warning, Find: deletedLater})
}

// deleted are the ways in which a layer removes files of a lower one.
var deleted = []tree.Class{tree.DeletedFile, tree.DeletedDir, tree.Opaque}

// deletedLater: what a RUN wrote and a later layer deletes is still pulled. What the base
// image wrote cannot be saved.
func deletedLater(img *Image) (out []Finding) {
	ran := func(k int32) bool { return img.own(k) && !img.copies(k) }
	for _, h := range img.hidden(ran, deleted...) {
		out = append(out, h.found("deletes "+h.size()+" from "+h.from()+", where they stay",
			"delete files in the RUN that writes them, or keep them out with RUN --mount=type=cache or type=tmpfs"))
	}
	return out
}
