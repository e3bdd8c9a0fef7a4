package page_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"tare/internal/page"
	"tare/internal/weigh"
)

// What the map says, for tests.
const (
	crumbsJS = `document.getElementById("crumbs").textContent`
	legendJS = `[...document.querySelectorAll("#map-legend li")].map(l => l.textContent).join("; ")`
	detailJS = `document.getElementById("detail").innerText`
	firstJS  = `[...document.querySelectorAll("#treemap .block[aria-level='1']")].map(b => b.node.name).join("|")`
)

// choose sets one of the map's selectors.
func (w *watched) choose(t testing.TB, id, value string) {
	t.Helper()
	if got := w.eval(t, fmt.Sprintf(`(() => { const s = document.getElementById(%q); s.value = %q; s.dispatchEvent(new Event("change")); return s.value; })()`, id, value)); got != value {
		t.Fatalf("%s has no %s", id, value)
	}
}

// search types words into the search.
func (w *watched) search(t testing.TB, words string) {
	t.Helper()
	w.do(t, chromedp.Evaluate(fmt.Sprintf(`(() => { const s = document.getElementById("search"); s.value = %q; s.dispatchEvent(new Event("input")); })()`, words), nil), chromedp.Poll(fmt.Sprintf(`(q => q ? location.hash.includes("q=" + encodeURIComponent(q)) : !location.hash.includes("q="))(%q)`, words), nil))
}

// However the image is divided, it is whole, and each level sums up to what it is part of.
func TestMapIsWhole(t *testing.T) {
	p := weighed(t)
	w := browse(t, p)
	live := p.Maps[0].Bytes - p.Maps[0].Waste
	for measure, want := range map[string]int64{"files": p.Maps[0].Bytes, "live": live, "waste": p.Maps[0].Waste, "tar": p.Maps[0].Tar, "transfer": p.Maps[0].Transfer} {
		w.choose(t, "map-measure", measure)
		for _, by := range []string{"layer", "package", "directory"} {
			w.choose(t, "map-by", by)
			field := map[string]string{"files": "bytes", "live": "bytes - n.waste", "waste": "waste", "tar": "tar", "transfer": "transfer"}[measure]
			got := w.eval(t, fmt.Sprintf(`(() => {
				let root = document.querySelector("#treemap .block").node;
				while (root.parent) root = root.parent;
				let bad = "";
				const walk = n => { if (!n.kids.length) return; const v = n => n.%s, sum = n.kids.reduce((s, k) => s + v(k), 0); if (sum !== v(n)) bad += n.name + " has " + v(n) + ", its parts " + sum + "; "; n.kids.forEach(walk); };
				walk(root);
				const n = root;
				return (n.%s) + bad; })()`, field, field))
			if got != fmt.Sprint(want) {
				t.Errorf("%s by %s: %s, not %d", measure, by, got, want)
			}
		}
	}
	w.choose(t, "map-measure", "files")
	for by, want := range map[string]string{"layer": "1 RUN set -eux", "package": "apk packages", "directory": "usr/lib"} {
		w.choose(t, "map-by", by)
		if got := w.eval(t, firstJS); !strings.Contains(got, want) {
			t.Errorf("by %s: no %q in %s", by, want, got)
		}
	}
}

