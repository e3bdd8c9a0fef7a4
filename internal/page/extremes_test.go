package page_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"tare/internal/page"
	"tare/internal/weigh"
)

// deep is a map of directories in directories, each with a file, as deep as a path can be.
func deep(levels int) weigh.Node {
	at := weigh.Node{Name: "f", Bytes: 5, Files: 1}
	for range levels {
		at = total(weigh.Node{Name: "d", Parts: []weigh.Node{at, {Name: "f", Bytes: 5, Files: 1}}})
	}
	return total(weigh.Node{Name: "deep", Parts: []weigh.Node{total(weigh.Node{Name: "1 ADD", Parts: []weigh.Node{total(weigh.Node{Name: "app", Parts: []weigh.Node{at}})}})}})
}

// Maps that no honest image has are drawn all the same, in every division, and searched.
func TestExtremes(t *testing.T) {
	wide := weigh.Node{Name: "app"}
	for i := range 50_000 {
		wide.Parts = append(wide.Parts, weigh.Node{Name: fmt.Sprint("__proto__", i), Bytes: int64(i), Files: 1})
	}
	many := page.Page{Title: "many"}
	for i := range 60 {
		many.Maps = append(many.Maps, manyFiles(fmt.Sprint("image", i), 2000, uint64(i)))
	}
	odd := total(weigh.Node{Name: "constructor", Parts: []weigh.Node{total(weigh.Node{Name: "__proto__", Parts: []weigh.Node{total(weigh.Node{Name: "toString", Kind: "hasOwnProperty", Parts: []weigh.Node{
		{Name: "__proto__/constructor//x", Bytes: 1 << 52, Files: 1}, {Name: "", Bytes: 3, Files: 1}, {Name: "../../etc", Bytes: 3, Files: 1}}})}})}})
	for name, p := range map[string]page.Page{
		"deep": {Title: "x", Maps: []weigh.Node{deep(2000)}},
		"wide": {Title: "x", Maps: []weigh.Node{total(weigh.Node{Name: "wide", Parts: []weigh.Node{total(weigh.Node{Name: "1 ADD", Parts: []weigh.Node{total(wide)}})}})}},
		"many": many,
		"odd":  {Title: "x", Maps: []weigh.Node{odd}},
	} {
		t.Run(name, func(t *testing.T) {
			if n := len(written(t, p)); n > 1_500_000 {
				t.Errorf("%d bytes", n)
			}
			w := browse(t, p)
			for _, by := range []string{"layer", "package", "directory"} {
				w.choose(t, "map-by", by)
				for range 3 {
					w.do(t, chromedp.Evaluate(`document.querySelector("#treemap .block.open")?.click()`, nil))
				}
				if got := w.eval(t, `document.querySelectorAll("#treemap .block").length`); got == "0" {
					t.Errorf("by %s: nothing is drawn", by)
				}
			}
			w.search(t, "o")
			if got := w.eval(t, `document.getElementById("found").textContent.length > 0`); got != "true" {
				t.Error("nothing is said of a search")
			}
		})
	}
}
