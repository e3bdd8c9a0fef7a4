package viewer_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"tare/internal/testkit"
	"tare/internal/viewer"
)

const evil = `<img src=x onerror="alert(1)">"'&` + "\u202e\x1b[31m"

var walked = [][]testkit.Entry{
	{testkit.File("etc/motd", "hello <b>you</b>\n"), testkit.File("etc/deep/er/x", "12345678"), testkit.File("usr/bin/prog", "\x7fELF\x00"), testkit.File(evil, "e"), testkit.File("tmp/secret", "key")},
	{testkit.File("etc/motd", "changed\n"), testkit.File(".wh.tmp", "")},
}

// names are the rows of the tree.
const names = `[...document.querySelectorAll("#files tbody tr")].map(r => r.querySelector(".name bdi")?.textContent ?? r.textContent).join(" ")`

// TestWebInBrowser walks through the files of an image with the keyboard alone.
func TestWebInBrowser(t *testing.T) {
	s := serve(t, walked)
	b := browse(t)
	b.do(chromedp.Navigate(s.at), chromedp.WaitReady("#files tbody tr"))
	safe := `<img src=x onerror="alert(1)">"'&\u202e\x1b[31m`
	b.sees(names, "etc/ usr/ "+safe+" tmp/")
	b.do(chromedp.Focus("#files tbody tr"), chromedp.KeyEvent(kb.ArrowRight))
	b.sees(names, "etc/ deep/ motd usr/ "+safe+" tmp/")
	b.sees(`document.activeElement.getAttribute("aria-expanded") + document.activeElement.getAttribute("aria-level")`, "true1")
	b.do(chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.Enter))
	b.sees(`document.querySelector("#files-text[open] pre")?.textContent ?? ""`, "changed\n")
	b.sees(`[...document.querySelectorAll("#files-text li")].map(e => e.textContent).join("; ")`, "layer 1: 17B, overwritten-changed by layer 2; layer 2: 8B, live")
	b.do(chromedp.KeyEvent(kb.Escape))
	b.sees(`document.activeElement.querySelector(".name bdi")?.textContent ?? ""`, "motd")
	b.do(chromedp.KeyEvent(kb.ArrowLeft), chromedp.KeyEvent(kb.ArrowLeft))
	b.sees(names, "etc/ usr/ "+safe+" tmp/")
	// The first layer alone has the first version of a file.
	b.do(chromedp.Evaluate(`{const s = [...document.querySelectorAll("#files select")].filter(s => s.options.length == 2 && s.options[1].value == "1")[1]; s.value = "0"; s.dispatchEvent(new Event("change"))}`, nil))
	b.sees(names, "etc/ usr/ tmp/ "+safe)
	b.do(chromedp.SendKeys("#files input[type=search]", "secret"))
	b.sees(names, "/tmp/secret")
	b.sees(`document.getElementById("files-said").textContent`, "1 path found")
	b.do(chromedp.SendKeys("#files input[type=search]", "-none"))
	b.sees(`document.getElementById("files-said").textContent`, "nothing found")
	b.do(chromedp.Evaluate(`tareFiles.show(0, "/etc/deep")`, nil))
	b.sees(names, "er/")
	b.sees(`document.getElementById("files-path").textContent`, "/ › etc › deep")
	b.do(chromedp.Evaluate(`tareFiles.show(0, "/no/such")`, nil))
	b.sees(`document.getElementById("files-said").textContent`, "no layer has no/such")
	b.mu.Lock()
	var rest []string
	for _, text := range b.bad { // the browser tells of the 404
		if !strings.Contains(text, "404") {
			rest = append(rest, text)
		}
	}
	b.bad = rest
	b.mu.Unlock()
	b.fine()
}

// A download has the content of the file, under a harmless name.
func TestWebDownload(t *testing.T) {
	s := serve(t, walked)
	b := browse(t)
	dir := t.TempDir()
	c := chromedp.FromContext(b.ctx)
	if err := browser.SetDownloadBehavior(browser.SetDownloadBehaviorBehaviorAllow).WithDownloadPath(dir).Do(cdp.WithExecutor(b.ctx, c.Browser)); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Navigate(s.at), chromedp.WaitReady("#files tbody tr"), chromedp.Click("#files tbody tr:first-child a"), chromedp.Click("#files tbody tr:nth-child(3) a"))
	want := []string{"etc.tar", "_img src=x onerror=_alert(1)___'&__[31m"}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		list, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var have []string
		for _, f := range list {
			have = append(have, f.Name())
		}
		missing := false
		for _, w := range want {
			if i, err := os.Stat(filepath.Join(dir, w)); err != nil || i.Size() == 0 {
				missing = true
			}
		}
		if !missing {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("downloaded: %q", have)
		}
	}
}

