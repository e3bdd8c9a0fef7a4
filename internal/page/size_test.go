package page_test

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"testing"

	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"

	"tare/internal/page"
	"tare/internal/weigh"
)

// large is a page of three images of 100,000 files.
func large(t testing.TB) page.Page {
	t.Helper()
	_, p := experimentOf(t, "a", "b", "c")
	p.Maps = []weigh.Node{manyFiles("a", 100_000, 1), manyFiles("b", 100_000, 2), manyFiles("c", 100_000, 3)}
	for _, m := range p.Maps {
		if m.Files < 90_000 {
			t.Fatalf("only %d files", m.Files)
		}
	}
	return p
}

// A page of three images of 100,000 files has less than 500 kB; nothing is lost by that.
func TestLargePageIsSmall(t *testing.T) {
	p := large(t)
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	if b.Len() >= 500_000 {
		t.Errorf("the page has %d bytes", b.Len())
	}
	t.Logf("three images of 100,000 files: %d bytes", b.Len())
	var maps struct {
		Names  []string
		Images []struct {
			Has  []string
			Tree []int64
		}
	}
	if err := json.Unmarshal(regexp.MustCompile(`(?s)id="maps">(.*?)</script>`).FindSubmatch(b.Bytes())[1], &maps); err != nil {
		t.Fatal(err)
	}
	for n, m := range maps.Images {
		var sum [3]int64
		nodes := 0
		i := 0
		var read func(level int)
		read = func(level int) {
			nodes++
			kids := m.Tree[i+1]
			i += 2
			if level == 2 {
				i++
			}
			for range kids {
				read(level + 1)
			}
			if kids == 0 {
				for k := range sum {
					sum[k] += m.Tree[i+k]
				}
				i += 9
			}
		}
		read(0)
		if want := p.Maps[n]; i != len(m.Tree) || sum != [3]int64{want.Bytes, want.Waste, want.Files} {
			t.Errorf("image %d: %d of %d read, sums %v, not %d, %d, %d", n, i, len(m.Tree), sum, want.Bytes, want.Waste, want.Files)
		}
		if nodes < 1000 || nodes > 3000 {
			t.Errorf("image %d has %d nodes", n, nodes)
		}
	}
}

// BenchmarkInteractive reports how long a browser needs until the page of three images of
// 100,000 files answers: from its last byte to the end of its script; the time of that in
// which the page's own thread was at work, which a busy machine does not change; and the
// longest answer to a click.
func BenchmarkInteractive(b *testing.B) {
	w := browse(b, large(b))
	w.do(b, performance.Enable().WithTimeDomain(performance.EnableTimeDomainThreadTicks))
	var ready, work, script, click float64
	for b.Loop() {
		var one [2]float64
		var used []*performance.Metric
		w.do(b, chromedp.Reload(), chromedp.ActionFunc(func(ctx context.Context) (err error) {
			used, err = performance.GetMetrics().Do(ctx)
			return err
		}), chromedp.Evaluate(`(() => { let most = 0; const time = f => { const t = performance.now(); f(); document.body.offsetHeight; most = Math.max(most, performance.now() - t); };
			const n = performance.getEntriesByType("navigation")[0];
			for (const id of ["map-by", "map-measure", "map-colours"]) time(() => { const s = document.getElementById(id); s.selectedIndex = 1; s.dispatchEvent(new Event("change")); });
			for (let i = 0; i < 3; i++) time(() => document.querySelector("#treemap .block.open")?.click());
			return [n.domContentLoadedEventEnd - n.responseEnd, most]; })()`, &one))
		for _, m := range used {
			switch m.Name {
			case "TaskDuration":
				work += 1000 * m.Value
			case "ScriptDuration":
				script += 1000 * m.Value
			}
			if testing.Verbose() {
				b.Logf("%s %v", m.Name, m.Value)
			}
		}
		ready, click = ready+one[0], max(click, one[1])
	}
	b.ReportMetric(ready/float64(b.N), "ms/interactive")
	b.ReportMetric(work/float64(b.N), "ms-at-work")
	b.ReportMetric(script/float64(b.N), "ms-in-script")
	b.ReportMetric(click, "ms/longest-click")
	b.ReportMetric(0, "ns/op")
}
