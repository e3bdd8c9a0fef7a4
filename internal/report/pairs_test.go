package report

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"tare/internal/compare"
	"tare/internal/image"
	"tare/internal/units"
)

// random is a comparison of n images whose differences have causes of all sorts, which
// sum up to them.
func random(rng *rand.Rand, n int) *compare.Result {
	r := &compare.Result{Baseline: "image-0"}
	for i := range n {
		r.Images = append(r.Images, compare.Image{Name: fmt.Sprintf("image-%d", i), Base: "debian 12", Platform: "linux/amd64", Layers: 1 + rng.IntN(3),
			Sizes: image.Sizes{Transfer: units.Known(rng.Int64N(1e8)), Live: rng.Int64N(3e8), Waste: rng.Int64N(1e6)}})
		for _, l := range []*compare.Level{&r.Sharing.Blob, &r.Sharing.DiffID, &r.Sharing.Content} {
			l.Images = append(l.Images, compare.Share{})
		}
	}
	for i := range n {
		for j := i + 1; j < n; j++ {
			if i > 0 && j > i+1 {
				continue
			}
			d := compare.Difference{From: r.Images[i].Name, To: r.Images[j].Name, Measure: "live"}
			for k := range rng.IntN(40) {
				c := compare.Cause{Kind: "package", Subject: fmt.Sprintf("deb p%d", k), Bytes: rng.Int64N(1<<uint(1+rng.IntN(26))) - 1<<uint(rng.IntN(25)), Change: []string{"added", "removed", "changed"}[rng.IntN(3)]}
				if k > 3 && rng.IntN(3) == 0 {
					c.Via, c.Change = "deb p0", d0(d.Causes)
				}
				d.Causes = append(d.Causes, c)
				d.Total = d.Total.Plus(units.Known(c.Bytes))
			}
			r.Differences = append(r.Differences, d)
		}
	}
	return r
}

func d0(list []compare.Cause) string { return list[0].Change }

// sum adds up the numbers of a table's first column: those of the groups, or else those
// of the single causes.
func sum(t Table, heads bool) (n, total int64) {
	for _, r := range t.Rows {
		switch {
		case r.Total:
			total += r.Cells[0].Number.Int
		case r.Detail, heads && r.Level > 0, !heads && r.Head:
		default:
			n += r.Cells[0].Number.Int
		}
	}
	return n, total
}

// The rows of every screen sum up to the difference, to the byte, the folded line
// included; the screen has at most 40 lines for up to five images.
func TestPairsSumUp(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	folded := 0
	for round := range 400 {
		n := 2 + round%4
		r := random(rng, n)
		doc := Comparison(r, ComparisonOptions{Measure: "live", Top: 12})
		totals := map[string]int64{}
		for _, d := range r.Differences {
			totals[pairName(&d)] = d.Bytes()
		}
		pairs := 0
		for _, b := range doc {
			tab, ok := b.(Table)
			if !ok || tab.Part != "pairs" && tab.Part != "causes" {
				continue
			}
			pairs++
			got, total := sum(tab, tab.Part == "causes")
			if got != totals[tab.Subject] || tab.Part == "causes" && total != got {
				t.Fatalf("round %d: %s of %s: %d, total %d, want %d\n%+v", round, tab.Part, tab.Subject, got, total, totals[tab.Subject], tab.Rows)
			}
			if flat, _ := sum(tab, false); tab.Part == "causes" && flat != got {
				t.Fatalf("round %d: the causes of %s sum up to %d, their groups to %d", round, tab.Subject, flat, got)
			}
			for _, row := range tab.Rows {
				if strings.HasPrefix(row.Cells[1].Text, "everything else") {
					folded++
				}
			}
		}
		if pairs == 0 {
			t.Fatalf("round %d: no pairs", round)
		}
		var b bytes.Buffer
		if err := doc.View(View{}, Drop).WriteText(&b, Style{Width: 100}); err != nil {
			t.Fatal(err)
		}
		if lines := strings.Count(b.String(), "\n"); lines > 40 {
			t.Fatalf("round %d: %d lines of %d images:\n%s", round, lines, n, b.String())
		}
	}
	if folded < 100 {
		t.Errorf("only %d folded lines", folded)
	}
}

// What does not matter is folded, what is left alone is not, and the folded line says
// how much it was.
func TestFoldedCauses(t *testing.T) {
	r := random(rand.New(rand.NewPCG(3, 4)), 2)
	d := &r.Differences[0]
	d.Causes = []compare.Cause{{Kind: "package", Subject: "apk big", Bytes: 50_000_000, Change: "added", ToVersion: "1"}, {Kind: "app", Subject: "app", Bytes: 400_000, Change: "added"}, {Kind: "cache", Subject: "cache", Bytes: 90_000, Change: "added"}}
	d.Total = units.Known(50_490_000)
	text := func() string {
		var b bytes.Buffer
		if err := Comparison(r, ComparisonOptions{Measure: "live", Top: 12}).View(View{Show: []string{"pairs"}}, Drop).WriteText(&b, Style{}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	if got := text(); !strings.Contains(got, "  +90kB  unpackaged: cache") || strings.Contains(got, "everything else") {
		t.Errorf("one small cause:\n%s", got)
	}
	d.Causes = append(d.Causes, compare.Cause{Kind: "docs", Subject: "docs", Bytes: -80_000, Change: "removed"})
	d.Total = units.Known(50_410_000)
	if got := text(); !strings.Contains(got, "  +10kB  everything else (2 causes)") || strings.Contains(got, "cache") || !strings.Contains(got, "+400kB  unpackaged: app") {
		t.Errorf("two small causes:\n%s", got)
	}
	d.Causes, d.Total = nil, units.Known(0)
	if got := text(); !strings.Contains(got, "are equally large (live: ") || strings.Contains(got, "the same") {
		t.Errorf("no causes:\n%s", got)
	}
	d.Alike = &compare.Alike{Metadata: 1, Paths: []compare.PathChange{{Path: "x", What: "mode 644 → 755"}}}
	if got := text(); !strings.Contains(got, "the same contents, byte for byte") || !strings.Contains(got, "/x (mode 644 → 755)") {
		t.Errorf("other metadata:\n%s", got)
	}
}

// A line is named where a layer's is known, and nowhere else.
func TestWhere(t *testing.T) {
	r := random(rand.New(rand.NewPCG(5, 6)), 2)
	d := &r.Differences[0]
	d.Causes = []compare.Cause{{Kind: "package", Subject: "apk big", Bytes: 50, Change: "added", Layer: 2}, {Kind: "app", Subject: "app", Bytes: -40, Change: "removed", Layer: 2}}
	d.Total = units.Known(10)
	r.Images[1].Dockerfile = "Dockerfile.x"
	r.Images[1].Stack = []compare.LayerSum{{}, {Line: 7}}
	var b bytes.Buffer
	if err := pair(r, d, sizes{}, 8).WriteText(&b, Style{}); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); !strings.Contains(got, "big              Dockerfile.x:7") || strings.Count(got, "Dockerfile") != 1 {
		t.Errorf("%s", got)
	}
}
