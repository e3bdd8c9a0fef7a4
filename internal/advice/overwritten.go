package advice

import (
	"tare/internal/tree"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: "overwritten", Title: "files overwritten", Severity: weigh.Note, Find: overwritten})
}

// overwritten: other content at the same path. What the base image wrote cannot be saved.
func overwritten(img *Image) (out []Finding) {
	for _, h := range img.hidden(img.ownLayer, tree.OverwrittenChanged) {
		out = append(out, h.found("overwrites "+h.size()+" from "+h.from(), "write these files once: in one RUN, or only in the last place"))
	}
	return out
}
