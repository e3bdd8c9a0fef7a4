package report

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"tare/internal/image"
	"tare/internal/units"
	"tare/internal/weigh"
)

// heavy is an image of n layers of random sizes, with a finding for each.
func heavy(n int, seed uint64) *weigh.Result {
	r := rand.New(rand.NewPCG(seed, 7))
	out := &weigh.Result{Name: "app", Platform: "linux/amd64", Base: "debian 12"}
	for i := range n {
		size := int64(r.IntN(1 << uint(10+r.IntN(20))))
		l := weigh.Layer{Index: i + 1, Instruction: fmt.Sprintf("RUN step %d", i), Live: size / 2, Waste: size - size/2, Files: size, Transfer: units.Known(size / 3), Tar: size}
		out.Layers = append(out.Layers, l)
		out.Sizes = image.Sizes{Live: out.Sizes.Live + l.Live, Waste: out.Sizes.Waste + l.Waste, Files: out.Sizes.Files + size, Transfer: out.Sizes.Transfer.Plus(l.Transfer), Tar: out.Sizes.Tar + size}
		out.Findings = append(out.Findings, weigh.Finding{Rule: "package-cache", Title: "caches", Severity: weigh.Warning, Layer: i + 1, Text: "leaves caches", Remedy: "remove them", Tar: size / 4, AddsTar: size / 4})
	}
	out.Savings = weigh.Save(out.Findings, out.Sizes.Tar, units.Threshold)
	return out
}