// The legend explains the colours that are there, and no others; what nobody knows cannot be
// chosen.
func TestMapColours(t *testing.T) {
	w := browse(t, weighed(t))
	for measure, c := range map[string]struct{ has, not string }{
		"files": {"live: a container sees it, 147kB; waste: a higher layer hides it, 30kB", "read"},
		"live":  {"live: a container sees it", "waste"},
		"waste": {"waste: a higher layer hides it", "live"},
	} {
		w.choose(t, "map-measure", measure)
		got := w.eval(t, legendJS)
		if !strings.Contains(got, c.has) || strings.Contains(got, c.not) {
			t.Errorf("%s: %s", measure, got)
		}
	}
	w.choose(t, "map-measure", "live")
	w.choose(t, "map-colours", "read")
	if got := w.eval(t, legendJS); got != "read, 50kB; only looked at, 8kB; not touched, 89.1kB" {
		t.Errorf("of the trace: %s", got)
	}
	options := func(id string) string {
		return w.eval(t, fmt.Sprintf(`[...document.getElementById(%q).options].map(o => o.value).join()`, id))
	}
	if got := options("map-colours") + " " + options("map-measure"); got != "waste,read files,live,waste,transfer,tar" {
		t.Errorf("of one image with a trace: %s", got)
	}
	_, lab := experimentOf(t, "a", "b", "c")
	w = browse(t, lab)
	if got := options("map-colours") + " " + options("map-measure"); got != "waste,added files,live,waste,transfer,tar,change" {
		t.Errorf("of images that are compared: %s", got)
	}
	if got := w.eval(t, legendJS); !strings.HasPrefix(got, "added: not in a, ") || !strings.Contains(got, "removed: only in a, ") || strings.Contains(got, "same") {
		t.Errorf("the difference comes first: %s", got)
	}
	w.choose(t, "map-measure", "files")
	if got := w.eval(t, legendJS); !strings.Contains(got, "the same in both, ") || strings.Contains(got, "removed") {
		t.Errorf("files by what is added: %s", got)
	}
	w.choose(t, "map", "0")
	if got := options("map-colours"); got != "waste" {
		t.Errorf("the baseline has colours %s", got)
	}
}

// A link leads to the same view: image, division, measure, colours, place, search, sorting.
func TestLinks(t *testing.T) {
	_, p := experimentOf(t, "a", "b", "c")
	w := browse(t, p)
	if got := w.eval(t, `location.hash`); got != "" {
		t.Errorf("what is usual stands in the address: %s", got)
	}
	w.choose(t, "map", "2")
	w.choose(t, "map-by", "package")
	w.choose(t, "map-measure", "tar")
	w.choose(t, "map-colours", "waste")
	w.do(t, chromedp.Evaluate(`document.querySelector("#treemap .block.open").click(); document.querySelector("table[data-sort] th:nth-child(3) button").click(); document.querySelector("table[data-sort] th:nth-child(3) button").click()`, nil))
	w.choose(t, "wf-from", "b")
	w.choose(t, "wf-to", "c")
	w.choose(t, "wf-measure", "tar")
	w.search(t, "A & b=#%")
	state := `JSON.stringify([...document.querySelectorAll("select, #search")].map(s => s.value).concat(document.getElementById("crumbs").textContent, document.querySelector("th[aria-sort]").getAttribute("aria-sort"), location.hash))`
	want := w.eval(t, state)
	for _, part := range []string{"image=2", "by=package", "measure=tar", "colours=waste", "at=", "q=A%20%26%20b%3D%23%25", "sort=t1.2.d", "from=b", "why=tar"} {
		if !strings.Contains(want, part) {
			t.Errorf("no %s in %s", part, want)
		}
	}
	w.do(t, chromedp.Reload())
	if got := w.eval(t, state); got != want {
		t.Errorf("%s\nbecame\n%s", want, got)
	}
	// What no page wrote does no harm.
	for _, hash := range []string{"#at=%E0%A4%A&q=%&image=99&by=x&measure=y&sort=t9.9.x", "#image=-1&at=/////&sort=..&from=nobody", "#" + strings.Repeat("at=a/", 2000)} {
		w.do(t, chromedp.Evaluate(fmt.Sprintf(`history.replaceState(null, "", %q)`, hash), nil), chromedp.Reload())
		if got := w.eval(t, `String(document.querySelectorAll("#treemap .block").length > 0)`); got != "true" {
			t.Errorf("%s: nothing is drawn", hash)
		}
	}
}

// An image without files, or without those of a measure, says so, and is no empty picture.
func TestNothing(t *testing.T) {
	w := browse(t, page.Page{Title: "scratch", Maps: []weigh.Node{{Name: "scratch"}}})
	if got := w.eval(t, `document.getElementById("treemap").textContent`); got != "There is nothing of this measure here." {
		t.Errorf("%s", got)
	}
	w = browse(t, weighed(t))
	if got := w.eval(t, `document.getElementById("treemap").textContent`); strings.Contains(got, "nothing of this measure") {
		t.Errorf("%s", got)
	}
}

