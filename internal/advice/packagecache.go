package advice

import (
	"slices"
	"strings"

	"tare/internal/layer"
	"tare/internal/tree"
	"tare/internal/units"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: "package-cache", Title: "package manager caches", Severity: weigh.Warning, Find: packageCache})
}

// caches are the directories of package managers' caches, with slashes around them: whose
// they are, and what keeps them out of a layer.
var caches = []struct{ dir, name, remedy string }{
	{"/var/cache/apt/", "apt", "apt-get clean"},
	{"/var/cache/apk/", "apk", "apk add --no-cache"},
	{"/etc/apk/cache/", "apk", "apk add --no-cache"},
	{"/var/cache/dnf/", "dnf", "dnf clean all"},
	{"/var/cache/libdnf5/", "dnf", "dnf clean all"},
	{"/var/cache/yum/", "yum", "yum clean all"},
	{"/var/cache/zypp/", "zypper", "zypper clean --all"},
	{"/var/cache/pacman/", "pacman", "pacman -Scc"},
	{"/.cache/pip/", "pip", "pip install --no-cache-dir"},
	{"/.cache/uv/", "uv", "uv --no-cache"},
	{"/.cache/pypoetry/", "poetry", "poetry cache clear --all ."},
	{"/.npm/", "npm", "npm cache clean --force"},
	{"/.cache/yarn/", "yarn", "yarn cache clean"},
	{"/usr/local/share/.cache/", "yarn", "yarn cache clean"},
	{"/.cache/go-build/", "go", "go clean -cache"},
	{"/go/pkg/mod/", "go", "go clean -modcache"},
	{"/.cargo/registry/", "cargo", "rm -rf ~/.cargo/registry"},
	{"/cargo/registry/", "cargo", "rm -rf $CARGO_HOME/registry"},
	{"/.m2/", "Maven", "rm -rf ~/.m2"},
	{"/.composer/cache/", "composer", "composer clear-cache"},
}

// packageCache: caches of package managers that a container still sees. apt's lists are
// a rule of their own.
func packageCache(img *Image) (out []Finding) {
	all := &heaps{img: img}
	found := map[*heap]map[int]bool{}
	img.Live(func(r tree.Ref, e *layer.Entry) {
		if !img.own(r.Layer) || img.Class(r) != weigh.Cache || temporary(e.Path) {
			return
		}
		n := cacheOf(e.Path)
		if n < 0 || img.based(r) {
			return
		}
		first, copies := img.origin(r)
		h := all.at(first)
		h.add(copies...)
		if found[h] == nil {
			found[h] = map[int]bool{}
		}
		found[h][n] = true
	})
	for _, h := range all.list {
		var names, remedies []string
		for n, c := range caches {
			if found[h][n] && !slices.Contains(names, c.name) {
				names, remedies = append(names, c.name), append(remedies, c.remedy)
			}
		}
		out = append(out, h.finding("leaves "+h.size()+" of "+and(names)+"'s "+units.Word(len(names), "cache")+" in the image, most in /"+h.top(depth(4))+h.copies(),
			and(remedies)+" in the same RUN, or RUN --mount=type=cache"))
	}
	return out
}

// cacheOf is the index in caches of the one that a file lies in; -1 for none.
func cacheOf(file string) int {
	for n, c := range caches {
		if strings.Contains("/"+file, c.dir) {
			return n
		}
	}
	return -1
}
