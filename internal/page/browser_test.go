package page_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	cdp "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"tare/internal/page"
	"tare/internal/weigh"
)

// watched is a page in a browser, with everything that went wrong or went out.
type watched struct {
	ctx context.Context
	mu  sync.Mutex
	bad []string
}

// started is the browser of all tests: each has a tab of its own in it.
var started struct {
	sync.Once
	ctx  context.Context
	stop func()
}

func TestMain(m *testing.M) {
	code := m.Run()
	if started.stop != nil {
		started.stop()
	}
	os.Exit(code)
}

// chromium is headless Chromium.
func chromium(t testing.TB) context.Context {
	t.Helper()
	started.Do(func() {
		for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
			bin, err := exec.LookPath(name)
			if err != nil {
				continue
			}
			opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(bin), chromedp.NoSandbox, chromedp.WindowSize(1280, 900), chromedp.WSURLReadTimeout(time.Minute))
			actx, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
			ctx, cancel2 := chromedp.NewContext(actx)
			if err := chromedp.Run(ctx); err != nil {
				t.Error(err)
				return
			}
			started.ctx, started.stop = ctx, func() { cancel2(); cancel() }
			return
		}
	})
	if started.ctx == nil {
		t.Skip("needs chromium (Debian's package of that name)")
	}
	return started.ctx
}

// browse opens a page from disk in headless Chromium.
func browse(t testing.TB, p page.Page) *watched {
	t.Helper()
	file := filepath.Join(t.TempDir(), "page.html")
	if p.Title == "" { // one that is there already
		file = os.Getenv("TARE_TEST_PAGE")
	} else {
		f, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(p.Write(f), f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel2 := chromedp.NewContext(chromium(t))
	t.Cleanup(cancel2)
	ctx, cancel3 := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel3)
	w := &watched{ctx: ctx}
	note := func(format string, a ...any) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.bad = append(w.bad, fmt.Sprintf(format, a...))
	}
	chromedp.ListenTarget(ctx, func(ev any) {
		switch e := ev.(type) {
		case *network.EventRequestWillBeSent:
			if e.Request.URL != "file://"+file {
				note("request: %s", e.Request.URL)
			}
		case *cdp.EventExceptionThrown:
			note("exception: %s", e.ExceptionDetails.Error())
		case *cdp.EventConsoleAPICalled:
			note("console: %s", e.Type)
		case *log.EventEntryAdded:
			note("log: %s", e.Entry.Text)
		case *cdppage.EventJavascriptDialogOpening:
			note("dialog: %s", e.Message)
		}
	})
	w.do(t, network.Enable(), log.Enable(), cdp.Enable(), cdppage.Enable(), chromedp.EmulateViewport(1280, 900), chromedp.Navigate("file://"+file), chromedp.WaitReady("body"))
	t.Cleanup(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, b := range w.bad {
			t.Error(b)
		}
	})
	return w
}

func (w *watched) do(t testing.TB, a ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(w.ctx, a...); err != nil {
		t.Fatal(err)
	}
}

