package insidereport_test

import (
	"bytes"
	"strings"
	"testing"

	"tare/internal/compare"
	"tare/internal/image"
	"tare/internal/insidereport"
	"tare/internal/page"
	"tare/internal/report"
	"tare/internal/weigh"
)

func plain(t *testing.T, d report.Document) string {
	t.Helper()
	var b bytes.Buffer
	f := page.FormatOf("text")
	if err := f.Write(&b, &page.Page{Report: "weigh", Doc: d.View(report.View{}, f.Rest)}, report.Style{Width: 140}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The table is there where debug information, symbols and GPU code are 1 % of the image and
// 100 kB, and not below.
func TestWeighed(t *testing.T) {
	r := &weigh.Result{Name: "app", Sizes: image.Sizes{Live: 10_000_000}, Inside: &weigh.Inside{Files: 3, Bytes: 5_000_000, Debug: 60_000, Symbols: 30_000, GPU: 10_000,
		Largest: []weigh.InsideFile{{Path: "bin/prog", Size: 1_000_000, Debug: 60_000, Symbols: 30_000}}}}
	got := plain(t, insidereport.Weighed(r, false))
	for _, want := range []string{"INSIDE PROGRAMS AND LIBRARIES", "all of 256 KiB and more (3 files)", "/bin/prog", "tare weigh --inside PATH"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	r.Inside.GPU--
	if d := insidereport.Weighed(r, false); d != nil {
		t.Errorf("what is not material:\n%s", plain(t, d))
	}
	r.Inside = nil
	if d := insidereport.Weighed(r, false); d != nil {
		t.Errorf("nothing known:\n%s", plain(t, d))
	}
}

// A change is said with the sections that it is of, the largest first, if it is material.
func TestCompared(t *testing.T) {
	file := compare.InsideFile{Path: "lib/libx.so.2", Was: "lib/libx.so.1", Delta: compare.SectionSums{Code: 2_000_000, Debug: 41_000_000, Symbols: -500_000, Rest: 100, Total: 42_500_100}}
	small := compare.InsideFile{Path: "bin/small", Delta: compare.SectionSums{Code: 10, Total: 10}}
	r := &compare.Result{Images: []compare.Image{{Name: "a", Sizes: image.Sizes{Live: 100_000_000}}, {Name: "b", Sizes: image.Sizes{Live: 142_500_110}}},
		Differences: []compare.Difference{{From: "a", To: "b", Measure: "live", Inside: &compare.Inside{Files: []compare.InsideFile{file, small}}}}}
	got := plain(t, insidereport.Compared(r, false))
	for _, want := range []string{"CHANGED PROGRAMS AND LIBRARIES, BY SECTION", "+42.5MB", "debug information +41MB, code +2MB, symbol tables -500kB", "/lib/libx.so.2 (was libx.so.1)"} {
		if !strings.Contains(strings.ReplaceAll(got, "−", "-"), want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	for _, not := range []string{"bin/small", "headers"} {
		if strings.Contains(got, not) {
			t.Errorf("%q in\n%s", not, got)
		}
	}
	r.Differences[0].Inside.Files = []compare.InsideFile{small}
	if d := insidereport.Compared(r, false); d != nil {
		t.Errorf("what is not material:\n%s", plain(t, d))
	}
}

// What says how to get the rest stays last.
func TestInto(t *testing.T) {
	para := func(text string) report.Document { return report.Document{report.Para{Text: text}} }
	got := plain(t, insidereport.Into(append(para("first"), para("more")...), para("inside")))
	if i, j := strings.Index(got, "inside"), strings.Index(got, "more"); i < 0 || j < i {
		t.Errorf("%s", got)
	}
	if d := insidereport.Into(nil, para("inside")); len(d) != 1 {
		t.Errorf("%v", d)
	}
	if d := insidereport.Into(para("more"), nil); len(d) != 1 {
		t.Errorf("%v", d)
	}
}
