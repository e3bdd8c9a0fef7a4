package explain_test

import (
	"regexp"
	"strings"
	"testing"

	"tare/internal/compare"
	"tare/internal/explain"
	"tare/internal/store"
	"tare/internal/testkit"
)

// compressed are sizes that depend on how well a compressor does.
var compressed = regexp.MustCompile(`(transfer: |transfers |layers instead of )[^ ,)]+`)

// All that is said of three images, and of one, in its order: nothing more, nothing less.
func TestAllThatIsSaid(t *testing.T) {
	s := testkit.Store(t)
	file := func(name string, n int) testkit.Entry {
		return testkit.File(name, strings.Repeat(name[len(name)-1:], n))
	}
	subject := func(name string, layers ...[]testkit.Entry) compare.Subject {
		var tars [][]byte
		for _, l := range layers {
			tars = append(tars, testkit.Tar(t, l...))
		}
		return compare.Subject{Name: name, Facts: testkit.Facts(t, s, testkit.Put(t, s, name, store.Pulled, testkit.Image(t, testkit.Options{Layers: tars})))}
	}
	release := testkit.File("etc/os-release", "ID=alpine\nVERSION_ID=3.20\nPRETTY_NAME=\"Alpine 3.20\"\n")
	db := func(text string) testkit.Entry { return testkit.File("lib/apk/db/installed", text) }
	const curl, gcc, mpc = "P:curl\nV:8\nF:usr/bin\nR:curl\n\n", "P:gcc\nV:13\nD:mpc\nF:usr/bin\nR:gcc\n\n", "P:mpc\nV:1\nF:usr/lib\nR:mpc\n\n"
	base := []testkit.Entry{release, file("bin/sh", 200_000)}
	small := subject("small", base, []testkit.Entry{db(curl), file("usr/bin/curl", 500_000)})
	large := subject("large", base, []testkit.Entry{db(curl + gcc + mpc), file("usr/bin/curl", 500_000), file("usr/bin/gcc", 4_000_000), file("usr/lib/mpc", 700_000), file("var/cache/x", 300_000)}, []testkit.Entry{testkit.File("var/cache/.wh.x", "")})
	bare := subject("bare", base)
	said := func(course bool, list ...compare.Subject) string {
		r, err := compare.Compare(list, compare.Options{})
		if err != nil {
			t.Fatal(err)
		}
		sentences := explain.Sentences(r, explain.Threshold)
		if course {
			sentences = explain.Course(r, explain.Threshold)
		}
		var out []string
		for _, s := range sentences {
			out = append(out, s.Topic+": "+compressed.ReplaceAllString(s.Text, "$1…"))
		}
		return strings.Join(out, "\n")
	}
	for _, c := range []struct {
		name, got, want string
	}{
		{"one image", said(false, small), ``},
		{"one image with waste", said(false, large), `
waste: large has 300kB that no container can see, 300kB of it deleted-file.
`},
		{"two", said(false, small, large), `
ranking: small is the smallest on every measure (transfer, tar, files, live and docker).
difference: large is 4.7MB larger than small (live: 5.4MB instead of 700kB; transfer: …).
difference: The difference is gcc and the package it pulls in: 4.7MB of 4.7MB, which only large has; everything else adds up to +61B.
difference: Compilers, build tools, headers and static libraries are 4MB of the 4.7MB by which large is larger.
layers: small has 2 layers and large has 3 layers.
waste: large has 300kB that no container can see, 300kB of it deleted-file.
sharing: Pulling all of them onto one host transfers … of layers instead of …, because they share layers; 500kB are equal files in layers that they do not share.
`},
		{"the other way round", said(false, large, small), `
ranking: small is the smallest on every measure (transfer, tar, files, live and docker).
difference: small is 4.7MB smaller than large (live: 700kB instead of 5.4MB; transfer: …).
difference: The difference is gcc and the package it pulls in: 4.7MB of 4.7MB, which only large has; everything else adds up to −61B.
difference: Compilers, build tools, headers and static libraries are 4MB of the 4.7MB by which large is larger.
layers: large has 3 layers and small has 2 layers.
waste: large has 300kB that no container can see, 300kB of it deleted-file.
sharing: Pulling all of them onto one host transfers … of layers instead of …, because they share layers; 500kB are equal files in layers that they do not share.
`},
		{"three", said(false, bare, small, large), `
ranking: bare is the smallest on every measure (transfer, tar, files, live and docker).
ranking: large is the largest on every measure (transfer, tar, files, live and docker).
difference: small is 500kB larger than bare (live: 700kB instead of 200kB; transfer: …).
difference: The difference is curl: 500kB of 500kB, which only small has; everything else adds up to +29B.
difference: large is 5.2MB larger than bare (live: 5.4MB instead of 200kB; transfer: …).
difference: Why: gcc and the package it pulls in (+4.7MB, only in large) and curl (+500kB, only in large); everything else adds up to +90B.
difference: Compilers, build tools, headers and static libraries are 4MB of the 5.2MB by which large is larger.
difference: large is 4.7MB larger than small (live: 5.4MB instead of 700kB; transfer: …).
difference: The difference is gcc and the package it pulls in: 4.7MB of 4.7MB, which only large has; everything else adds up to +61B.
difference: Compilers, build tools, headers and static libraries are 4MB of the 4.7MB by which large is larger.
layers: bare has 1 layer, small has 2 layers and large has 3 layers.
waste: large has 300kB that no container can see, 300kB of it deleted-file.
sharing: Pulling all of them onto one host transfers … of layers instead of …, because they share layers; 500kB are equal files in layers that they do not share.
`},
		{"the course, of two", said(true, small, large), `
ranking: small is the smallest on every measure (transfer, tar, files, live and docker).
difference: large is 4.7MB larger than small (live: 5.4MB instead of 700kB; transfer: …).
difference: The difference is gcc and the package it pulls in: 4.7MB of 4.7MB, which only large has; everything else adds up to +61B.
difference: Compilers, build tools, headers and static libraries are 4MB of the 4.7MB by which large is larger.
layers: small has 2 layers and large has 3 layers.
packages: small lacks 2 packages that others have, the largest being gcc 13 (4MB) and mpc 1 (700kB).
packages: large lacks no package that another has.
waste: large has 300kB that no container can see, 300kB of it deleted-file.
sharing: Pulling all of them onto one host transfers … of layers instead of …, because they share layers; 500kB are equal files in layers that they do not share.
`},
		{"the same twice", said(false, small, compare.Subject{Name: "again", Facts: small.Facts}), `
ranking: Both are the same size on transfer, tar, files, live and docker.
difference: small and again are the same image: live is the same, byte for byte (live: 700kB; transfer: …).
layers: Both have 2 layers.
sharing: Pulling all of them onto one host transfers … of layers instead of …, because they share layers.
`},
	} {
		if c.got != strings.TrimSpace(c.want) {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, c.got, c.want)
		}
	}
}
