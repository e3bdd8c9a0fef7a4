package compare

import (
	"slices"
	"strings"

	"tare/internal/packages"
)

// pulledIn says of packages that only one image has which of them pulled the others
// in: first those that somebody asked for, then those that nothing else needs.
func pulledIn(b *book, list []Cause, change string) {
	index := map[string]int{} // key -> index in Final
	for n, id := range b.f.Final {
		index[b.f.Packages[id].Key()] = n
	}
	only := map[int]*Cause{}
	for i := range list {
		c := &list[i]
		if n, ok := index[c.Subject]; ok && c.Kind == "package" && c.Change == change {
			only[n] = c
		}
	}
	pkg := func(n int) *packages.Package { return &b.f.Packages[b.f.Final[n]] }
	needed := map[int]bool{}
	for n := range only {
		for _, m := range edges(pkg(n)) {
			needed[m] = true
		}
	}
	var roots []int
	for n := range only {
		if p := pkg(n); p.Explicit || !needed[n] {
			roots = append(roots, n)
		}
	}
	// Asked for comes first, then in the order of the list, which is that of names.
	slices.SortFunc(roots, func(x, y int) int {
		if a, b := pkg(x).Explicit, pkg(y).Explicit; a != b {
			if a {
				return -1
			}
			return 1
		}
		return x - y
	})
	isRoot := map[int]bool{}
	for _, n := range roots {
		isRoot[n] = true
	}
	seen := map[int]bool{}
	for _, root := range roots {
		for queue := []int{root}; len(queue) > 0; {
			n := queue[0]
			queue = queue[1:]
			for _, m := range edges(pkg(n)) {
				if c := only[m]; c != nil && !seen[m] && !isRoot[m] {
					seen[m] = true
					c.Via = pkg(root).Key()
					queue = append(queue, m)
				}
			}
		}
	}
}

func edges(p *packages.Package) []int { return append(slices.Clone(p.Needs), p.Wants...) }

// tools are packages that are there to build others, in any distribution.
var tools = map[string]bool{
	"gcc": true, "g++": true, "cpp": true, "cc": true, "tcc": true, "clang": true, "llvm": true, "binutils": true, "make": true, "cmake": true, "ninja": true, "meson": true,
	"build-base": true, "build-essential": true, "autoconf": true, "automake": true, "libtool": true, "pkgconf": true, "pkg-config": true, "bison": true, "flex": true,
	"patch": true, "m4": true, "dpkg-dev": true, "linux-headers": true, "rust": true, "rustc": true, "cargo": true, "go": true, "golang": true, "gfortran": true,
	"fortify-headers": true, "linux-libc-dev": true, "libc-dev-bin": true, "nasm": true, "yasm": true, "swig": true, "cython": true, "maven": true, "gradle": true,
}

// Toolchain tells whether a package, by its key (kind and name), serves only for building: the
// compilers and build tools above with any version in their names, and -dev, -devel
// and -headers packages.
func Toolchain(key string) bool {
	_, name, _ := strings.Cut(key, " ")
	for _, suffix := range []string{"-dev", "-devel", "-headers", "-static"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	if tools[name] {
		return true
	}
	bare := strings.TrimRight(name, "0123456789.-")
	return tools[bare] || strings.HasPrefix(name, "libgcc-") && strings.Contains(name, "-dev") || strings.HasPrefix(name, "binutils-") ||
		strings.HasPrefix(name, "golang-") || strings.HasPrefix(name, "linux-headers-")
}
