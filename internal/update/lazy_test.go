package update_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/containerd/platforms"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/testkit"
	"tare/internal/update"
)

func lazyImage(t *testing.T, m *testkit.Meter, tag string, pack func(testing.TB, []byte) testkit.Packed) string {
	t.Helper()
	tar := testkit.Tar(t, testkit.Dir("usr/"), testkit.File("usr/first", strings.Repeat("first\n", 3000)), testkit.File("usr/other", strings.Repeat("x", 9000)))
	m.Push(t, "app", tag, testkit.Image(t, testkit.Options{Layers: [][]byte{tar}, Pack: pack, Platform: ocispec.Platform(platforms.DefaultSpec())}))
	return m.Host + "/app:" + tag
}

// Layers with a table of contents are mounted; what they cost at first is an estimate that is said to be one.
func TestEStargz(t *testing.T) {
	m := testkit.NewMeter(t)
	f := finder(t, testkit.Store(t))
	lied := func(p testkit.Packed) testkit.Packed {
		p.Annotations = map[string]string{"containerd.io/snapshot/stargz/toc.digest": "sha256:" + strings.Repeat("0", 64)}
		return p
	}
	unnoted := func(p testkit.Packed) testkit.Packed { p.Annotations = nil; return p }
	for _, c := range []struct {
		tag    string
		pack   func(testing.TB, []byte) testkit.Packed
		ranges bool
		lazy   bool
		start  bool // an estimate
		says   string
		not    string
	}{
		{"marked", testkit.EStargz("usr/first"), true, true, true, "An estimated ", "not known"},
		{"chunked", testkit.ZstdChunked, true, true, true, "1 layer mounted: at most ", "fetched as a whole"},
		{"lies", func(t testing.TB, b []byte) testkit.Packed { return lied(testkit.EStargz()(t, b)) }, true, false, true, "is counted as a whole: it is not what its annotation says", "mounted:"},
		{"unannotated", func(t testing.TB, b []byte) testkit.Packed { return unnoted(testkit.EStargz()(t, b)) }, true, false, true, "1 layer without an annotated table of contents: fetched as a whole.", "mounted:"},
		{"whole", testkit.EStargz("usr/first"), false, false, true, "The registry sends blobs only as a whole", "mounted:"},
	} {
		name := lazyImage(t, m, c.tag, c.pack)
		m.Fault(func(_ http.ResponseWriter, r *http.Request) bool {
			if !c.ranges {
				r.Header.Del("Range")
			}
			return false
		})
		m.Sent.Store(0)
		u := told(t, f, update.Request{From: update.Scratch, To: name, Client: "estargz"})
		b := layerOf(t, u, 0)
		docs := u.Blobs[0].Size + u.Blobs[1].Size
		if u.Exact || u.Lazy == nil || (u.Lazy.Layers == 1) != c.lazy || (b.Lazy == b.Size) != c.lazy || (b.Download == 0) != c.lazy || u.Lazy.Start.Known() != c.start {
			t.Errorf("%s: %+v %+v", c.tag, u, u.Lazy)
		}
		if c.lazy {
			if n := m.Sent.Load(); n != docs+b.Layer.TOC.Bytes {
				t.Errorf("%s: %d bytes were read, the documents have %d and the table %d", c.tag, n, docs, b.Layer.TOC.Bytes)
			}
		}
		text := printed(t, u, update.Request{})
		if !strings.Contains(text, c.says) || strings.Contains(text, c.not) {
			t.Errorf("%s:\n%s", c.tag, text)
		}
		// Other clients read no table.
		if u := told(t, f, update.Request{From: update.Scratch, To: name, Client: "containerd"}); !u.Exact || u.Lazy != nil || u.Download != docs+b.Size {
			t.Errorf("%s: containerd: %+v", c.tag, u)
		}
	}
}

// Of SOCI only bounds are told.
func TestSOCI(t *testing.T) {
	m := testkit.NewMeter(t)
	f := finder(t, testkit.Store(t))
	name := lazyImage(t, m, "1", testkit.EStargz())
	u := told(t, f, update.Request{From: update.Scratch, To: name, Client: "soci"})
	if u.Exact || u.Lazy == nil || u.Lazy.Start.Known() || u.Lazy.Most != layerOf(t, u, 0).Size || u.UpToDate {
		t.Errorf("%+v", u)
	}
	if text := printed(t, u, update.Request{}); !strings.Contains(text, "How much before a container starts is not known.") || !strings.Contains(text, "tare does not look") {
		t.Error(text)
	}
	u = told(t, f, update.Request{From: name, To: name, Client: "soci"})
	if text := printed(t, u, update.Request{}); !u.UpToDate || strings.Contains(text, "SOCI index") {
		t.Error(text)
	}
}
