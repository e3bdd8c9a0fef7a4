package bill_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containerd/platforms"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/bill"
	"tare/internal/image"
	"tare/internal/request"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/target"
	"tare/internal/testkit"
)

var ctx = context.Background()

func finder(t *testing.T, st *store.Store) *target.Finder {
	t.Helper()
	dir := t.TempDir()
	c, err := source.LoadDockerConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &target.Finder{
		Store: func() (*store.Store, error) { return st, nil },
		Registry: func() (*source.Registry, error) {
			return &source.Registry{HostsDirs: []string{filepath.Join(dir, "none")}, DockerConfig: c}, nil
		},
	}
}

func asked(t *testing.T, f *target.Finder, name string) *bill.Bill {
	t.Helper()
	b, err := bill.Pull(ctx, f, bill.Request{Name: name, DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	here, download := int64(0), int64(0)
	for _, x := range b.Blobs {
		here, download = here+x.Here, download+x.Size-x.Here
	}
	if here != b.Here || download != b.Download {
		t.Errorf("%s: the blobs sum up to %d and %d, it says %d and %d", name, here, download, b.Here, b.Download)
	}
	return b
}

// What a pull then fetches is what the bill said, to the byte: of images that share some of their layers, of indexes, of the same image again.
func TestPullFetchesWhatTheBillSays(t *testing.T) {
	m := testkit.NewMeter(t)
	own := ocispec.Platform(platforms.DefaultSpec())
	r := rand.New(rand.NewPCG(7, 11))
	for n := range 100 {
		compression := []string{"gzip", "zstd", "none"}[r.IntN(3)]
		var layers [][]byte
		for range 1 + r.IntN(4) {
			layers = append(layers, testkit.Numbered(t, r.IntN(6), 500+r.IntN(3)*3000))
		}
		if r.IntN(5) == 0 {
			layers = append(layers, layers[0]) // one layer twice
		}
		older := testkit.Image(t, testkit.Options{Layers: layers[:1+r.IntN(len(layers))], Compression: compression, Platform: own})
		newer := testkit.Image(t, testkit.Options{Layers: layers, Compression: compression, Platform: own, Docker: r.IntN(3) == 0})
		if r.IntN(3) == 0 {
			newer = testkit.Index(t, newer, testkit.Image(t, testkit.Options{Layers: layers, Platform: ocispec.Platform{OS: "linux", Architecture: "s390x"}}))
		}
		name := fmt.Sprintf("app%d", n)
		m.Push(t, name, "1", older)
		m.Push(t, name, "2", newer)
		st := testkit.Store(t)
		f := finder(t, st)
		reg, err := f.Registry()
		if err != nil {
			t.Fatal(err)
		}
		for step, tag := range []string{"1", "2", "2"} {
			ref := m.Host + "/" + name + ":" + tag
			b := asked(t, f, ref)
			m.Sent.Store(0)
			if _, err := reg.Pull(ctx, st, ref, nil, nil); err != nil {
				t.Fatal(err)
			}
			if got := m.Sent.Load(); got != b.Download {
				t.Errorf("%d, %s: %d bytes fetched, the bill says %d", n, tag, got, b.Download)
			}
			if b.UpToDate != (step == 2) {
				t.Errorf("%d, %s: up to date %v", n, tag, b.UpToDate)
			}
		}
	}
}

// Before a layer is fetched: the bill costs no byte of one, and writes nothing.
func TestBillFetchesNoLayer(t *testing.T) {
	m := testkit.NewMeter(t)
	m.Push(t, "app", "1", testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 500_000)}}))
	st := testkit.Store(t)
	b := asked(t, finder(t, st), m.Host+"/app:1")
	documents := int64(0)
	for _, x := range b.Blobs {
		if x.Kind != bill.Layer {
			documents += x.Size
		}
		if st.Has(ctx, x.Digest) {
			t.Errorf("%s was written", x.Kind)
		}
	}
	if m.Sent.Load() > documents {
		t.Errorf("%d bytes were sent, documents have %d", m.Sent.Load(), documents)
	}
}