// The keyboard is enough: Tab leads into the map, arrows move, Enter opens, Escape goes back,
// and what has the focus is explained.
func TestKeyboard(t *testing.T) {
	w := browse(t, weighed(t))
	w.do(t, chromedp.Focus("#search"), chromedp.KeyEvent(kb.Tab))
	focus := `document.activeElement.node?.name ?? document.activeElement.tagName`
	top := w.eval(t, focus)
	if !strings.HasPrefix(top, "1 RUN set -eux") && !strings.HasPrefix(top, "2 COPY") {
		t.Fatalf("Tab leads to %s", top)
	}
	if got := w.eval(t, detailJS); !strings.Contains(got, top) || !strings.Contains(got, "waste") {
		t.Errorf("the focus is not explained: %s", got)
	}
	w.do(t, chromedp.KeyEvent(kb.ArrowDown))
	second := w.eval(t, focus)
	if second == top {
		t.Error("down: the focus stays")
	}
	w.do(t, chromedp.KeyEvent(kb.ArrowUp), chromedp.KeyEvent(kb.ArrowRight))
	if got := w.eval(t, `document.activeElement.node.parent.name`); got != top {
		t.Errorf("right of %s is a part of %s", top, got)
	}
	w.do(t, chromedp.KeyEvent(kb.ArrowLeft))
	if got := w.eval(t, focus); got != top {
		t.Errorf("left leads to %s", got)
	}
	before := w.eval(t, crumbsJS)
	w.do(t, chromedp.KeyEvent(kb.Enter))
	if got := w.eval(t, crumbsJS); got == before || !strings.Contains(got, top) {
		t.Errorf("Enter opened nothing: %s", got)
	}
	w.do(t, chromedp.KeyEvent(kb.Escape))
	if got := w.eval(t, crumbsJS); got != before {
		t.Errorf("Escape: %s", got)
	}
	if got := w.eval(t, focus); got != top {
		t.Errorf("back from %s the focus is on %s", top, got)
	}
	// One stop for Tab; the pointer explains, too.
	if got := w.eval(t, `document.querySelectorAll("#treemap [tabindex='0']").length`); got != "1" {
		t.Errorf("%s blocks are stops", got)
	}
	w.do(t, chromedp.Evaluate(`document.querySelector("#treemap .block[aria-level='2']").dispatchEvent(new MouseEvent("mouseover", {bubbles: true}))`, nil))
	if got, want := w.eval(t, detailJS), w.eval(t, `document.querySelector("#treemap .block[aria-level='2']").node.name`); !strings.Contains(got, want) {
		t.Errorf("the pointer is on %s: %s", want, got)
	}
}

// The search says what it found in the map and in long tables, and that it found nothing.
func TestSearch(t *testing.T) {
	p := weighed(t)
	w := browse(t, p)
	w.search(t, "LIBSSL.so")
	if got := w.eval(t, `document.getElementById("found").textContent`); !strings.Contains(got, "1 part of the map with “libssl.so”: 60kB files") || !strings.Contains(got, "/usr/lib/libssl.so 60kB") {
		t.Errorf("%s", got)
	}
	if got := w.eval(t, `[...document.querySelectorAll("#treemap .block:not(.miss)")].map(b => b.node.name).join()`); !strings.HasSuffix(got, "libssl.so") {
		t.Errorf("in colour: %s", got)
	}
	if got := w.eval(t, legendJS); !strings.Contains(got, "not found") {
		t.Errorf("grey is not explained: %s", got)
	}
	w.do(t, chromedp.Evaluate(`document.querySelector("#found button").click()`, nil))
	if got := w.eval(t, `document.activeElement.node.name`); got != "libssl.so" {
		t.Errorf("a result leads to %s", got)
	}
	w.search(t, "nothing has this name")
	if got := w.eval(t, `document.getElementById("found").textContent`); !strings.HasPrefix(got, "No parts of the map with “nothing has this name”: 0B") {
		t.Errorf("%s", got)
	}
	w.search(t, "")
	if got := w.eval(t, `document.getElementById("found").textContent + document.querySelectorAll(".miss").length`) + w.eval(t, legendJS); !strings.HasPrefix(got, "0") || strings.Contains(got, "not found") {
		t.Errorf("without a search: %s", got)
	}
}

