package scan_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"tare/internal/fleet"
	"tare/internal/patience"
	"tare/internal/progress"
	"tare/internal/scan"
	"tare/internal/testkit"
)

func sorted(s []string) []string {
	slices.Sort(s)
	return s
}

// The result is the same bytes for 1, 2 and 4 shards, whether they share a directory or not; each layer is read once.
func TestShardsMakeTheSameBytes(t *testing.T) {
	w := newWorld(t)
	w.fill(9)
	one := t.TempDir()
	o := w.mustRun(scan.Request{Sources: []string{w.reg.Host}, Out: one})
	if o.Images != 9 || o.All.Layers != 13 || o.Read != o.All || !o.Complete() {
		t.Fatalf("%+v", o)
	}
	want := results(t, one)
	if len(want) != 14 {
		t.Fatalf("%d files", len(want))
	}
	for _, n := range []int{2, 4} {
		shared := t.TempDir()
		var apart []string
		var read scan.Part
		for i := range n {
			q := scan.Request{Sources: []string{w.reg.Host}, Out: shared, Shard: fmt.Sprintf("%d/%d", i+1, n)}
			o := w.mustRun(q)
			read.Layers, read.Bytes = read.Layers+o.Read.Layers, read.Bytes+o.Read.Bytes
			q.Out = t.TempDir()
			apart = append(apart, q.Out)
			w.mustRun(q)
		}
		if read != o.All {
			t.Errorf("%d shards read %+v of %+v", n, read, o.All)
		}
		same(t, fmt.Sprint(n, " shards in one directory"), results(t, shared), want)
		merged := merge(t, apart...)
		same(t, fmt.Sprint(n, " shards in directories of their own"), results(t, merged), want)
		r, err := fleet.OpenResults(t.Context(), fleet.Dir(merged))
		if err != nil {
			t.Fatal(err)
		}
		if missing, err := r.Missing(t.Context()); err != nil || len(missing) > 0 {
			t.Errorf("%v, %v", missing, err)
		}
	}
}

