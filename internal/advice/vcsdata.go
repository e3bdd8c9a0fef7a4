package advice

import (
	"path"
	"strings"

	"tare/internal/layer"
	"tare/internal/tree"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: "vcs-data", Title: "version control data", Severity: weigh.Warning, Find: vcsData})
}

// vcsData: .git and the like that a container still sees.
func vcsData(img *Image) (out []Finding) {
	all := &heaps{img: img}
	img.Live(func(r tree.Ref, _ *layer.Entry) {
		if img.own(r.Layer) && img.Class(r) == weigh.VCS && !img.based(r) {
			first, copies := img.origin(r)
			all.at(first).add(copies...)
		}
	})
	for _, h := range all.list {
		remedy := "clone in an earlier stage, or remove .git in the same RUN"
		what := path.Base(h.top(repository))
		switch {
		case !img.copies(h.layer):
		case img.Host[int(h.layer)]:
			remedy = "list " + what + " in .dockerignore; if a step of the build needs it, COPY --exclude=" + what
		case img.Staged[int(h.layer)]:
			remedy = "COPY --exclude=" + what + ", or remove it in the stage that it comes from"
		default:
			remedy = "leave " + what + " out of what is copied (.dockerignore, --exclude)"
		}
		out = append(out, h.finding("puts "+h.size()+" of version control data into the image: /"+h.top(repository)+h.copies(), remedy))
	}
	return out
}

// repository is the directory of a version control system that a file is in.
func repository(file string) string {
	for _, mark := range []string{".git", ".hg", ".svn"} {
		if i := strings.Index("/"+file, "/"+mark+"/"); i >= 0 {
			return file[:i+len(mark)]
		}
	}
	return file
}
