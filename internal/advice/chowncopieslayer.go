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
	for _, h := range img.hidden(anyLayer, tree.MetadataOnly) {
		out = append(out, h.found("changes only owner, permissions or times of "+h.size()+" from "+h.from()+", and so copies them",
			"set owner and mode in COPY --chown, --chmod, or in the same RUN"))
	}
	return out
}