// Shards that come at the same time, twice, and are killed in between lose nothing and disturb nobody.
func TestShardsOverlapAndAreKilled(t *testing.T) {
	w := newWorld(t)
	w.fill(9)
	one, many := t.TempDir(), t.TempDir()
	w.mustRun(scan.Request{Sources: []string{w.reg.Host}, Out: one})
	var wg sync.WaitGroup
	for i := range 6 { // three shards, each twice
		wg.Go(func() {
			q := scan.Request{Sources: []string{w.reg.Host}, Out: many, Shard: fmt.Sprintf("%d/3", i%3+1), Parallel: 1}
			for kill := range 3 {
				ctx, cancel := context.WithCancel(t.Context())
				var n atomic.Int32
				s := w.session()
				watch := s.Watch
				s.Watch = func() (f progress.Func, done func()) {
					inner, done := watch()
					return func(e event) {
						if n.Add(1); int(n.Load()) > 4*(kill+1) && kill < 2 {
							cancel()
						}
						inner(e)
					}, done
				}
				_, err := scan.Run(ctx, s, q)
				cancel()
				if kill == 2 && err != nil || err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	same(t, "after all", results(t, many), results(t, one))
}

// A second run reads nothing, and what is damaged is read again.
func TestScansGoOn(t *testing.T) {
	w := newWorld(t)
	w.fill(3)
	dir := t.TempDir()
	q := scan.Request{Sources: []string{w.reg.Host}, Out: dir}
	w.mustRun(q)
	want := results(t, dir)
	if o := w.mustRun(q); o.There != o.All || o.Read.Layers != 0 {
		t.Errorf("%+v", o)
	}
	n := 0
	for name, b := range want {
		if !strings.HasPrefix(name, "layers/") {
			continue
		}
		switch n++; n {
		case 1:
			b = b[:len(b)/2]
		case 2:
			b = strings.Replace(b, b[40:41], string(b[40]^1), 1)
		case 3:
			b = ""
		default:
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	q.Sources = nil // the plan is there
	if o := w.mustRun(q); o.Read.Layers != 3 {
		t.Errorf("%+v", o)
	}
	same(t, "mended", results(t, dir), want)
}

// A shard of another plan, or of another number of shards, is refused before it reads anything.
func TestOtherShardsAreRefused(t *testing.T) {
	w := newWorld(t)
	w.fill(3)
	dir := t.TempDir()
	q := scan.Request{Sources: []string{w.reg.Host + "/team/app0"}, Out: dir, Shard: "1/2"}
	w.mustRun(q)
	list := filepath.Join(t.TempDir(), "list")
	refused := func(name, want string, q scan.Request) {
		t.Helper()
		before := w.reg.Gets("")
		_, err := w.run(q)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
		if w.reg.Gets("") != before {
			t.Errorf("%s: the registry was asked", name)
		}
	}
	for _, c := range []struct {
		name, want string
		change     func(q *scan.Request)
	}{
		{"another number", "divided into 2 shards", func(q *scan.Request) { q.Shard = "1/3" }},
		{"no shards", "divided into 2 shards", func(q *scan.Request) { q.Shard = "" }},
		{"other sources", "another plan", func(q *scan.Request) { q.Sources = []string{w.reg.Host} }},
		{"other tags", "another plan", func(q *scan.Request) { q.Tags = "1*" }},
		{"another platform", "another plan", func(q *scan.Request) { q.Platform = "linux/arm64" }},
		{"fewer", "another plan", func(q *scan.Request) { q.Newest = 1 }},
	} {
		q := q
		c.change(&q)
		refused(c.name, c.want, q)
	}
	// A plan from elsewhere, and a list that has changed.
	p, err := w.mustPlan(w.reg.Host).Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(list, p, 0o600); err != nil {
		t.Fatal(err)
	}
	refused("another file", "another plan", scan.Request{Plan: list, Out: dir, Shard: "2/2"})
	other := t.TempDir()
	w.stdin = w.reg.Host + "/team/app0:1\n"
	w.mustRun(scan.Request{Sources: []string{"-"}, Out: other})
	w.mustRun(scan.Request{Sources: []string{"-"}, Out: other})
	w.stdin = w.reg.Host + "/team/app1:1\n"
	refused("another list", "another plan", scan.Request{Sources: []string{"-"}, Out: other})
	if len(results(t, dir)) > 4 {
		t.Error("something was written")
	}
}

// What the cache of this machine knows is not read, and comes out as the same bytes.
func TestKnownLayersAreNotRead(t *testing.T) {
	w := newWorld(t)
	b := w.push("a", "1", testkit.Numbered(t, 1, 3000), testkit.Numbered(t, 2, 300))
	plain := t.TempDir()
	w.mustRun(scan.Request{Sources: []string{w.reg.Host}, Out: plain})
	w.st = testkit.Store(t)
	rec := testkit.Put(t, w.st, w.reg.Host+"/a:1", "pull", b)
	testkit.Measured(t, w.st, rec)
	testkit.Facts(t, w.st, rec)
	if err := w.st.Forget(rec.Target.Digest); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	o := w.mustRun(scan.Request{Sources: []string{w.reg.Host}, Out: dir})
	if o.Cached != o.All || o.Read.Layers != 0 {
		t.Errorf("%+v", o)
	}
	same(t, "from the cache", results(t, dir), results(t, plain))
}

// A layer of the store is read there: the registry has lost it.
func TestLayersOfTheStore(t *testing.T) {
	w := newWorld(t)
	b := w.push("a", "1", testkit.Numbered(t, 1, 3000))
	w.st = testkit.Store(t)
	testkit.Put(t, w.st, w.reg.Host+"/a:1", "pull", b)
	testkit.Put(t, w.st, "docker.io/library/own:2", "pull", testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 9, 99)}}))
	w.reg.Fault(func(rw http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/blobs/") && !strings.HasSuffix(r.URL.Path, "/manifests/") {
			t.Errorf("%s", r.URL.Path)
		}
		return false
	})
	o := w.mustRun(scan.Request{Sources: []string{"store://" + w.reg.Host + "/a:1", "own:2"}, Out: t.TempDir()})
	if o.Read.Layers != 2 || !o.Complete() {
		t.Errorf("%+v", o)
	}
}

// A layer that cannot be read is said, and the others are read all the same.
func TestLayersThatCannotBeRead(t *testing.T) {
	w := newWorld(t)
	gone := w.push("a", "1", testkit.Numbered(t, 1, 3000), testkit.Numbered(t, 2, 300))
	bad := w.push("b", "1", testkit.Numbered(t, 3, 3000))
	w.push("c", "1", testkit.Numbered(t, 1, 3000), testkit.Numbered(t, 4, 400))
	lost, changed, busy := gone.LayerDigests(t)[1], bad.LayerDigests(t)[0], false
	w.reg.Fault(func(rw http.ResponseWriter, r *http.Request) bool {
		switch {
		case strings.HasSuffix(r.URL.Path, lost.String()):
			http.NotFound(rw, r)
		case strings.HasSuffix(r.URL.Path, changed.String()):
			_, _ = rw.Write(make([]byte, len(bad.Blobs[changed])))
		case strings.Contains(r.URL.Path, "/blobs/") && strings.Contains(r.URL.Path, gone.LayerDigests(t)[0].String()) && !busy:
			busy = true
			http.Error(rw, "a fault", http.StatusInternalServerError)
		default:
			return false
		}
		return true
	})
	dir := t.TempDir()
	o := w.mustRun(scan.Request{Sources: []string{w.reg.Host}, Out: dir, Parallel: 1})
	if o.Complete() || len(o.Failed) != 2 || o.Read.Layers != 2 || o.Own.Layers != 4 {
		t.Fatalf("%+v", o)
	}
	text := fmt.Sprint(o.Failed)
	if !strings.Contains(text, "not found") || !strings.Contains(text, "instead of "+changed.String()) {
		t.Error(text)
	}
	r, err := fleet.OpenResults(t.Context(), fleet.Dir(dir))
	if err != nil || len(r.Failed()) != 2 {
		t.Fatalf("%v, %v", r, err)
	}
	// When they are there again, the same command reads them.
	w.reg.Fault(nil)
	if o := w.mustRun(scan.Request{Out: dir}); !o.Complete() || o.Read.Layers != 2 {
		t.Errorf("%+v", o)
	}
	if r, err := fleet.OpenResults(t.Context(), fleet.Dir(dir)); err != nil || len(r.Failed()) != 0 {
		t.Errorf("%v", err)
	}
}

// A manifest that lies about a layer which others have does not keep it from being read.
func TestImagesThatLieAboutALayer(t *testing.T) {
	w := newWorld(t)
	shared := testkit.Numbered(t, 1, 3000)
	w.push("honest", "1", shared)
	for _, lie := range []string{"size", "diffid"} {
		w.reg.Push(t, "liar-"+lie, "1", lying(t, lie, shared))
	}
	o := w.mustRun(scan.Request{Sources: []string{w.reg.Host}, Out: t.TempDir()})
	if o.Images != 3 || o.Read.Layers != 1 || !o.Complete() {
		t.Errorf("%+v", o)
	}
}

// The bar ends at the bytes of the plan, also where some layers were there, or came twice.
func TestProgressEndsAtItsEnd(t *testing.T) {
	w := newWorld(t)
	w.fill(4)
	first := true
	w.reg.Fault(func(rw http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/blobs/") && first && r.Header.Get("Range") == "" && strings.Contains(r.Header.Get("Accept"), "layer") {
			first = false
			http.Error(rw, "a fault", http.StatusInternalServerError)
			return true
		}
		return false
	})
	dir := t.TempDir()
	for range 2 {
		w.events = nil
		o := w.mustRun(scan.Request{Sources: []string{w.reg.Host}, Out: dir})
		var last event
		for _, e := range w.events {
			if e.Total > 0 {
				last = e
				if e.Total != o.All.Bytes || e.Done > e.Total {
					t.Errorf("%+v", e)
				}
			}
		}
		if last.Done != last.Total || last.Done != o.All.Bytes {
			t.Errorf("it ends with %+v of %d", last, o.All.Bytes)
		}
	}
}

