package packages_test

import (
	"strings"
	"testing"

	"tare/internal/packages"
)

// What a name means is the kind's to say: each row has names that are build tools of a
// kind, and names that are none.
func TestBuildTool(t *testing.T) {
	for _, c := range []struct{ kind, yes, no string }{
		{"apk", "gcc g++ musl-dev libc-dev linux-headers fortify-headers build-base make cmake clang17 llvm17 openjdk17 openjdk17-jdk openjdk8 openjdk21-jmods go rust cargo rustup pkgconf samurai python3-dev",
			"busybox busybox-static curl openjdk17-jre openjdk17-jre-base openjdk17-jre-headless openjdk8-jre llvm17-libs clang17-libs libgcc libstdc++ git makepasswd patchutils openjdk17-doc device-mapper"},
		{"deb", "gcc gcc-12 g++-12 cpp-12 gcc-14-x86-64-linux-gnu g++-x86-64-linux-gnu binutils binutils-common binutils-x86-64-linux-gnu libssl-dev libgcc-12-dev libc6-dev linux-libc-dev linux-headers-amd64 make patch build-essential openjdk-17-jdk openjdk-17-jdk-headless default-jdk temurin-17-jdk golang-go golang-1.21 golang-1.21-src golang-github-pkg-errors-dev rustc cargo-1.70 llvm-14 clang-14 cmake pkg-config dpkg-dev",
			"gcc-12-base libgcc-s1 busybox-static openjdk-17-jre openjdk-17-jre-headless default-jre temurin-17-jre golang-docker-credential-helpers libllvm14 libclang1-14 bash makedev python3-patch device-tree-compiler cpufrequtils git bash-static patchutils"},
		{"rpm", "gcc gcc-c++ cpp kernel-headers glibc-headers glibc-devel openssl-devel java-17-openjdk-devel java-1.8.0-openjdk-devel java-latest-openjdk-devel make redhat-rpm-config rpm-build golang-bin gcc13 gcc13-c++ gcc-toolset-12-gcc temurin-21-jdk cmake-data",
			"java-17-openjdk java-17-openjdk-headless java-1.8.0-openjdk libgcc libstdc++ busybox-static bash temurin-21-jre make-ca glibc-common git"},
		{"alpm", "base-devel gcc make patch linux-headers linux-api-headers jdk17-openjdk jdk-openjdk fakeroot", "gcc-libs jre17-openjdk jre-openjdk-headless bash"},
		{"conda", "gcc_linux-64 gxx_linux-64 gcc_impl_linux-64 binutils_linux-64 sysroot_linux-64 kernel-headers_linux-64 compilers make patch", "libgcc-ng libstdcxx-ng numpy openjdk"},
		{"pypi", "cython meson ninja maturin pybind11", "make patch go requests setuptools fetch-headers gcc numpy"},
		{"npm", "node-gyp node-addon-api webpack", "make patch serve-static fetch-headers node-gyp-build left-dev koa-static make-dir http-headers go rust"},
		{"runtime", "go jdk rust", "python node jre java"},
		{"maven", "", "make maven gradle"}, {"golang", "", "make go rust"}, {"no", "", "gcc such"},
	} {
		for want, names := range map[bool]string{true: c.yes, false: c.no} {
			for _, name := range strings.Fields(names) {
				if packages.BuildTool(c.kind+" "+name) != want {
					t.Errorf("%s %s: not %v", c.kind, name, want)
				}
			}
		}
	}
	if packages.BuildTool("") || packages.BuildTool("deb ") {
		t.Error("nothing is a build tool")
	}
}

// Java and Rust are found wherever they were unpacked, and a JDK is told from a JRE.
func TestUnpackedRuntimes(t *testing.T) {
	for _, c := range []struct {
		file, text, want string
		owns             string
	}{
		{"opt/java/openjdk/release", "IMAGE_TYPE=\"JDK\"\nJAVA_VERSION=\"17.0.11\"\nMODULES=\"java.base jdk.compiler\"\n", "runtime jdk 17.0.11", "opt/java/openjdk"},
		{"opt/java/openjdk/release", "IMAGE_TYPE=\"JRE\"\nJAVA_VERSION=\"17.0.11\"\nMODULES=\"java.base java.xml\"\n", "runtime jre 17.0.11", "opt/java/openjdk"},
		{"usr/java/openjdk-18/release", "JAVA_VERSION=\"18\"\nMODULES=\"java.base jdk.compiler\"\n", "runtime jdk 18", "usr/java/openjdk-18"},
		{"usr/local/openjdk-8/release", "JAVA_VERSION=\"1.8.0_342\"\nIMAGE_TYPE=\"JRE\"\n", "runtime jre 1.8.0_342", "usr/local/openjdk-8"},
		{"opt/jdk8/release", "IMAGE_TYPE=\"JDK\"\nJAVA_VERSION=\"1.8.0_342\"\n", "runtime jdk 1.8.0_342", "opt/jdk8"},
		{"opt/x/release", "JAVA_VERSION=\"1.8.0_342\"\n", "runtime java 1.8.0_342", "opt/x"},
		{"opt/x/release", "VERSION=3\n", "", ""},
		{"usr/local/rustup/toolchains/1.79.0-x86_64-unknown-linux-gnu/lib/rustlib/components", "rustc\n", "runtime rust 1.79.0", "usr/local/cargo/bin/rustc"},
		{"root/.rustup/toolchains/stable-x86_64-unknown-linux-gnu/lib/rustlib/components", "rustc\n", "runtime rust stable", "root/.cargo/bin/rustup"},
		{"usr/local/lib/rustlib/components", "rustc\n", "runtime rust ", "usr/local/bin/rustc"},
		{"app/components", "rustc\n", "", ""},
	} {
		if w := packages.Wanted(c.file, 0o644, int64(len(c.text))); w.Limit > 0 != (c.want != "" || strings.HasSuffix(c.file, "/release")) {
			t.Errorf("%s: kept %v", c.file, w.Limit)
		}
		list, problems := find(t, map[string]string{c.file: c.text}, nil)
		got, owns := "", ""
		if len(list) == 1 {
			got = list[0].Key() + " " + list[0].Version
			owns = " " + strings.Join(append(list[0].Files, list[0].Trees...), " ") + " "
		}
		if got != c.want || len(problems) > 0 || c.owns != "" && !strings.Contains(owns, " "+c.owns+" ") {
			t.Errorf("%s: %q owns %s, want %q; %v", c.file, got, owns, c.want, problems)
		}
	}
}