// A link leads to the same list of files: image, layers, directory, order and search are in
// the address. What an address names and is not there is left alone.
func TestWebLink(t *testing.T) {
	s := serve(t, walked, walked[:1])
	b := browse(t)
	said := `document.getElementById("files-said").textContent`
	open := func(fragment string) {
		b.do(chromedp.Navigate("about:blank"), chromedp.Navigate(s.at+fragment), chromedp.WaitReady("#files tbody tr"))
		b.sees(`document.getElementById("files").getAttribute("aria-busy") ?? ""`, "")
	}
	open("#files=0&dir=etc&layers=0-0&order=name")
	b.sees(names, "deep/ motd")
	b.sees(`document.getElementById("files-path").textContent`, "/ › etc")
	b.sees(`location.hash`, "#files=0&dir=etc&layers=0-0&order=name")
	open("#files=0&layers=0-0&find=%2Fsec&as=regex")
	b.sees(names, "/tmp/secret")
	open("#files=7&dir=etc&layers=5-9&order=weight&as=no")
	b.sees(`location.hash`, "#dir=etc")
	b.sees(names, "motd")
	b.do(chromedp.SendKeys("#files input[type=search]", "motd"))
	b.sees(said, "1 path found")
	b.sees(`location.hash`, "#find=motd")
	b.do(chromedp.Evaluate(`document.dispatchEvent(new CustomEvent("tare:zoom", {detail: {image: 0, path: "usr"}}))`, nil))
	b.sees(`location.hash`, "#find=motd")
	// Where the map goes, the list follows; another image than those compared is shown alone.
	open("#files=1")
	b.do(chromedp.Evaluate(`document.dispatchEvent(new CustomEvent("tare:zoom", {detail: {image: 0, path: "/etc/deep"}}))`, nil))
	b.sees(names, "er/")
	b.sees(`location.hash`, "#files=0&dir=etc/deep")
	b.do(chromedp.Evaluate(`document.dispatchEvent(new CustomEvent("tare:zoom", {detail: {image: 9, path: ""}}))`, nil))
	b.sees(`location.hash`, "#files=0&dir=etc/deep")
	b.fine()
}

// Two images are shown side by side, and each by itself.
func TestWebOfTwo(t *testing.T) {
	s := serve(t, walked, [][]testkit.Entry{{testkit.File("etc/motd", "other\n"), testkit.File("new", "123")}})
	b := browse(t)
	b.do(chromedp.Navigate(s.at), chromedp.WaitReady("#files tbody tr"))
	b.sees(`[...document.querySelector("#files-what select").options].map(o => o.textContent).join(", ")`, "app0, app1, app0 → app1")
	b.sees(`[...document.querySelectorAll("#files tbody tr")].map(r => r.cells[0].textContent + r.querySelector(".name bdi").textContent + r.cells[4].textContent).join(" ")`, "~etc/−10B -usr/−5B +new+3B -<img src=x onerror=\"alert(1)\">\"'&\\u202e\\x1b[31m−1B")
	b.do(chromedp.SetValue("#files-what select", "1"), chromedp.Evaluate(`document.querySelector("#files-what select").dispatchEvent(new Event("change"))`, nil))
	b.sees(names, "etc/ new")
	b.fine()
}

// At 400 pixels nothing is off the screen, and in the dark the colours are others.
func TestWebOnPhone(t *testing.T) {
	s := serve(t, walked, [][]testkit.Entry{{testkit.File("etc/motd", strings.Repeat("x", 99_000_000>>6))}})
	b := browse(t)
	b.do(emulation.SetDeviceMetricsOverride(400, 800, 1, true), chromedp.Navigate(s.at), chromedp.WaitReady("#files tbody tr"))
	const off = `String([...document.querySelectorAll("#files > *, #files table, #files label")].filter(e => e.offsetParent && e.getBoundingClientRect().right > 401).map(e => e.tagName + e.id + e.getBoundingClientRect().right))`
	b.sees(off, "")
	b.do(chromedp.SetValue("#files-what select", "0"), chromedp.Evaluate(`document.querySelector("#files-what select").dispatchEvent(new Event("change"))`, nil))
	b.sees(`String(document.querySelector("#files table").hasAttribute("data-pair"))`, "false")
	b.sees(off, "")
	light := b.eval(`getComputedStyle(document.body).backgroundColor`)
	b.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}))
	if dark := b.eval(`getComputedStyle(document.querySelector("#files thead tr th")).backgroundColor`); dark == light {
		t.Errorf("light and dark are %s", dark)
	}
	b.fine()
}

