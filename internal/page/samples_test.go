package page_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/page"
	"tare/internal/profile"
	"tare/internal/report"
	"tare/internal/store"
	"tare/internal/testkit"
	"tare/internal/tree"
	"tare/internal/units"
	"tare/internal/weigh"
)

// longRun is a RUN of fifteen lines.
var longRun = "RUN set -eux; " + strings.Repeat("apt-get install -y --no-install-recommends libssl-dev=3.0.15-1~deb12u1; ", 15)

// weighed is the page of one image, of which there is a trace.
func weighed(t testing.TB) page.Page {
	t.Helper()
	s := testkit.Store(t)
	layers := [][]byte{
		testkit.Tar(t, testkit.File("lib/apk/db/installed", "P:openssl\nV:3.3.2-r0\nF:usr/lib\nR:libssl.so\nR:"+strings.ReplaceAll(evil, "/", "")+"\n\n"), testkit.File("usr/lib/libssl.so", strings.Repeat("s", 60_000)),
			testkit.File("usr/lib/"+strings.ReplaceAll(evil, "/", ""), strings.Repeat("e", 9000)), testkit.File("var/cache/old", strings.Repeat("o", 30_000))),
		testkit.Tar(t, testkit.File("app/main", strings.Repeat("m", 50_000)), testkit.File("app/data/never", strings.Repeat("n", 20_000)), testkit.File("app/data/found", strings.Repeat("f", 8_000)), testkit.File("var/cache/.wh.old", "")),
	}
	f := testkit.Facts(t, s, testkit.Put(t, s, "weighed", store.Pulled, testkit.Image(t, testkit.Options{Layers: layers, History: []ocispec.History{{CreatedBy: longRun}, {CreatedBy: "COPY . /app"}}})))
	r := f.Report("python:3.13-slim", 50)
	r.Savings = weigh.Save(r.Findings, r.Sizes.Tar, units.Threshold)
	m := f.Map("python:3.13-slim", weigh.MapOptions{Parts: 3000, Touched: func(ref tree.Ref) (bool, bool) {
		p := f.Tree.Entry(ref).Path
		return p == "app/main", p == "app/data/found"
	}})
	return page.Page{Title: r.Name, Data: r, Report: "weigh", Doc: report.Weighed(r, 10, false).View(report.View{}, report.Fold), Maps: []weigh.Node{m}}
}

// profiled is the page of a build.
func profiled(t testing.TB) page.Page {
	t.Helper()
	cold := 3.5
	r := &profile.Result{Name: "Dockerfile", Dockerfile: "Dockerfile", Seconds: 6.4, Ideal: 6.4, Source: "FROM alpine:3.20\n# " + evil + "\n" + longRun + "\nCOPY . .\n",
		Stages: []profile.Stage{{Name: "stage 0", Lines: [2]int{1, 4}, Needed: true, Final: true}},
		Lines: []profile.Line{{Lines: [2]int{1, 1}, Keyword: "FROM", Needed: true, Bytes: profile.Bytes{Tar: 8_000_000}},
			{Lines: [2]int{3, 3}, Keyword: "RUN", Needed: true, Ran: true, Cached: true, Cold: &cold, Bytes: profile.Bytes{Tar: 40_000_000}},
			{Lines: [2]int{4, 4}, Keyword: "COPY", Needed: true, Ran: true, Seconds: 0.25, Bytes: profile.Bytes{Tar: 2_000}}},
		Spans: []profile.Span{{Name: "[1/3] FROM docker.io/library/alpine:3.20@sha256:" + strings.Repeat("0123456789abcdef", 4), Line: 1, End: 1}, {Name: "[2/3] " + longRun, Line: 3, Start: 1, End: 6, Critical: true}}}
	r.Total.Tar, r.Total.Transfer = 48_002_000, units.Known(20_000_000)
	r.Savings = weigh.Save(nil, r.Total.Tar, units.Threshold)
	return page.Page{Title: "Profile of Dockerfile", Data: r, Report: "profile", Doc: report.Profile(r, report.ProfileOptions{}).View(report.View{}, report.Fold), Extra: []page.Picture{page.Gantt(r)}}
}

// manyFiles is the map of an image of n files, as it would be if nothing were taken together.
func manyFiles(name string, n int, seed uint64) weigh.Node {
	rnd := rand.New(rand.NewPCG(seed, 1))
	root := weigh.Node{Name: name, Has: []string{"tar", "transfer", "read", "added"}, Against: "a"}
	const layers, packages = 6, 60
	for l := range layers {
		lay := weigh.Node{Name: fmt.Sprint(l+1, " ", longRun)}
		for k := range packages {
			pkg := weigh.Node{Name: fmt.Sprintf("libpackage-%d-%d 3.0.%d-1~deb12u1", l, k, k), Kind: "deb"}
			dirs := 1 + n/layers/packages/40
			for d := range dirs {
				dir := weigh.Node{Name: fmt.Sprintf("usr/lib/python3.13/site-packages/package_%d_%d/module_%d", l, k, d)}
				for f := range n / layers / packages / dirs {
					size := int64(1) << rnd.IntN(20)
					dir.Parts = append(dir.Parts, weigh.Node{Name: fmt.Sprintf("_implementation_%d_%d.cpython-313.pyc", seed, f), Bytes: size, Waste: size * int64(f%2), Files: 1, Tar: size + 1024, Transfer: size / 3, Read: size / 2, Added: size})
				}
				pkg.Parts = append(pkg.Parts, total(dir))
			}
			lay.Parts = append(lay.Parts, total(pkg))
		}
		root.Parts = append(root.Parts, total(lay))
	}
	return total(root)
}

// versions is a map whose names have versions, in parts of every size.
func versions() weigh.Node {
	root := weigh.Node{Name: "versions"}
	for l := range 3 {
		lay := weigh.Node{Name: fmt.Sprint(l+1, " ", longRun)}
		for k := range 14 {
			pkg := weigh.Node{Name: fmt.Sprintf("libpackage%d-%d 13.0.1%d-1~deb12u1+b%d", l, k, k, k), Kind: "deb"}
			for f := range 4 {
				pkg.Parts = append(pkg.Parts, weigh.Node{Name: fmt.Sprintf("usr/lib/lib%cz-%d.22.333.4444.55555.666666.7777777.88888888.999999999", 'a'+f, k), Bytes: int64(100_000 * (k*k + 1) / (f + 1)), Files: 1})
			}
			lay.Parts = append(lay.Parts, total(pkg))
		}
		root.Parts = append(root.Parts, total(lay))
	}
	return total(root)
}

// total gives a node the sums of its parts.
func total(n weigh.Node) weigh.Node {
	for _, p := range n.Parts {
		n.Bytes, n.Waste, n.Files, n.Tar, n.Transfer, n.Read, n.Added, n.Gone = n.Bytes+p.Bytes, n.Waste+p.Waste, n.Files+p.Files, n.Tar+p.Tar, n.Transfer+p.Transfer, n.Read+p.Read, n.Added+p.Added, n.Gone+p.Gone
	}
	return n
}

// rows is a document with a table of n rows.
func rows(n int) report.Document {
	t := report.Table{Place: report.Place{Part: "x"}, Columns: []report.Column{{Title: "BYTES", Right: true}, {Title: "PATH", Label: true}}}
	for i := range n {
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{{Text: fmt.Sprint(i), Number: report.Number{Known: true, Int: int64(i)}}, {Text: fmt.Sprint("/usr/file-", i)}}})
	}
	return report.Document{t}
}
