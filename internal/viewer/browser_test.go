package viewer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	cdp "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"tare/internal/progress"
	"tare/internal/store"
	"tare/internal/target"
	"tare/internal/testkit"
	"tare/internal/viewer"
)

// served are images in a browser: tare view --web in this process.
type served struct {
	at  string
	end func() error
}

// serve shows images with these layers until the test ends.
func serve(t *testing.T, images ...[][]testkit.Entry) *served {
	t.Helper()
	var words []string
	for n := range images {
		words = append(words, fmt.Sprintf("app%d", n))
	}
	f := finderOf(t, images...)
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- viewer.Web(ctx, f, viewer.Request{Words: words}, viewer.Browser{Web: true, Out: w, Note: func(string) {}, Env: func(string) string { return "" }})
		_ = w.Close()
	}()
	line := make([]byte, 200)
	n, err := r.Read(line)
	if err != nil {
		t.Fatalf("no address: %v", <-ended)
	}
	go func() { _, _ = io.Copy(io.Discard, r) }()
	s := &served{at: strings.TrimSpace(string(line[:n])), end: func() error { cancel(); return <-ended }}
	t.Cleanup(cancel)
	return s
}

// finderOf finds images with these layers: app (the first one), app0, app1, …
func finderOf(t *testing.T, images ...[][]testkit.Entry) *target.Finder {
	t.Helper()
	st := testkit.Store(t)
	for n, list := range images {
		var o testkit.Options
		for _, l := range list {
			o.Layers = append(o.Layers, testkit.Tar(t, l...))
		}
		i := testkit.Image(t, o)
		testkit.Put(t, st, fmt.Sprintf("docker.io/library/app%d:latest", n), store.Pulled, i)
		if n == 0 {
			testkit.Put(t, st, "docker.io/library/app:latest", store.Pulled, i)
		}
	}
	return &target.Finder{Store: func() (*store.Store, error) { return st, nil }, Watch: func() (progress.Func, func()) { return nil, func() {} }, Note: func(string) {}}
}

// tab is a page in a browser, with everything that went wrong and every answer.
type tab struct {
	t       *testing.T
	ctx     context.Context
	mu      sync.Mutex
	bad     []string
	answers map[string][]int64 // status by address
}

// browse starts a browser. Names below .example lead to this machine.
func browse(t *testing.T) *tab {
	t.Helper()
	bin := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			bin = found
			break
		}
	}
	if bin == "" {
		t.Skip("needs chromium (Debian's package of that name)")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(bin), chromedp.NoSandbox, chromedp.WindowSize(1280, 900), chromedp.WSURLReadTimeout(time.Minute),
		chromedp.Flag("host-resolver-rules", "MAP *.example 127.0.0.1"), chromedp.Flag("no-proxy-server", true))
	actx, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancel)
	ctx, cancel2 := chromedp.NewContext(actx)
	t.Cleanup(cancel2)
	ctx, cancel3 := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel3)
	b := &tab{t: t, ctx: ctx, answers: map[string][]int64{}}
	chromedp.ListenTarget(ctx, func(ev any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := ev.(type) {
		case *network.EventResponseReceived:
			b.answers[e.Response.URL] = append(b.answers[e.Response.URL], e.Response.Status)
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(e.Request.URL, "http://127.0.0.1:") && !strings.HasPrefix(e.Request.URL, "data:") {
				b.bad = append(b.bad, "request: "+e.Request.URL)
			}
		case *cdp.EventExceptionThrown:
			b.bad = append(b.bad, "exception: "+e.ExceptionDetails.Error())
		case *cdp.EventConsoleAPICalled:
			b.bad = append(b.bad, "console: "+string(e.Type))
		case *log.EventEntryAdded:
			b.bad = append(b.bad, "log: "+e.Entry.Text)
		case *page.EventJavascriptDialogOpening:
			b.bad = append(b.bad, "dialog: "+e.Message)
		}
	})
	b.do(network.Enable(), log.Enable(), cdp.Enable(), page.Enable())
	return b
}

// fine fails the test for everything that went wrong so far.
func (b *tab) fine() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, text := range b.bad {
		b.t.Error(text)
	}
	b.bad = nil
}

func (b *tab) do(a ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, a...); err != nil {
		b.t.Fatal(err)
	}
}

// eval is the value of an expression in the page; promises are waited for.
func (b *tab) eval(js string) string {
	b.t.Helper()
	var v any
	b.do(chromedp.Evaluate(js, &v, func(p *cdp.EvaluateParams) *cdp.EvaluateParams { return p.WithAwaitPromise(true) }))
	if s, ok := v.(string); ok {
		return s
	}
	out, err := json.Marshal(v)
	if err != nil {
		b.t.Fatal(err)
	}
	return string(out)
}

// sees waits until an expression is what it should be.
func (b *tab) sees(js, want string) {
	b.t.Helper()
	got := ""
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(30 * time.Millisecond) {
		if got = b.eval(js); got == want {
			return
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.t.Fatalf("%s is %q, want %q; the browser says %q", js, got, want, b.bad)
}
