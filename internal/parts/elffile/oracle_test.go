package elffile

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

// binaries are ELF files of this machine's distribution, and programs that Go made: not all
// of them, but of all kinds and sizes.
func binaries(t *testing.T) (out []string) {
	t.Helper()
	for _, pattern := range []string{"/usr/bin/*", "/usr/sbin/*", "/usr/lib/*-linux-*/*.so*", "/usr/lib/gcc/*/*/*", "/usr/lib/*-linux-*/*.o", "/usr/lib/python3*/lib-dynload/*.so"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		step := max(1, len(files)/40)
		for i := 0; i < len(files); i += step {
			info, err := os.Lstat(files[i])
			if err != nil || !info.Mode().IsRegular() || info.Size() > 64<<20 {
				continue
			}
			f, err := os.Open(files[i])
			if err != nil {
				continue
			}
			head := make([]byte, 4)
			if n, _ := f.Read(head); Is(head[:n]) {
				out = append(out, files[i])
			}
			_ = f.Close()
		}
	}
	if self, err := os.Executable(); err == nil {
		out = append(out, self)
	}
	return out
}

// row is a line of readelf -SW: number, name, type, address, offset, size.
var row = regexp.MustCompile(`(?m)^ +\[ *(\d+)\] (.*?) +([A-Z][A-Z0-9_]+|LOOS\S*|<unknown>\S*) +([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) `)

var buildID = regexp.MustCompile(`Build ID: ([0-9a-f]+)`)

// readelf agrees on the sections of real files, on their build IDs, and on whether they are
// stripped; and what the parts of each take is the file.
func TestReadelf(t *testing.T) {
	readelf, err := exec.LookPath("readelf")
	if err != nil {
		t.Skip("readelf is not installed (package binutils)")
	}
	files := binaries(t)
	if len(files) < 50 {
		t.Skipf("only %d ELF files on this machine", len(files))
	}
	sections := 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		out, err := exec.Command(readelf, "-SWn", file).Output()
		if err != nil {
			continue // of an object file with strange notes
		}
		f := read(t, b)
		if f == nil {
			t.Errorf("%s is no ELF file", file)
			continue
		}
		want := map[string]int64{}
		for _, m := range row.FindAllStringSubmatch(string(out), -1) {
			if m[3] == "NULL" || m[3] == "NOBITS" {
				continue
			}
			n, err := strconv.ParseInt(m[6], 16, 64)
			if err != nil {
				t.Fatal(err)
			}
			want[m[2]] += n
		}
		for name, n := range want {
			if got, kind, _ := bytesOf(f, name); got != n && kind != parts.GPU && n > 0 {
				t.Errorf("%s: %s has %d bytes, readelf says %d", file, name, got, n)
			}
			sections++
		}
		if _, symbols := want[".symtab"]; symbols && f.Stripped {
			t.Errorf("%s has a symbol table and is called stripped", file)
		}
		if id := buildID.FindStringSubmatch(string(out)); id != nil && id[1] != f.BuildID {
			t.Errorf("%s has the build ID %s, not %q", file, id[1], f.BuildID)
		}
		if n := parts.Of(f.Parts, parts.Unknown); n > 0 {
			t.Logf("%s: %d bytes unknown", file, n)
		}
	}
	t.Logf("%d files, %d sections", len(files), sections)
	if sections < 500 {
		t.Errorf("only %d sections were compared", sections)
	}
}

// go version -m agrees on the modules of programs that Go made; and the code of all modules,
// the standard library and the rest is the section of code.
func TestGoVersion(t *testing.T) {
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("go is not in the PATH")
	}
	files := []string{tool}
	if self, err := os.Executable(); err == nil {
		files = append(files, self)
	}
	more, _ := filepath.Glob("/usr/bin/*")
	files = append(files, more...)
	seen, coded := 0, 0
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil || info.Size() < 1<<20 || info.Size() > 256<<20 || seen > 12 {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil || !Is(b) {
			continue
		}
		f := read(t, b)
		if f == nil || f.Go == nil {
			continue
		}
		out, err := exec.Command(tool, "version", "-m", file).Output()
		if err != nil {
			continue
		}
		seen++
		first, rest, _ := strings.Cut(string(out), "\n")
		if first != file+": "+f.Go.Version {
			t.Errorf("%s: %q, not %s", file, first, f.Go.Version)
		}
		var want []string
		for _, line := range strings.Split(rest, "\n") {
			if w := strings.Fields(line); len(w) >= 2 && (w[0] == "mod" || w[0] == "dep") {
				want = append(want, w[1])
			}
		}
		var got []string
		for _, m := range f.Go.Modules {
			got = append(got, m.Path)
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s has the modules %v, go says %v", file, got, want)
		}
		if f.Go.Code == 0 {
			t.Logf("%s: %s, %d modules, no code known", file, f.Go.Version, len(got))
		} else {
			coded++
			t.Logf("%s: %d of code, std %d, other %d, %d modules", file, f.Go.Code, f.Go.Std, f.Go.Other, len(got))
			if f.Go.Other > f.Go.Code/2 {
				t.Errorf("%s: %d of %d bytes of code belong to no module", file, f.Go.Other, f.Go.Code)
			}
		}
	}
	if seen == 0 || coded == 0 {
		t.Errorf("%d programs of Go, %d with code: this test itself is one", seen, coded)
	}
}

// A real CUDA library, where there is one (scripts/cuda.sh): every byte of its GPU code belongs
// to an architecture, and the parts are the sections that readelf says.
func TestCUDA(t *testing.T) {
	dir := os.Getenv("TARE_TEST_CUDA")
	if dir == "" {
		t.Skip("TARE_TEST_CUDA names no directory with CUDA libraries")
	}
	gpu := 0
	err := filepath.WalkDir(dir, func(file string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(file)
		if err != nil || !Is(b) {
			return err
		}
		f := read(t, b)
		if n := parts.Of(f.Parts, parts.Unknown); n != 0 {
			t.Errorf("%s: %d bytes are unknown", file, n)
		}
		n := parts.Of(f.Parts, parts.GPU)
		out, err := exec.Command("readelf", "-SW", file).Output()
		if err != nil {
			return err
		}
		for _, m := range row.FindAllStringSubmatch(string(out), -1) {
			want, _ := strconv.ParseInt(m[6], 16, 64)
			if m[2] == ".nv_fatbin" {
				gpu++
				if n != want {
					t.Errorf("%s: %d bytes of GPU code, the section has %d", file, n, want)
				}
				for _, p := range f.Parts {
					if p.Kind == parts.GPU {
						t.Logf("%s: %s %s %d", d.Name(), p.Name, p.What, p.Bytes)
					}
				}
				t.Logf("%s: %.1f %% of %d bytes", d.Name(), 100*float64(n)/float64(len(b)), len(b))
			} else if got, kind, _ := bytesOf(f, m[2]); m[3] != "NOBITS" && m[3] != "NULL" && got != want && kind != parts.GPU {
				t.Errorf("%s: %s has %d bytes, readelf says %d", file, m[2], got, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if gpu == 0 {
		t.Error("no library with GPU code")
	}
}