func lines(t *testing.T, d Document, v View, width int) string {
	t.Helper()
	var b strings.Builder
	if err := d.View(v, Drop).WriteText(&b, Style{Width: width}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The rows of the first screen, with the one that stands for the rest, are the image.
func TestLayersSumUpOnTheFirstScreen(t *testing.T) {
	for seed := range uint64(50) {
		r := heavy(1+int(seed), seed)
		t0 := layerDigest(r, sizes{})
		var live, transfer, waste int64
		for _, row := range t0.Rows {
			live += row.Cells[1].Number.Int
			transfer += row.Cells[2].Number.Int
			waste += row.Cells[3].Number.Int
		}
		if live != r.Sizes.Live || units.Known(transfer) != r.Sizes.Transfer || waste != r.Sizes.Waste {
			t.Errorf("%d layers: %d live, %d transfer, %d waste of %+v", len(r.Layers), live, transfer, waste, r.Sizes)
		}
		if len(t0.Rows) > firstLayers+1 {
			t.Errorf("%d rows", len(t0.Rows))
		}
	}
}

func TestWeighFitsOneScreen(t *testing.T) {
	for _, n := range []int{1, 4, 40, 120} {
		text := lines(t, Weighed(heavy(n, 3), 10, false), View{}, 100)
		if got := strings.Count(text, "\n"); got > 40 {
			t.Errorf("%d layers take %d lines:\n%s", n, got, text)
		}
		for k, l := range strings.Split(text, "\n") {
			if len([]rune(l)) > 100 {
				t.Errorf("line %d has %d columns: %s", k+1, len([]rune(l)), l)
			}
		}
	}
}

// The save line stands first, but for secrets, and only where there is something to save.
func TestSaveLine(t *testing.T) {
	r := heavy(4, 3)
	r.Savings = &weigh.Savings{Tar: 710_000_000, Transfer: units.Known(312_000_000), Places: 4, Layers: []int{1, 2, 3, 4}}
	r.Sizes.Tar, r.Sizes.Transfer = 962_000_000, units.Known(1_410_000_000)
	text := lines(t, Weighed(r, 10, false), View{}, 100)
	if !strings.Contains(strings.Split(text, "\n")[2], "Save 710 of 962MB (tar), 312MB of 1.41GB to pull: these 4 layers (1, 2, 3, 4)") {
		t.Errorf("%s", text)
	}
	// What is not material is not worth a line; all of it can be asked for.
	for i := range r.Findings {
		r.Findings[i].Tar, r.Findings[i].AddsTar = 76, 76
	}
	r.Findings[1].Tar, r.Findings[1].AddsTar = 54_000, 53_772
	r.Savings = weigh.Save(r.Findings, r.Sizes.Tar, units.Threshold)
	if text = lines(t, Weighed(r, 10, false), View{}, 100); strings.Contains(text, "Save ") || !strings.Contains(text, "Next to nothing to save: 54kB of 962MB (tar; --show findings).") || strings.Contains(text, "remove them") {
		t.Errorf("%s", text)
	}
	r.Savings = weigh.Save(r.Findings, r.Sizes.Tar, units.Material{})
	if text = lines(t, Weighed(r, 10, false), View{}, 100); !strings.Contains(text, "Save 0.054 of 962MB") && !strings.Contains(text, "Save 54kB of 962MB") || strings.Count(text, "remove them") != 4 || strings.Contains(text, "smaller finding") {
		t.Errorf("%s", text)
	}
	r.Savings = &weigh.Savings{Tar: 710_000_000, Transfer: units.Known(312_000_000)}
	r.Savings.Places, r.Savings.Lines, r.Savings.Layers = 1, []int{7}, []int{1}
	if text = lines(t, Weighed(r, 10, false), View{}, 100); !strings.Contains(text, "to pull: line 7\n") {
		t.Errorf("%s", text)
	}
	r.Findings = append(r.Findings, weigh.Finding{Rule: "secret-file", Severity: weigh.Secret, Layer: 2, Text: "/root/.ssh/id_rsa is an SSH private key by its name", Remedy: "mount it", Tar: 900})
	text = lines(t, Weighed(r, 10, false), View{}, 100)
	if secret, save := strings.Index(text, "id_rsa is an SSH private key by its name. To do: mount it."), strings.Index(text, "Save "); secret < 0 || secret > save {
		t.Errorf("a secret does not come first:\n%s", text)
	}
	for _, s := range []*weigh.Savings{nil, {}} {
		r.Findings, r.Savings = []weigh.Finding{{Rule: "overwritten", Layer: 1, Tar: 900, AddsTar: 900, Small: true}}, s
		if text = lines(t, Weighed(r, 10, false), View{}, 100); strings.Contains(text, "Save ") || !strings.Contains(text, "Nothing found to save.") {
			t.Errorf("%+v:\n%s", s, text)
		}
	}
}

// Everything that is not on the first screen is one flag away.
func TestNothingIsLost(t *testing.T) {
	r := heavy(40, 3)
	r.Largest = []weigh.File{{Path: "usr/lib/x.so", Size: 5}}
	r.Duplicates = []weigh.Duplicate{{Extra: 5, Size: 5, Paths: []string{"a", "b"}}}
	r.Wasted = []weigh.Wasted{{Class: "deleted-file", Writer: 1, Destroyer: 2, Files: 9}}
	full := lines(t, Weighed(r, 0, false), View{Full: true}, 160)
	for _, want := range []string{"LAYERS", "RUN step 39", "BY PACKAGE MANAGER", "BY FILE TYPE", "WASTE", "DUPLICATE", "LARGEST FILES", "/usr/lib/x.so", "docker images prints", "overhead", "unattributed"} {
		if !strings.Contains(full, want) {
			t.Errorf("--full lacks %q", want)
		}
	}
	if part := lines(t, Weighed(r, 0, false), View{Show: []string{"files"}}, 160); !strings.Contains(part, "LARGEST FILES") || strings.Contains(part, "LAYERS") {
		t.Errorf("--show files:\n%s", part)
	}
}

// 0 rows are all rows, and files in another order are not called the largest.
func TestWeighedTopAndOrder(t *testing.T) {
	r := heavy(3, 3)
	for n := range 30 {
		r.Packages = append(r.Packages, weigh.Package{Name: fmt.Sprint("pkg", n), Type: "deb"})
		r.Duplicates = append(r.Duplicates, weigh.Duplicate{Size: 1, Extra: 1, Paths: []string{fmt.Sprint("dup", n), "x"}})
		r.Wasted = append(r.Wasted, weigh.Wasted{Class: "opaque", Writer: n, Destroyer: n + 1})
	}
	show := View{Show: []string{"packages", "duplicates", "waste", "files"}}
	all, few := lines(t, Weighed(r, 0, false), show, 200), lines(t, Weighed(r, 2, false), show, 200)
	for _, want := range []string{"pkg29", "dup29", "29→30"} {
		if !strings.Contains(all, want) || strings.Contains(few, want) {
			t.Errorf("%s of\n%s", want, all)
		}
	}
	if strings.Contains(all, "more with") || !strings.Contains(few, "more with") || !strings.Contains(all, "LARGEST FILES") {
		t.Errorf("%s", few)
	}
	r.Order("transfer")
	if text := lines(t, Weighed(r, 0, false), show, 200); strings.Contains(text, "LARGEST FILES") || !strings.Contains(text, "FILES BY TRANSFER") {
		t.Errorf("%s", text)
	}
}