// attack is a page of another site that knows the address. It tries all that pages can.
const attack = `<!doctype html><body><script>
const at = %q, got = [];
const tell = (how, what) => got.push(how + ": " + what);
const done = (async () => {
  for (const path of ["", "api/images", "api/files", "api/file?path=etc/motd", "api/text?path=etc/motd"]) {
    for (const mode of ["cors", "no-cors", "same-origin"]) for (const method of ["GET", "HEAD", "POST"]) {
      try { const r = await fetch(at + path, {mode, method, credentials: "include"}); if (r.type !== "opaque" || r.status) tell("fetch " + mode + " " + method, path + await r.text()); } catch {}
    }
    await new Promise(end => { const x = new XMLHttpRequest(); x.onloadend = () => { if (x.responseText || x.status) tell("XHR", x.status); end(); }; x.open("GET", at + path); x.send(); });
    for (const tag of ["img", "script", "link", "iframe", "object", "embed", "video"]) await new Promise(end => {
      const e = document.createElement(tag);
      e.onload = () => { if (tag !== "iframe" && tag !== "object" && tag !== "embed") tell(tag, "loaded " + path); else { try { if (e.contentDocument && e.contentDocument.body.textContent) tell(tag, e.contentDocument.body.textContent); } catch {} } end(); };
      e.onerror = end;
      if (tag === "link") { e.rel = "stylesheet"; e.href = at + path; } else if (tag === "object") e.data = at + path; else e.src = at + path;
      document.body.append(e);
      setTimeout(end, 500);
    });
    await new Promise(end => { const w = new WebSocket(at.replace("http", "ws") + path); w.onopen = () => { tell("WebSocket", "open"); end(); }; w.onerror = end; });
    await new Promise(end => { const s = new EventSource(at + path); s.onopen = () => { tell("EventSource", "open"); end(); }; s.onerror = () => { s.close(); end(); }; });
    navigator.sendBeacon(at + path, "x");
    for (const method of ["post", "get"]) {
      const f = document.createElement("form"), n = "in" + method;
      const i = document.createElement("iframe");
      i.name = f.target = n; f.action = at + path; f.method = method;
      document.body.append(i, f);
      f.submit();
      await new Promise(end => setTimeout(end, 150));
    }
  }
  return got.join("\n");
})();
</script>`

// TestWebFromElsewhere has other sites try to get at what is served: at another port of this
// machine, under another name, and under a name that leads to the server itself.
func TestWebFromElsewhere(t *testing.T) {
	s := serve(t, walked)
	var elsewhere string
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, attack, elsewhere)
	}))
	defer site.Close()
	b := browse(t)
	_, hostport, _ := strings.Cut(s.at, "://")
	port := strings.Split(strings.Split(hostport, "/")[0], ":")[1]
	rebound := strings.Replace(s.at, "127.0.0.1", "evil.example", 1)
	for name, c := range map[string]struct{ from, to string }{
		"another port":           {site.URL, s.at},
		"another site":           {strings.Replace(site.URL, "127.0.0.1", "evil.example", 1), s.at},
		"another name, rebound":  {strings.Replace(site.URL, "127.0.0.1", "evil.example", 1), rebound},
		"the name localhost":     {site.URL, strings.Replace(s.at, "127.0.0.1", "localhost", 1)},
		"a wrong secret, beside": {site.URL, "http://127.0.0.1:" + port + "/AAAAAAAAAAAAAAAAAAAAAAAAAA/"},
	} {
		b.mu.Lock()
		clear(b.answers)
		b.mu.Unlock()
		elsewhere = c.to
		b.do(chromedp.Navigate(c.from))
		if got := b.eval(`done`); got != "" {
			t.Errorf("%s:\n%s", name, got)
		}
		b.mu.Lock()
		asked := 0
		for address, list := range b.answers {
			if !strings.Contains(address, ":"+port+"/") {
				continue
			}
			for _, status := range list {
				if asked++; status != http.StatusForbidden && status != http.StatusNotFound {
					t.Errorf("%s: %s answers %d", name, address, status)
				}
			}
		}
		if asked == 0 {
			t.Errorf("%s: no request came through: nothing was tried", name)
		}
		b.mu.Unlock()
	}
	// The page itself, under the name that leads here.
	b.do(chromedp.Navigate(rebound))
	if got := b.eval(`document.body.textContent`); got != "forbidden\n" {
		t.Errorf("rebound: %q", got)
	}
	// Without the secret.
	b.do(chromedp.Navigate("http://127.0.0.1:" + port + "/"))
	if got := b.eval(`document.body.textContent`); got != "not found\n" {
		t.Errorf("without the secret: %q", got)
	}
}

