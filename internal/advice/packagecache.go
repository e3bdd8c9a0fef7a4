package advice

import (
	"tare/internal/layer"
	"tare/internal/tree"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: "package-cache", Title: "package manager caches", Severity: weigh.Warning, Find: packageCache})
}

// packageCache: caches of package managers, and files in directories for temporary ones,
// that a container still sees.
func packageCache(img *Image) (out []Finding) {
	all := &heaps{img: img}
	img.Live(func(r tree.Ref, _ *layer.Entry) {
		if img.own(r.Layer) && img.Class(r) == weigh.Cache {
			first, copies := img.origin(r)
			all.at(first).add(copies...)
		}
	})
	for _, h := range all.list {
		out = append(out, h.finding("leaves "+h.size()+" of caches in the image, most in /"+h.top(depth(4)),
			"remove caches in the same RUN (rm -rf /var/lib/apt/lists/*), use the package manager's option (--no-cache, --no-cache-dir) or RUN --mount=type=cache"))
	}
	return out
}
