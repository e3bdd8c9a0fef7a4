package rpmdb_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tare/internal/packages"
	"tare/internal/rpmdb"
)

// The three formats of rpm's database, as the tests of the library that reads them
// carry them.
var formats = []struct{ file, as string }{
	{"centos7-plain/Packages", "var/lib/rpm/Packages"},
	{"sle15-bci/Packages.db", "usr/lib/sysimage/rpm/Packages.db"},
	{"fedora35/rpmdb.sqlite", "var/lib/rpm/rpmdb.sqlite"},
}

func database(t testing.TB, file string) []byte {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/knqyf263/go-rpmdb").Output()
	if err != nil {
		t.Skipf("the module's directory is not known: %v", err)
	}
	b, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "pkg/testdata", file))
	if err != nil {
		t.Skipf("the module's test data is not here: %v", err)
	}
	return b
}

func find(name string, b []byte) ([]packages.Package, []packages.Problem) {
	return new(packages.Finder).Find(packages.View{Files: map[string][]byte{name: rpmdb.Records(name, b)}})
}

func TestRecords(t *testing.T) {
	for _, c := range formats {
		b := database(t, c.file)
		list, problems := find(c.as, b)
		if len(problems) > 0 {
			t.Errorf("%s: %v", c.file, problems)
		}
		i := slices.IndexFunc(list, func(p packages.Package) bool { return p.Name == "bash" })
		if i < 0 || len(list) < 30 {
			t.Errorf("%s: %d packages, no bash", c.file, len(list))
			continue
		}
		p := list[i]
		if !slices.ContainsFunc(p.Files, func(f string) bool { return strings.HasSuffix(f, "bin/bash") }) || len(p.Needs) == 0 || p.Version == "" || p.Declared == 0 {
			t.Errorf("%s: %+v", c.file, p)
		}
		// Cut in the middle it is a problem, not a panic.
		_, problems = find(c.as, b[:len(b)/3])
		if len(problems) == 0 {
			t.Errorf("%s: cut short, and no problem", c.file)
		}
	}
	for _, b := range []string{"", "x", "SQLite format 3\x00 and then nothing"} {
		list, problems := find("var/lib/rpm/rpmdb.sqlite", []byte(b))
		if len(list) > 0 || len(problems) != 1 || problems[0].Path != "var/lib/rpm/rpmdb.sqlite" {
			t.Errorf("%q: %v %v", b, list, problems)
		}
	}
}

// Nothing is left on a disk, and none is needed on Linux.
func TestNoTemporaryFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	for _, c := range formats {
		b := database(t, c.file)
		list, problems := find(c.as, b)
		if len(list) == 0 || len(problems) > 0 {
			t.Errorf("%s: %d packages, %v", c.file, len(list), problems)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func BenchmarkRecords(b *testing.B) {
	for _, c := range formats {
		db := database(b, c.file)
		b.Run(filepath.Base(c.as), func(b *testing.B) {
			for b.Loop() {
				rpmdb.Records(c.as, db)
			}
			b.ReportMetric(float64(len(db)), "database-bytes")
			b.ReportMetric(float64(len(rpmdb.Records(c.as, db))), "record-bytes")
		})
		b.Run(filepath.Base(c.as)+"/find", func(b *testing.B) {
			v := packages.View{Files: map[string][]byte{c.as: rpmdb.Records(c.as, db)}}
			for b.Loop() {
				new(packages.Finder).Find(v)
			}
		})
	}
}

func FuzzRecords(f *testing.F) {
	f.Add([]byte("RpmP\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00"))
	f.Add([]byte("SQLite format 3\x00\x10\x00\x02\x02"))
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x61\x15\x06\x00\x09\x00\x00\x00\x00\x10\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, problems := find("var/lib/rpm/Packages", b)
		if len(list) == 0 && len(problems) == 0 && len(b) < 100 {
			t.Fatalf("%q is a database without packages", b)
		}
		for _, p := range list {
			if p.Name == "" {
				t.Fatalf("%+v", p)
			}
		}
	})
}