// What the other end is told, and when.
func TestWebSays(t *testing.T) {
	s := serve(t, walked)
	if !strings.HasPrefix(s.at, "http://127.0.0.1:") || strings.ContainsAny(s.at, " \n") {
		t.Errorf("the address is %q", s.at)
	}
	if err := s.end(); err != nil {
		t.Errorf("its end is an error: %v", err)
	}
	for _, c := range []struct {
		b    viewer.Browser
		want string
	}{
		{viewer.Browser{PortGiven: true, Port: 80}, "--port goes with --web"},
		{viewer.Browser{Web: true, PortGiven: true, Port: -1}, "--port -1: want a number from 0 to 65535"},
		{viewer.Browser{Web: true, PortGiven: true, Port: 65536}, "--port 65536: want"},
		{viewer.Browser{Web: true, PortGiven: true, Port: 8080}, ""},
		{viewer.Browser{Web: true}, ""},
		{viewer.Browser{}, ""},
	} {
		if err := c.b.Check(); c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: %v", c.b, err)
		}
	}
	for connection, want := range map[string]bool{"": false, "10.0.0.1 5000 10.0.0.2 22": true} {
		f := finderOf(t, walked)
		ctx, cancel := context.WithCancel(t.Context())
		said := ""
		err := viewer.Web(ctx, f, viewer.Request{Words: []string{"app"}}, viewer.Browser{Web: true, Out: io.Discard, Env: func(k string) string { return map[string]string{"SSH_CONNECTION": connection}[k] },
			Note: func(text string) {
				said += text + "\n"
				time.AfterFunc(50*time.Millisecond, cancel)
			}})
		if err != nil || strings.Contains(said, "ssh -L") != want || !strings.Contains(said, "Ctrl-C ends it") {
			t.Errorf("ssh %q: %s, %v", connection, said, err)
		}
	}
}

// Everybody can use the files: axe-core finds nothing, in light and dark, on a screen and on
// a phone, with directories and a text open.
func TestWebIsAccessible(t *testing.T) {
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Skip(err)
	}
	found, _ := filepath.Glob(filepath.Join(dir, "tare-test", "axe-core-*", "axe.min.js"))
	if len(found) == 0 {
		t.Skip("needs axe-core: scripts/axe.sh fetches it through npm")
	}
	axe, err := os.ReadFile(found[len(found)-1])
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, walked, [][]testkit.Entry{{testkit.File("etc/motd", "other\n")}})
	b := browse(t)
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{400, 1280} {
			b.do(emulation.SetDeviceMetricsOverride(width, 900, 1, width < 500), emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
				chromedp.Navigate(s.at), chromedp.Evaluate(string(axe), nil))
			b.sees(`String(document.querySelector("#files tbody tr") !== null)`, "true") // of this page, not of the one before
			b.do(chromedp.Evaluate(`document.querySelector("#files tbody tr").click()`, nil))
			b.sees(`document.querySelector("#files tbody tr").getAttribute("aria-expanded")`, "true")
			for _, open := range []bool{false, true} {
				if open {
					b.do(chromedp.Evaluate(`[...document.querySelectorAll("#files tbody tr")].find(r => r.textContent.includes("motd")).click()`, nil))
					b.sees(`String(document.getElementById("files-text").open)`, "true")
				}
				const run = `axe.run("#files").then(r => r.passes.length < 10 ? "only " + r.passes.length + " rules passed" : r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html.slice(0, 160)).join(" | ")).join("\n"))`
				if got := b.eval(run); got != "" {
					t.Errorf("%s, %d pixels, text %v: %s", scheme, width, open, got)
				}
			}
		}
	}
}
