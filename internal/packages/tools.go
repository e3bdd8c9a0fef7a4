package packages

import "strings"

// tools are packages that are there to build others, in any distribution.
var tools = map[string]bool{
	"gcc": true, "g++": true, "cpp": true, "cc": true, "tcc": true, "clang": true, "llvm": true, "binutils": true, "make": true, "cmake": true, "ninja": true, "meson": true,
	"build-base": true, "build-essential": true, "autoconf": true, "automake": true, "libtool": true, "pkgconf": true, "pkg-config": true, "bison": true, "flex": true,
	"patch": true, "m4": true, "dpkg-dev": true, "linux-headers": true, "rust": true, "rustc": true, "cargo": true, "go": true, "golang": true, "gfortran": true,
	"fortify-headers": true, "linux-libc-dev": true, "libc-dev-bin": true, "nasm": true, "yasm": true, "swig": true, "cython": true, "maven": true, "gradle": true,
}

// buildTool knows the compilers and build tools above with any version in their names,
// and -dev, -devel and -headers packages.
func buildTool(name string) bool {
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

// namedTool knows the tools by their bare names: languages have them as libraries.
func namedTool(name string) bool { return tools[name] }
