package report

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"tare/internal/compare"
)

// The first screen of a diff has at most 40 lines and of each kind the largest; nothing
// of it is lost in full.
func TestDiffScreen(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for round := range 200 {
		d := &compare.Diff{From: "a", To: "b"}
		for n := range rng.IntN(60) {
			d.Packages = append(d.Packages, compare.PackageChange{Type: "deb", Name: fmt.Sprintf("package-%02d", n), Change: "added", To: "1"})
		}
		for n := range 1 + rng.IntN(60) {
			d.Files = append(d.Files, compare.EntryChange{Path: fmt.Sprintf("usr/lib/file-%02d", n), Change: "content", Kind: "file", From: rng.Int64N(1e6), To: rng.Int64N(1e6), What: []string{"content"}})
		}
		for n := range rng.IntN(20) {
			d.Config = append(d.Config, compare.Setting{Name: fmt.Sprintf("env V%02d", n), From: "x", To: strings.Repeat("long ", 40)})
		}
		for n := range rng.IntN(20) {
			d.History = append(d.History, compare.HistoryChange{Change: "added", Step: fmt.Sprintf("RUN step-%02d", n)})
		}
		doc := Diff(d, DiffOptions{Top: 10})
		var brief, full bytes.Buffer
		if err := doc.View(View{}, Drop).WriteText(&brief, Style{Width: 100}); err != nil {
			t.Fatal(err)
		}
		if err := doc.View(View{Full: true}, Drop).WriteText(&full, Style{}); err != nil {
			t.Fatal(err)
		}
		var first bytes.Buffer
		if err := Diff(d, DiffOptions{Top: 10, Brief: true}).View(View{}, Drop).WriteText(&first, Style{Width: 100}); err != nil {
			t.Fatal(err)
		}
		if first.String() != brief.String() {
			t.Fatalf("round %d: made for the first screen alone it says\n%s, else\n%s", round, first.String(), brief.String())
		}
		if n := strings.Count(brief.String(), "\n"); n > 40 {
			t.Fatalf("round %d: %d lines\n%s", round, n, brief.String())
		}
		var most *compare.EntryChange
		for i := range d.Files {
			if f := &d.Files[i]; most == nil || max(f.To-f.From, f.From-f.To) > max(most.To-most.From, most.From-most.To) {
				most = f
			}
			if !strings.Contains(full.String(), d.Files[i].Path) {
				t.Fatalf("round %d: %s is lost", round, d.Files[i].Path)
			}
		}
		if !strings.Contains(brief.String(), most.Path) {
			t.Fatalf("round %d: the largest difference is not there\n%s", round, brief.String())
		}
		for _, p := range d.Packages {
			if !strings.Contains(full.String(), p.Name) {
				t.Fatalf("round %d: %s is lost", round, p.Name)
			}
		}
		for _, h := range d.History {
			if !strings.Contains(full.String(), h.Step) {
				t.Fatalf("round %d: %s is lost", round, h.Step)
			}
		}
	}
}
