package advice

import "tare/internal/weigh"

func init() {
	register(Rule{ID: "copied-then-deleted", Title: "files copied in, then deleted", Severity: weigh.Warning, Find: copiedThenDeleted})
}

// copiedThenDeleted: what a COPY or ADD brought and a later layer deletes.
func copiedThenDeleted(img *Image) (out []Finding) {
	copied := func(k int32) bool { return img.own(k) && img.copies(k) }
	for _, h := range img.hidden(copied, deleted...) {
		out = append(out, h.found("deletes "+h.size()+" that "+h.from()+" copied in, where they stay",
			"leave the deleted files out (.dockerignore, COPY --exclude), or mount them (RUN --mount=type=bind)"))
	}
	return out
}
