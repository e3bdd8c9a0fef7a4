package advice

import "tare/internal/weigh"

func init() {
	register(Rule{ID: "temporary-files", Title: "temporary files", Severity: weigh.Warning, Find: temporaryFiles})
}

// temporaryFiles: files in directories for temporary ones that a container still sees.
func temporaryFiles(img *Image) (out []Finding) {
	for _, h := range img.below("tmp/", "var/tmp/").list {
		remedy := "delete in the same RUN, or RUN --mount=type=tmpfs,target=/tmp"
		if img.copies(h.layer) {
			remedy = "mount instead of copying: RUN --mount=type=bind"
		}
		out = append(out, h.finding("leaves "+h.size()+" of temporary files in the image, most in /"+h.top(depth(4))+h.copies(), remedy))
	}
	return out
}
