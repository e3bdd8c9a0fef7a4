package advice

import (
	"tare/internal/tree"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: "chown-copies-layer", Title: "files copied to change their metadata", Severity: weigh.Warning, Find: chownCopiesLayer})
}

// chownCopiesLayer: a layer holds whole files, so one that changes only owner, permissions
// or times of a lower layer's file holds the file again.
func chownCopiesLayer(img *Image) (out []Finding) {
	const text = "changes only owner, permissions or times of "
	for _, h := range img.hidden(img.ownLayer, tree.MetadataOnly) {
		out = append(out, h.found(text+h.size()+" from "+h.from()+", and so copies them",
			"set owner and mode in COPY --chown, --chmod, or in the same RUN"))
	}
	for _, h := range img.hidden(img.baseLayer, tree.MetadataOnly) {
		out = append(out, h.found(text+h.size()+" from "+h.from()+", and so copies them",
			"leave the base image's files as they are: change only what the program must write"))
	}
	return out
}
