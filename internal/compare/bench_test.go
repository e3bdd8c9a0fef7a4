package compare_test

import (
	"fmt"
	"strings"
	"testing"

	"tare/internal/compare"
	"tare/internal/testkit"
)

// packaged is an image of so many packages with so many files each; version is in the
// content of every third file.
func packaged(t testing.TB, packages, files int, version string) compare.Subject {
	t.Helper()
	var db strings.Builder
	var list []testkit.Entry
	for p := range packages {
		fmt.Fprintf(&db, "P:p%d\nV:%s\nF:usr/lib/p%d\n", p, version, p)
		for n := range files {
			name := fmt.Sprintf("usr/lib/p%d/f%d", p, n)
			fmt.Fprintf(&db, "R:f%d\n", n)
			body := name
			if n%3 == 0 {
				body += version
			}
			list = append(list, testkit.File(name, body))
		}
		db.WriteByte('\n')
	}
	list = append(list, testkit.File("lib/apk/db/installed", db.String()))
	s := testkit.Store(t)
	rec := testkit.Put(t, s, "", "pulled", testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, list...)}}))
	return compare.Subject{Name: "v" + version, Facts: testkit.Facts(t, s, rec)}
}

// compare --depth: its time must grow as the files do, not as files times packages.
func BenchmarkDepth(b *testing.B) {
	for _, packages := range []int{100, 400, 1600} {
		list := []compare.Subject{packaged(b, packages, 50, "1"), packaged(b, packages, 50, "1.0.1")}
		b.Run(fmt.Sprintf("%d files, %d packages", packages*50, packages), func(b *testing.B) {
			for b.Loop() {
				if _, err := compare.Compare(list, compare.Options{Depth: 5}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