// What an interrupted download has left is not fetched again, and not counted.
func TestInterruptedDownload(t *testing.T) {
	m := testkit.NewMeter(t)
	m.Push(t, "app", "1", testkit.Image(t, testkit.Options{Compression: "none", Layers: [][]byte{testkit.Numbered(t, 1, 900_000)}}))
	st := testkit.Store(t)
	f := finder(t, st)
	ref := m.Host + "/app:1"
	reg, err := f.Registry()
	if err != nil {
		t.Fatal(err)
	}
	stop, cancel := context.WithCancel(ctx)
	m.Fault(func(_ http.ResponseWriter, r *http.Request) bool {
		if m.Cut.Load() > 0 && r.Header.Get("Range") != "" {
			cancel() // the second try: as if the user had pressed Ctrl-C
		}
		return false
	})
	m.Cut.Store(300_000)
	if _, err := reg.Pull(stop, st, ref, nil, nil); err == nil {
		t.Fatal("the pull was not interrupted")
	}
	m.Cut.Store(0)
	b := asked(t, f, ref)
	layer := b.Blobs[len(b.Blobs)-1]
	if layer.Here == 0 || layer.Here >= layer.Size || !strings.Contains(printed(t, b, bill.Request{}), " of it are here already\n") {
		t.Fatalf("%+v", layer)
	}
	m.Sent.Store(0)
	if _, err := reg.Pull(ctx, st, ref, nil, nil); err != nil {
		t.Fatal(err)
	}
	if got := m.Sent.Load(); got != b.Download {
		t.Errorf("%d bytes fetched, the bill says %d", got, b.Download)
	}
}

func printed(t *testing.T, b *bill.Bill, q bill.Request) string {
	t.Helper()
	var out bytes.Buffer
	if err := b.Print(&out, q); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestPrint(t *testing.T) {
	layer := func(size, here int64) bill.Blob {
		return bill.Blob{Kind: bill.Layer, Digest: "sha256:0123456789abcdef", Size: size, Here: here}
	}
	doc := bill.Blob{Kind: bill.Manifest, Digest: "sha256:1", Size: 500}
	for _, c := range []struct {
		b    bill.Bill
		want string
	}{
		{bill.Bill{Name: "app:1", Platform: "linux/arm64", Download: 3000, Blobs: []bill.Blob{doc, layer(2500, 0)}},
			"app:1 (linux/arm64): 3kB to download, 1 of 1 layer\n0123456789ab      2.5kB  to download\n"},
		{bill.Bill{Name: "app:1", Download: 1000, Here: 2500, Blobs: []bill.Blob{layer(2500, 2500), layer(500, 0)}},
			"app:1: 1kB to download, 1 of 2 layers; 2.5kB are here\n0123456789ab      2.5kB  already exists\n0123456789ab       500B  to download\n"},
		{bill.Bill{Name: "app:1", Here: 2500, UpToDate: true, Blobs: []bill.Blob{layer(2500, 2500)}},
			"app:1 is up to date: nothing to download\n0123456789ab      2.5kB  already exists\n"},
		{bill.Bill{Name: "app:1", Here: 2500, Blobs: []bill.Blob{layer(2500, 2500)}},
			"app:1: nothing to download, all 2.5kB are here\n0123456789ab      2.5kB  already exists\n"},
		{bill.Bill{Name: "app:1", Download: 3, Here: 2, Blobs: []bill.Blob{layer(5, 2)}},
			"app:1: 3B to download, 1 of 1 layer; 2B are here\n0123456789ab         5B  2B of it are here already\n"},
	} {
		if got := printed(t, &c.b, bill.Request{}); got != c.want {
			t.Errorf("got\n%swant\n%s", got, c.want)
		}
		if got := printed(t, &c.b, bill.Request{Quiet: true}); got != fmt.Sprintln(c.b.Download) {
			t.Errorf("quiet: %q", got)
		}
		var back bill.Bill
		if err := json.Unmarshal([]byte(printed(t, &c.b, bill.Request{Format: "json"})), &back); err != nil || back.Download != c.b.Download || len(back.Blobs) != len(c.b.Blobs) {
			t.Errorf("JSON: %+v, %v", back, err)
		}
	}
}

func TestErrors(t *testing.T) {
	m := testkit.NewMeter(t)
	m.Push(t, "other", "1", testkit.Image(t, testkit.Options{Platform: ocispec.Platform{OS: "linux", Architecture: "s390x"}}))
	f := finder(t, testkit.Store(t))
	for _, c := range []struct {
		q     bill.Request
		usage bool
		want  string
	}{
		{bill.Request{Name: "UPPER CASE", DryRun: true}, true, "is not an image name"},
		{bill.Request{Name: "app", Format: "json"}, true, "--format goes with --dry-run"},
		{bill.Request{Name: "app", DryRun: true, Format: "xml"}, true, "want text or json"},
		{bill.Request{Name: "app", DryRun: true, Platform: "no/such/thing/at/all"}, true, ""},
		{bill.Request{Name: m.Host + "/none:1", DryRun: true}, false, "none:1"},
		{bill.Request{Name: m.Host + "/other:1", DryRun: true, Platform: "linux/arm64"}, false, "the image is for linux/s390x only"},
	} {
		_, err := bill.Pull(ctx, f, c.q)
		var usage request.Error
		if err == nil || errors.As(err, &usage) != c.usage || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.q, err)
		}
	}
	if _, err := bill.Pull(ctx, f, bill.Request{Name: m.Host + "/other:1", DryRun: true, Platform: "linux/arm64"}); !errors.Is(err, image.ErrNoPlatform) {
		t.Error(err)
	}
}