// A registry that wants to be asked later ends the scan, which goes on from there.
func TestRegistriesThatPutOff(t *testing.T) {
	w := newWorld(t)
	w.fill(4)
	n := atomic.Int32{}
	w.reg.Fault(func(rw http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/blobs/") && strings.Contains(r.Header.Get("Accept"), "layer") && n.Add(1) > 2 {
			rw.Header().Set("Retry-After", "999999")
			rw.WriteHeader(http.StatusTooManyRequests)
			return true
		}
		return false
	})
	dir := t.TempDir()
	_, err := w.run(scan.Request{Sources: []string{w.reg.Host}, Out: dir, Parallel: 1})
	if err == nil || !patience.PutOff(err) || !strings.Contains(err.Error(), "2 layers of this shard are done") {
		t.Fatal(err)
	}
	// Short pauses are waited for.
	n.Store(0)
	w.reg.Fault(testkit.Times(1, "/blobs/", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Retry-After", "0")
		rw.WriteHeader(http.StatusTooManyRequests)
	}))
	if o := w.mustRun(scan.Request{Out: dir}); o.There.Layers != 2 || !o.Complete() {
		t.Errorf("%+v", o)
	}
}

// A download that breaks goes on where it was, also where the registry sends blobs only as a whole.
func TestDownloadsThatBreak(t *testing.T) {
	for name, whole := range map[string]bool{"by parts": false, "as a whole": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			b := w.push("a", "1", testkit.Numbered(t, 1, 40_000))
			d := b.LayerDigests(t)[0]
			cut := testkit.Times(1, d.String(), testkit.Cut(b.Blobs[d]))
			w.reg.Fault(func(rw http.ResponseWriter, r *http.Request) bool {
				if cut(rw, r) {
					return true
				}
				if whole {
					r.Header.Del("Range")
				}
				return false
			})
			if o := w.mustRun(scan.Request{Sources: []string{w.reg.Host}, Out: t.TempDir()}); !o.Complete() || o.Read.Layers != 1 {
				t.Errorf("%+v", o)
			}
			if n := w.reg.Gets(d.String()); n != 2 {
				t.Errorf("%d requests", n)
			}
		})
	}
}
