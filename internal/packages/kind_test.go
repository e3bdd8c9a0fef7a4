package packages_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tare/internal/packages"
)

// Every kind says what reports need of it, and no two are equal in what orders them.
func TestKinds(t *testing.T) {
	ranks, types := map[int]bool{}, map[packages.Type]bool{}
	for _, k := range packages.Kinds() {
		if k.Type == "" || k.Title == "" || k.Wants == nil || k.Parse == nil || k.Version < 1 || k.Rank < 1 {
			t.Errorf("%q is incomplete", k.Type)
		}
		if ranks[k.Rank] || types[k.Type] {
			t.Errorf("%s: its type or its rank %d is another's, too", k.Type, k.Rank)
		}
		ranks[k.Rank], types[k.Type] = true, true
		for _, dir := range append(append([]string{}, k.Databases...), k.Caches...) {
			if !strings.HasSuffix(dir, "/") || strings.HasPrefix(dir, "/") {
				t.Errorf("%s: %q is no clean directory with a slash at its end", k.Type, dir)
			}
		}
	}
	if packages.APK.Rank() > packages.Python.Rank() || packages.Type("no such").Rank() != -1 || packages.Type("no such").Kind().Title != "no such" {
		t.Error("ranks are wrong")
	}
	doc, err := os.ReadFile("../../docs/reference/packages.md")
	if err != nil {
		t.Fatal(err)
	}
	at := 0
	for _, k := range packages.Kinds() {
		row := strings.Index(string(doc), "| `"+string(k.Type)+"` | "+k.Title+" |")
		if row < at {
			t.Errorf("docs/reference/packages.md has no row of %s (%s), or not in the order of ranks", k.Type, k.Title)
		}
		at = max(at, row)
	}
	if len(packages.Edition()) != 8 {
		t.Errorf("edition %q", packages.Edition())
	}
}

func TestWanted(t *testing.T) {
	for _, c := range []struct {
		path string
		want string
	}{
		{"lib/apk/db/installed", "all paths"}, {"etc/apk/world", "all"}, {"var/lib/dpkg/status", "all"}, {"var/lib/dpkg/status.d/x", "all"},
		{"var/lib/dpkg/info/bash.list", "all paths"}, {"var/lib/dpkg/info/bash.md5sums", ""}, {"var/lib/rpm/Packages", "all records"},
		{"usr/share/rpm/rpmdb.sqlite", "all records"}, {"s/x.dist-info/METADATA", "head"}, {"s/x.dist-info/RECORD", "all paths"}, {"s/x.egg-info", "head"},
		{"a/node_modules/b/package.json", "all"}, {"a/package.json", ""}, {"node_modules/package.json", ""}, {"usr/local/go/VERSION", "head"},
		{"x.jar", "scan"}, {"bin/program", "scan"}, {"lib/x.so.1", ""}, {"etc/passwd", ""},
	} {
		w := packages.Wanted(c.path, 0o755, 1<<20)
		var got []string
		for _, f := range []struct {
			name string
			is   bool
		}{{"head", w.Head}, {"all", w.Limit > 0 && !w.Head}, {"paths", w.Paths}, {"records", w.Records}, {"scan", w.Scan != nil}} {
			if f.is {
				got = append(got, f.name)
			}
		}
		if c.path != "bin/program" && !strings.HasSuffix(c.path, ".jar") {
			got = cut(got, "scan") // every program is looked at
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q, want %q", c.path, strings.Join(got, " "), c.want)
		}
	}
	if packages.Wanted("bin/program", 0o644, 1<<20).Scan != nil || packages.Wanted("bin/program", 0o755, 1<<10).Scan != nil {
		t.Error("what is no program of Go's is looked at")
	}
}

func cut(list []string, s string) []string {
	var out []string
	for _, x := range list {
		if x != s {
			out = append(out, x)
		}
	}
	return out
}

func TestRPMRecords(t *testing.T) {
	b := packages.EncodeRPM([]packages.RPMRecord{
		{Name: "bash", Version: "5-1", Arch: "x86_64", Source: "bash.src.rpm", Size: 7, Files: []string{"/usr/bin/bash", "/etc/odd\nname"}, Requires: []string{"libc.so.6", "/bin/sh"}},
		{Name: "glibc", Version: "2", Files: []string{"/lib/libc.so.6", "/bin/sh"}, Provides: []string{"libc.so.6"}, Problem: errors.New("lost")},
	}, nil)
	list, problems := find(t, map[string]string{"var/lib/rpm/Packages": string(b)}, nil)
	want := []string{"rpm bash 5-1 needs:glibc [usr/bin/bash etc/odd\nname]", "rpm glibc 2 [lib/libc.so.6 bin/sh]"}
	if d := cmp.Diff(want, brief(list)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if len(problems) != 1 || problems[0].Err.Error() != "files of glibc: lost" {
		t.Errorf("%v", problems)
	}
	if list[0].Declared != 7 || list[0].Source != "bash.src.rpm" || list[0].Arch != "x86_64" {
		t.Errorf("%+v", list[0])
	}
	_, problems = find(t, map[string]string{"var/lib/rpm/Packages": string(packages.EncodeRPM(nil, errors.New("damaged")))}, nil)
	if len(problems) != 1 || problems[0].Err.Error() != "damaged" {
		t.Errorf("%v", problems)
	}
}

// Packages of one view do not change those of the next, which has the same database.
func TestRPMTwice(t *testing.T) {
	b := packages.EncodeRPM([]packages.RPMRecord{{Name: "a", Requires: []string{"b"}}, {Name: "b"}}, nil)
	v := packages.View{Files: map[string][]byte{"var/lib/rpm/Packages": b}}
	var f packages.Finder
	for range 2 {
		list, _ := f.Find(v)
		if len(list) != 2 || len(list[0].Needs) != 1 || list[0].Needs[0] != 1 {
			t.Fatalf("%+v", list)
		}
	}
}