// eval is the value of an expression in the page.
func (w *watched) eval(t testing.TB, js string) (out string) {
	t.Helper()
	var v any
	w.do(t, chromedp.Evaluate(js, &v))
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPageInBrowser(t *testing.T) {
	_, p := experimentOf(t, "a"+evil, "b"+evil, "c"+evil)
	w := browse(t, p)
	first := `document.querySelector("table[data-sort]").tBodies[0].rows[0].cells[0].textContent[0]`
	head := func(label string) string {
		return fmt.Sprintf(`[...document.querySelectorAll("table[data-sort] th button")].find(b => b.textContent === %q).click()`, label)
	}
	if got := w.eval(t, `String(document.querySelectorAll("td.best").length > 0)`); got != "true" {
		t.Error("no winner is marked")
	}
	w.do(t, chromedp.Evaluate(head("LIVE"), nil))
	if got := w.eval(t, first); got != "a" {
		t.Errorf("sorted by live, %s is first", got)
	}
	w.do(t, chromedp.Evaluate(head("LIVE"), nil))
	if got := w.eval(t, first); got != "c" {
		t.Errorf("sorted by live the other way round, %s is first", got)
	}
	// The pair selector shows one waterfall, or says that there is none.
	choose := func(from, to, measure int) {
		w.do(t, chromedp.Evaluate(fmt.Sprintf(`for (const [id, n] of [["wf-from", %d], ["wf-to", %d], ["wf-measure", %d]]) { const s = document.getElementById(id); s.selectedIndex = n; s.dispatchEvent(new Event("change")); }`, from, to, measure), nil))
	}
	shown := `[...document.querySelectorAll("figure.wf")].filter(f => !f.hidden).map(f => f.dataset.from[0] + f.dataset.to[0] + f.dataset.measure).join()`
	choose(1, 1, 1)
	if got := w.eval(t, shown); got != "bctransfer" {
		t.Errorf("from b to c: %s", got)
	}
	choose(0, 1, 2)
	if got := w.eval(t, shown); got != "actar" {
		t.Errorf("from a to c: %s", got)
	}
	choose(1, 0, 2)
	if got := w.eval(t, shown+` + document.getElementById("wf-none").hidden`); got != "false" {
		t.Errorf("from b to b: %s", got)
	}
	// The treemap opens, and Escape goes back.
	crumbs := `document.getElementById("crumbs").textContent`
	before := w.eval(t, crumbs)
	if n := w.eval(t, `String(document.querySelectorAll("#treemap .block.open").length)`); n == "0" {
		t.Fatal("nothing in the treemap can be opened")
	}
	w.do(t, chromedp.Evaluate(`document.querySelector("#treemap .block.open").click()`, nil))
	if got := w.eval(t, crumbs); got == before || !strings.Contains(got, "›") {
		t.Errorf("a click opened nothing: %s", got)
	}
	w.do(t, chromedp.KeyEvent(kb.Escape))
	if got := w.eval(t, crumbs); got != before {
		t.Errorf("Escape: %s", got)
	}
	// Names are text: nobody made an element of one.
	if got := w.eval(t, `String(document.querySelectorAll("img, iframe, object, embed").length)`); got != "0" {
		t.Errorf("%s elements from names", got)
	}
	if dir := os.Getenv("TARE_TEST_SCREENSHOTS"); dir != "" {
		for _, scheme := range []string{"light", "dark"} {
			var png []byte
			w.do(t, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}), chromedp.FullScreenshot(&png, 100))
			if err := os.WriteFile(filepath.Join(dir, "page-"+scheme+".png"), png, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// bigMap is like the map of an image of 60,000 files.
func bigMap(name string) weigh.Node {
	root := weigh.Node{Name: name}
	for l := range 6 {
		lay := weigh.Node{Name: fmt.Sprint(l+1, " RUN step")}
		for p := range 50 {
			pkg := weigh.Node{Name: fmt.Sprint("package-", p)}
			for f := range 10 {
				n := int64(1000 * (60 - p) * (11 - f))
				pkg.Parts = append(pkg.Parts, weigh.Node{Name: fmt.Sprint("usr/lib/directory/file-", f), Bytes: n})
				pkg.Bytes += n
			}
			lay.Parts = append(lay.Parts, pkg)
			lay.Bytes += pkg.Bytes
		}
		root.Parts = append(root.Parts, lay)
		root.Bytes += lay.Bytes
	}
	return root
}

// A large page stays quick; the figures are logged, the bounds are far from them.
func TestLargePage(t *testing.T) {
	_, p := experimentOf(t, "a", "b", "c")
	p.Maps = []weigh.Node{bigMap("a"), bigMap("b"), bigMap("c")}
	var size strings.Builder
	if err := p.Write(&size); err != nil {
		t.Fatal(err)
	}
	if size.Len() > 500_000 {
		t.Errorf("the page has %d bytes", size.Len())
	}
	if os.Getenv("TARE_TEST_PAGE") != "" { // to measure a page of real images
		p = page.Page{}
	}
	w := browse(t, p)
	ready := w.eval(t, `String(performance.getEntriesByType("navigation")[0].domInteractive)`)
	longest := w.eval(t, `(() => { let most = 0; const time = f => { const t = performance.now(); f(); document.body.offsetHeight; most = Math.max(most, performance.now() - t); };
		const heads = document.querySelectorAll("table[data-sort] th button");
		for (let i = 0; i < 20; i++) time(() => heads[i % heads.length].click());
		for (let i = 0; i < 2; i++) time(() => document.querySelector("#treemap .block.open").click());
		return String(most); })()`)
	t.Logf("page of %d bytes, interactive after %s ms, longest task %s ms", size.Len(), ready, longest)
}
