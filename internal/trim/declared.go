package trim

import (
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"tare/internal/layer"
	"tare/internal/seen"
	"tare/internal/weigh"
)

// Declared are the paths, as patterns, in which an image may differ after a lossless edit.
// Everything else must be the same: kind, content, permissions, owner, links and extended
// attributes, also of directories. Times are not compared.
var Declared = []string{
	// Caches and downloads of package managers and tools.
	"var/cache/**", "etc/apk/cache/**", "lib/apk/cache/**", "root/.cache/**", "home/*/.cache/**", "usr/local/share/.cache/**",
	"**/.npm", "**/.npm/**", "**/.yarn/berry/cache/**", "**/.composer/cache/**", "**/go/pkg/mod", "**/go/pkg/mod/**", "go/pkg/mod", "go/pkg/mod/**",
	"**/.cargo/registry/**", "**/.cargo/git/**", "usr/local/cargo/registry/**", "usr/local/cargo/git/**", "**/.m2/repository", "**/.m2/repository/**", "**/.gradle/caches", "**/.gradle/caches/**", "**/.cache/go-build/**",
	"root/.cache", "home/*/.cache", "**/.m2", "**/.gradle", "**/.cargo/registry", "**/.cargo/git", "usr/local/share/.cache",
	// Logs and package lists.
	"var/log/**", "var/lib/apt/lists/**", "var/lib/dpkg/available", "var/lib/dnf/**", "var/lib/yum/**",
	// What package managers know.
	"lib/apk/db/**", "usr/lib/apk/db/**", "etc/apk/world", "var/lib/dpkg/status", "var/lib/dpkg/status-old", "var/lib/dpkg/info/**", "var/lib/dpkg/triggers/**", "var/lib/dpkg/lock*", "var/lib/dpkg/diversions*", "var/lib/dpkg/statoverride*", "var/lib/dpkg/alternatives/**",
	"var/lib/apt/**", "var/lib/rpm/**", "usr/lib/sysimage/rpm/**", "var/lib/pacman/**", "**/*.dist-info/RECORD", "**/*.egg-info/installed-files.txt", "**/node_modules/.package-lock.json",
	// Byte code, and what is made of what is there.
	"**/__pycache__", "**/__pycache__/**", "**/*.pyc", "**/*.pyo", "etc/ld.so.cache",
	// Copies that dpkg and useradd keep of the state before.
	"etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-", "etc/subuid-", "etc/subgid-",
}

// IsDeclared tells whether an image may differ at a path after a lossless edit. more are
// patterns besides Declared: of a Dockerfile that is copied into its own image.
func IsDeclared(path string, more ...string) bool {
	match := func(pattern string) bool {
		if dir, ok := strings.CutSuffix(pattern, "/**"); ok { // what is in the directory, not itself
			pattern = dir + "/**/*"
		}
		ok, err := doublestar.Match(pattern, path)
		return ok && err == nil
	}
	return slices.ContainsFunc(Declared, match) || slices.ContainsFunc(more, match)
}

// Difference is a path at which two images differ, and in what.
type Difference struct {
	Path string
	In   seen.Aspects
}

// Differences are the paths at which containers of two images see something else, but for
// those that are declared, in order.
func Differences(a, b *weigh.Facts, more ...string) []Difference {
	var out []Difference
	for path, in := range seen.Differences(seen.Of(a), seen.Of(b)) {
		if !IsDeclared(path, more...) {
			out = append(out, Difference{path, in})
		}
	}
	slices.SortFunc(out, func(a, b Difference) int { return layer.ComparePaths(a.Path, b.Path) })
	return out
}

// Beyond are differences without what differs by itself from build to build: noise has in
// what, by path. Of a path that differs in more, only the more is told.
func Beyond(list []Difference, noise map[string]seen.Aspects) []Difference {
	var out []Difference
	for _, d := range list {
		if d.In &^= noise[d.Path]; d.In != 0 {
			out = append(out, d)
		}
	}
	return out
}
