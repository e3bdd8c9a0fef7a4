package report

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"tare/internal/compare"
	"tare/internal/image"
	"tare/internal/units"
	"tare/internal/weigh"
)

// unknown is an image of two layers, of which what a push sends of the second is not known
// if so said.
func unknown(not bool) *weigh.Result {
	r := heavy(2, 3)
	r.Layers[0].Transfer, r.Layers[1].Transfer = units.Known(1111), units.Known(2222)
	r.Sizes.Transfer, r.Sizes.Stored, r.Sizes.DockerContainerd = units.Known(3333), 444_000, units.Known(9999)
	r.Savings = &weigh.Savings{Tar: r.Sizes.Tar / 2, Transfer: units.Known(555), Places: 1, Layers: []int{2}}
	r.Findings = r.Findings[1:]
	r.Findings[0].Tar, r.Findings[0].Transfer = 5_000_000, units.Known(555)
	if not {
		for _, a := range []*units.Amount{&r.Layers[1].Transfer, &r.Sizes.Transfer, &r.Sizes.DockerContainerd, &r.Savings.Transfer, &r.Findings[0].Transfer} {
			*a = units.Unknown()
		}
	}
	return r
}

// What is not known is a dash in every format, never 0 and never what is stored; what is
// known has none.
func TestUnknownIsADash(t *testing.T) {
	write := func(not bool, how func(Document, io.Writer) error) string {
		var b bytes.Buffer
		if err := how(Weighed(unknown(not), 10, true), &b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	for name, c := range map[string]struct {
		write       func(Document, io.Writer) error
		known, dash []string
	}{
		"csv":      {Document.WriteCSV, []string{"app,layers,1,transfer,bytes,1111\n", "app,layers,2,transfer,bytes,2222\n"}, []string{"app,layers,1,transfer,bytes,1111\n", "app,layers,2,transfer,bytes,–\n"}},
		"tsv":      {Document.WriteTSV, []string{"app\tlayers\t2\ttransfer\tbytes\t2222\n"}, []string{"app\tlayers\t2\ttransfer\tbytes\t–\n"}},
		"markdown": {Document.WriteMarkdown, []string{"transfer 3,333 ", "3,333 to pull"}, []string{"transfer – ", "transfer not known (444,000 stored; see --compress)"}},
		"text": {func(d Document, w io.Writer) error { return d.WriteText(w, Style{Width: 200}) }, []string{"transfer 3,333 ", "3,333 to pull", "555 of transfer", ", 555 of 3,333 to pull:", "about 9,999 with the containerd image store"},
			[]string{"transfer – ", "transfer not known (444,000 stored; see --compress)", "– of transfer", "the compressed blobs, which are not known"}},
	} {
		for not, want := range map[bool][]string{false: c.known, true: c.dash} {
			got := write(not, c.write)
			for _, s := range want {
				if !strings.Contains(got, s) {
					t.Errorf("%s, not known %v: no %q in\n%s", name, not, s, got)
				}
			}
			if lies := []string{"3,333", "2222", "2,222", "9,999", "to pull"}; not {
				for _, s := range lies {
					if strings.Contains(got, s) {
						t.Errorf("%s: %q of what is not known:\n%s", name, s, got)
					}
				}
			} else if strings.Contains(got, "not known") || strings.Contains(got, "bytes,–") || strings.Contains(got, "transfer –") {
				t.Errorf("%s: a dash for what is known:\n%s", name, got)
			}
		}
	}
}

// A comparison has a dash for what is not known, no difference from it, and no winner whose
// measure it would be.
func TestUnknownInAComparison(t *testing.T) {
	r := &compare.Result{Baseline: "a"}
	for n, name := range []string{"a", "b", "c"} {
		r.Images = append(r.Images, compare.Image{Name: name, Base: "none", Platform: "linux/amd64", Layers: 1, Sizes: image.Sizes{Transfer: units.Known(int64(700 + n)), Live: 100, Tar: 200, Files: 150}})
		for _, l := range []*compare.Level{&r.Sharing.Blob, &r.Sharing.DiffID, &r.Sharing.Content} {
			l.Images = append(l.Images, compare.Share{Name: name})
		}
	}
	look := func() string {
		r.Differences = []compare.Difference{compare.Between(r, 0, 1, "transfer"), compare.Between(r, 0, 1, "live")}
		var b bytes.Buffer
		if err := Comparison(r, ComparisonOptions{Exact: true, Measure: "transfer", Top: 9}).WriteText(&b, Style{Width: 200}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	bests := func() bool {
		for _, m := range measures(r, sizes{}).Rows {
			if m.Label == "transfer" {
				return m.Best(0) || m.Best(1) || m.Best(2)
			}
		}
		return false
	}
	if got := look(); !strings.Contains(got, "a → b: +1 transfer") || !strings.Contains(got, "701") || !bests() || strings.Contains(got, "not known") {
		t.Errorf("known:\n%s", got)
	}
	r.Images[1].Sizes.Transfer = units.Unknown()
	got := look()
	if !strings.Contains(got, "a → b: the difference of transfer is not known") || !strings.Contains(got, "a → b: transfer –") || strings.Contains(got, "701") || strings.Contains(got, "smallest to pull") {
		t.Errorf("not known:\n%s", got)
	}
	if bests() {
		t.Error("one is the best, although one is not known")
	}
}
