package advice

import "tare/internal/weigh"

func init() {
	register(Rule{ID: "copied-then-deleted", Title: "files copied in, then deleted", Severity: weigh.Warning, Find: copiedThenDeleted})
}

// copiedThenDeleted: what a COPY or ADD brought and a later layer deletes.
func copiedThenDeleted(img *Image) (out []Finding) {
	for _, h := range img.hidden(img.copied, deleted...) {
		out = append(out, h.found("deletes "+h.size()+" that "+h.from()+" copied in, where they stay",
			"don't copy it (.dockerignore, --exclude), or RUN --mount=type=bind"))
	}
	return out
}
