package rpmdb_test

import (
	"database/sql"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	oracle "github.com/knqyf263/go-rpmdb/pkg"

	"tare/internal/packages"
	"tare/internal/rpmdb"
)

// databases are those that the tests of go-rpmdb carry: all formats, from RHEL 5 to
// Fedora 35, and of a machine with the other byte order.
func databases(t testing.TB) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/knqyf263/go-rpmdb").Output()
	if err != nil {
		t.Skipf("the module's directory is not known: %v", err)
	}
	list, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "pkg/testdata/*/*"))
	list = slices.DeleteFunc(list, func(p string) bool {
		return !slices.Contains([]string{"Packages", "Packages.db", "rpmdb.sqlite"}, filepath.Base(p))
	})
	if len(list) < 10 {
		t.Skipf("the module's test data is not here: %v", list)
	}
	return list
}

func find(b []byte) ([]packages.Package, []packages.Problem) {
	const name = "var/lib/rpm/Packages"
	return new(packages.Finder).Find(packages.View{Files: map[string][]byte{name: rpmdb.Records(b)}})
}

// TestAgainstOracle: an independent reader says the same of every package.
func TestAgainstOracle(t *testing.T) {
	for _, file := range databases(t) {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			copied := filepath.Join(t.TempDir(), filepath.Base(file)) // SQLite writes beside it
			if err := os.WriteFile(copied, b, 0o600); err != nil {
				t.Fatal(err)
			}
			db, err := oracle.Open(copied)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			list, err := db.ListPackages()
			if err != nil {
				t.Fatal(err)
			}
			var want []packages.RPMRecord
			for _, i := range list {
				r := packages.RPMRecord{Name: i.Name, Version: i.Version, Arch: i.Arch, Source: i.SourceRpm, Size: int64(i.Size), Requires: i.Requires, Provides: i.Provides}
				if i.Release != "" {
					r.Version += "-" + i.Release
				}
				if i.EpochNum() > 0 {
					r.Version = strconv.Itoa(i.EpochNum()) + ":" + r.Version
				}
				if r.Files, err = i.InstalledFileNames(); err != nil {
					t.Fatal(err)
				}
				want = append(want, r)
			}
			if d := cmp.Diff(strings.Split(string(packages.EncodeRPM(want, nil)), "\x00"), strings.Split(string(rpmdb.Records(b)), "\x00")); d != "" {
				t.Errorf("%d packages (-want +got):\n%.3000s", len(want), d)
			}
			got, problems := find(b)
			if len(got) != len(want) || len(problems) > 0 {
				t.Errorf("%d packages of %d, %v", len(got), len(want), problems)
			}
			// Cut short it is a problem, not a panic.
			if _, problems := find(b[:len(b)/3]); len(problems) == 0 {
				t.Error("cut short, and no problem")
			}
		})
	}
}

func TestNoDatabase(t *testing.T) {
	for _, b := range []string{"", "x", strings.Repeat("x", 10_000), "SQLite format 3\x00 and then nothing", "RpmP", "RpmP" + strings.Repeat("\x01", 5000)} {
		list, problems := find([]byte(b))
		if len(list) > 0 || len(problems) != 1 || problems[0].Path != "var/lib/rpm/Packages" {
			t.Errorf("%.20q: %v %v", b, list, problems)
		}
	}
}

// TestHostileSQLite: a database is a program, too, and must not be run.
func TestHostileSQLite(t *testing.T) {
	for name, schema := range map[string]string{
		"an endless view":   "CREATE VIEW Packages AS WITH RECURSIVE n(blob) AS (SELECT x'00' UNION ALL SELECT blob FROM n) SELECT blob FROM n",
		"a silent one":      "CREATE VIEW Packages AS WITH RECURSIVE n(blob) AS (SELECT x'00' UNION ALL SELECT blob FROM n) SELECT blob FROM n WHERE blob = 1",
		"a computed column": "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB AS (zeroblob(1000000000))); INSERT INTO Packages (hnum) VALUES (1)",
		"an empty blob":     "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB); INSERT INTO Packages VALUES (1, x'')",
		"another table":     "CREATE TABLE Other (x)",
	} {
		file := filepath.Join(t.TempDir(), "db")
		db, err := sql.Open("sqlite", file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(schema); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		list, problems := find(b)
		if len(list) > 0 || len(problems) != 1 {
			t.Errorf("%s: %v %v", name, list, problems)
		}
		if d := time.Since(begin); d > 10*time.Second {
			t.Errorf("%s took %s", name, d)
		}
	}
}

// TestDamaged changes bytes at random, mostly where the structure is: nothing ends the
// program, hangs, or takes memory without end.
func TestDamaged(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewSource(seed))
	for _, file := range databases(t) {
		orig, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(orig) > 8<<20 {
			continue
		}
		for n := range 40 {
			b := slices.Clone(orig)
			for range 1 + r.Intn(40) {
				at := r.Intn(len(b))
				switch r.Intn(3) {
				case 0:
					at = r.Intn(4096)
				case 1:
					at = min(at/4096*4096+r.Intn(64), len(b)-1)
				}
				b[at] = byte(r.Intn(256))
			}
			done := make(chan struct{})
			go func() {
				find(b)
				close(done)
			}()
			select {
			case <-done:
			case <-time.After(20 * time.Second):
				t.Fatalf("%s, round %d: it hangs", file, n)
			}
		}
	}
}

func FuzzRecords(f *testing.F) {
	f.Add([]byte("RpmP\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00"))
	f.Add([]byte("SQLite format 3\x00\x10\x00\x02\x02"))
	for _, file := range databases(f) {
		if b, err := os.ReadFile(file); err == nil && len(b) < 2<<20 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		list, problems := find(b)
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

func BenchmarkRecords(b *testing.B) {
	for _, file := range databases(b) {
		name := filepath.Base(filepath.Dir(file))
		if !slices.Contains([]string{"centos7-plain", "sle15-bci", "fedora35"}, name) {
			continue
		}
		db, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("%s/%dkB", name, len(db)/1000), func(b *testing.B) {
			for b.Loop() {
				rpmdb.Records(db)
			}
			b.ReportMetric(float64(len(rpmdb.Records(db))), "record-bytes")
		})
	}
}
