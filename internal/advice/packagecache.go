package advice

import (
	"slices"
	"strings"

	"tare/internal/units"
	"tare/internal/weigh"
)

// caches are the directories of package managers' caches: where they lie (with slashes
// around them), whose they are, and what keeps them out of a layer.
var caches = []struct{ dir, name, fix string }{
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
	{"/.cargo/registry/", "cargo", "delete its registry"},
	{"/cargo/registry/", "cargo", "delete its registry"},
	{"/.m2/", "Maven", "delete ~/.m2"},
	{"/.composer/cache/", "composer", "composer clear-cache"},
}

var _ = register(Rule{
	ID: "package-cache", Version: 1, Title: "Caches of package managers", Severity: Warning,
	Mark: func(f File) string {
		if f.Class != weigh.Cache {
			return ""
		}
		path := "/" + f.Path
		for _, c := range caches {
			if strings.Contains(path, c.dir) {
				return c.name
			}
		}
		return ""
	},
	Find: func(l *Ledger) (out []Finding) {
		for _, g := range l.left(func(p *Part) bool { return p.Marks["package-cache"] != "" }) {
			f := l.finding(g.layer, g.parts)
			var whose, fixes []string
			for _, c := range caches {
				if !slices.ContainsFunc(g.parts, func(p *Part) bool { return p.Marks["package-cache"] == c.name }) || slices.Contains(whose, c.name) {
					continue
				}
				whose, fixes = append(whose, c.name), append(fixes, c.fix)
			}
			f.Text = "leaves " + units.Bytes(f.Tar) + " of " + and(whose) + "'s " + units.Word(len(whose), "cache") + " in the image" + example(g.parts)
			f.Fix = and(fixes) + " in the same RUN, or RUN --mount=type=cache"
			if f.Tar > 0 {
				out = append(out, f)
			}
		}
		return out
	},
})