// Labels are cut at the end of a word, never within a version, and no block covers another.
func TestLabels(t *testing.T) {
	w := browse(t, page.Page{Title: "x", Maps: []weigh.Node{versions()}})
	for _, width := range []int64{400, 800, 1440} {
		w.do(t, chromedp.EmulateViewport(width, 900), chromedp.Reload())
		if got := w.eval(t, `(() => { const bad = []; let cut = 0;
			for (const b of document.querySelectorAll("#treemap .block")) {
				const l = b.querySelector(".label")?.textContent ?? "";
				const e = b.querySelector(".label");
				if (e && e.scrollWidth > e.clientWidth + 1) bad.push(l + " is clipped");
				if (!l.endsWith("…")) continue;
				cut++;
				const n = l.length - 1, name = b.node.name;
				if (!name.startsWith(l.slice(0, -1))) bad.push(l + " of " + name);
				if (/[0-9]$/.test(l.slice(0, -1)) && /^[.0-9]/.test(name.slice(n))) bad.push(l + " of " + name);
			}
			if (cut < 5) bad.push("only " + cut + " labels are cut");
			return bad.slice(0, 5).join("\n"); })()`); got != "" {
			t.Errorf("%d pixels: %s", width, got)
		}
		if got := w.eval(t, `(() => { const r = [...document.querySelectorAll("#treemap .block")].map(b => [b.getBoundingClientRect(), b.node]);
			for (const [a, n] of r) for (const [b, m] of r) if (n !== m && a.left < b.right - 0.6 && b.left < a.right - 0.6 && a.top < b.bottom - 0.6 && b.top < a.bottom - 0.6) return n.name + " and " + m.name;
			return r.length > 20 ? "" : "only " + r.length; })()`); got != "" {
			t.Errorf("%d pixels: %s overlap", width, got)
		}
	}
}

// A table shows its first rows, and all on demand.
func TestLongTables(t *testing.T) {
	p := page.Page{Title: "x", Doc: rows(40)}
	w := browse(t, p)
	shown := `[...document.querySelectorAll("#t1 tbody tr")].filter(r => !r.hidden).length + " " + document.querySelector("button.all").textContent`
	if got := w.eval(t, shown); got != "12 Show all 40 rows" {
		t.Errorf("%s", got)
	}
	w.do(t, chromedp.Evaluate(`document.querySelector("button.all").click()`, nil))
	if got := w.eval(t, shown); got != "40 Show the first 12 only" {
		t.Errorf("%s", got)
	}
	w = browse(t, page.Page{Title: "x", Doc: rows(15)})
	if got := w.eval(t, `[...document.querySelectorAll("#t1 tbody tr")].filter(r => !r.hidden).length + " " + document.querySelectorAll("button.all").length`); got != "15 0" {
		t.Errorf("%s", got)
	}
}

// Who serves the page is asked for files, and told where the reader is.
func TestHooks(t *testing.T) {
	w := browse(t, weighed(t))
	w.do(t, chromedp.Evaluate(`window.seen = []; document.addEventListener("tare:zoom", e => seen.push(e.detail.image + " " + e.detail.path))`, nil))
	w.choose(t, "map-by", "directory")
	w.do(t, chromedp.Evaluate(`[...document.querySelectorAll("#treemap .block")].find(b => b.node.name === "app").click()`, nil))
	if got := w.eval(t, `seen.at(-1)`); got != "0 /app" {
		t.Errorf("zoom: %s", got)
	}
	button := `[...document.querySelectorAll("#detail button")].map(b => b.textContent).join()`
	hover := chromedp.Evaluate(`[...document.querySelectorAll("#treemap .block")].find(b => b.node.name === "data").dispatchEvent(new MouseEvent("mouseover", {bubbles: true}))`, nil)
	w.do(t, hover)
	if got := w.eval(t, button); got != "" {
		t.Errorf("nobody serves files: %s", got)
	}
	w.do(t, chromedp.Evaluate(`window.tareFiles = {show: (image, path) => seen.push("show " + image + " " + path)}`, nil), hover)
	if got := w.eval(t, button); got != "Show files" {
		t.Errorf("somebody serves files: %s", got)
	}
	w.do(t, chromedp.Evaluate(`document.querySelector("#detail button").click()`, nil))
	if got := w.eval(t, `seen.at(-1)`); got != "show 0 /app/data" {
		t.Errorf("%s", got)
	}
}
