package archives

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tare/internal/parts"
)

// found are files that match a pattern, at most n of them, spread over all.
func found(t *testing.T, n int, patterns ...string) (out []string) {
	t.Helper()
	for _, p := range patterns {
		list, err := filepath.Glob(p)
		if err != nil {
			t.Fatal(err)
		}
		step := max(1, len(list)/n)
		for i := 0; i < len(list); i += step {
			if info, err := os.Stat(list[i]); err == nil && info.Mode().IsRegular() && info.Size() < 64<<20 {
				out = append(out, list[i])
			}
		}
	}
	return out
}

// verbose is a row of unzip -v: size, method, packed, ratio, date, time, checksum, name.
var verbose = regexp.MustCompile(`(?m)^ *(\d+)  \S+ +(\d+) +-?\d+% \d{4}-\d\d-\d\d \d\d:\d\d ([0-9a-f]{8})  (.*)$`)

// unzip -v agrees on the members of real archives, on their sizes, packed and unpacked, and
// on their checksums.
func TestUnzip(t *testing.T) {
	unzip, err := exec.LookPath("unzip")
	if err != nil {
		t.Skip("unzip is not installed")
	}
	modules := os.Getenv("GOMODCACHE")
	if modules == "" {
		home, _ := os.UserHomeDir()
		modules = filepath.Join(home, "go", "pkg", "mod")
	}
	files := found(t, 12, "/usr/share/python-wheels/*.whl", "/usr/lib/python3*/ensurepip/_bundled/*.whl", "/usr/share/java/*.jar", filepath.Join(modules, "cache", "download", "*", "*", "*", "@v", "*.zip"))
	compared := 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		out, err := exec.Command(unzip, "-v", file).Output()
		if err != nil {
			continue
		}
		list, err := Zip(parts.Bytes(b), nil, nil)
		whole(t, b, list, err)
		if n := parts.Of(list, parts.Unknown); n != 0 {
			t.Errorf("%s: %d bytes are unknown", file, n)
		}
		want := verbose.FindAllStringSubmatch(string(out), -1)
		got := 0
		for _, p := range list {
			if p.Kind == parts.Member {
				got++
			}
		}
		if got != len(want) {
			t.Errorf("%s has %d members, unzip says %d", file, got, len(want))
			continue
		}
		for _, m := range want {
			size, _ := strconv.ParseInt(m[1], 10, 64)
			packed, _ := strconv.ParseInt(m[2], 10, 64)
			if p := find(list, m[4]); p == nil || p.Size != size || p.Bytes != packed || p.CRC32 != m[3] {
				t.Errorf("%s: %+v, unzip says %q", file, p, m[0])
			}
			compared++
		}
	}
	if len(files) == 0 {
		t.Skip("no zip archives on this machine")
	}
	t.Logf("%d archives, %d members", len(files), compared)
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

// ar t agrees on the members of real static libraries.
func TestArT(t *testing.T) {
	ar, err := exec.LookPath("ar")
	if err != nil {
		t.Skip("ar is not installed (package binutils)")
	}
	files := found(t, 20, "/usr/lib/*-linux-*/*.a", "/usr/lib/gcc/*/*/*.a")
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil || !IsAr(b) {
			continue // a script of the linker
		}
		out, err := exec.Command(ar, "t", file).Output()
		if err != nil {
			continue
		}
		list, err := Ar(parts.Bytes(b))
		whole(t, b, list, err)
		var got []string
		for _, p := range list {
			if p.Kind == parts.Member {
				got = append(got, p.Name)
			}
		}
		if want := strings.Fields(string(out)); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: %q, ar says %q", file, got, want)
		}
		if n := parts.Of(list, parts.Unknown); n != 0 {
			t.Errorf("%s: %d bytes are unknown", file, n)
		}
	}
	if len(files) == 0 {
		t.Skip("no static libraries on this machine")
	}
	t.Logf("%d libraries", len(files))
}
