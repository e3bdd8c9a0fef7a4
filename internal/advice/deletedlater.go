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
	for _, h := range img.hidden(img.ran, deleted...) {
		out = append(out, h.found("deletes "+h.size()+" from "+h.from()+", where they stay",
			"delete in the RUN that writes, or write in an earlier stage"))
	}
	return out
}
