package advice

import (
	"tare/internal/layer"
	"tare/internal/tree"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: "log-files", Title: "log files", Severity: weigh.Note, Find: logFiles})
}

// logFiles: logs of the build (apt's, dpkg's, npm's) that a container still sees. Those of
// packages are theirs.
func logFiles(img *Image) (out []Finding) {
	all := &heaps{img: img}
	img.Live(func(r tree.Ref, e *layer.Entry) {
		if img.own(r.Layer) && img.Class(r) == weigh.Log && img.Owner(r) == nil && e.Size > 0 && !img.based(r) {
			first, copies := img.origin(r)
			all.at(first).add(copies...)
		}
	})
	for _, h := range all.list {
		out = append(out, h.finding("leaves "+h.size()+" of logs in the image, most in /"+h.top(depth(3))+h.copies(), "remove logs in the same RUN, or mount /var/log (RUN --mount=type=tmpfs,target=/var/log)"))
	}
	return out
}
