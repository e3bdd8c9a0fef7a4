package update_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/request"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/target"
	"tare/internal/testkit"
	"tare/internal/update"
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

// told is an update whose sums are checked.
func told(t *testing.T, f *target.Finder, q update.Request) *update.Update {
	t.Helper()
	u, err := update.Of(ctx, f, q)
	if err != nil {
		t.Fatalf("%+v: %v", q, err)
	}
	var download, stays, unpacked, total int64
	for _, b := range u.Blobs {
		download, stays = download+b.Download, stays+b.Stays
		if b.Layer == nil || b.Layer.Reason != update.Repeated {
			total += b.Size
		}
		if b.Layer != nil && b.Layer.Unpack {
			unpacked += b.Size
		}
		if b.Download+b.Stays+b.Lazy != b.Size && (b.Layer == nil || b.Layer.Reason != update.Repeated) {
			t.Errorf("%+v: %s: %d + %d is not %d", q, b.Digest, b.Download, b.Stays, b.Size)
		}
	}
	if download != u.Download || stays != u.Stays || unpacked != u.UnpackBlobs || u.UpToDate != (stays == total) {
		t.Errorf("%+v: the blobs sum up to %d, %d, %d, it says %d, %d, %d", q, download, stays, unpacked, u.Download, u.Stays, u.UnpackBlobs)
	}
	return u
}

// step is an entry of a history for a layer.
func step(by string) ocispec.History { return ocispec.History{CreatedBy: by} }

func layerOf(t *testing.T, u *update.Update, n int) update.Blob {
	t.Helper()
	for _, b := range u.Blobs {
		if b.Layer != nil {
			if n == 0 {
				return b
			}
			n--
		}
	}
	t.Fatal("no such layer")
	return update.Blob{}
}

func printed(t *testing.T, u *update.Update, q update.Request) string {
	t.Helper()
	var out bytes.Buffer
	if err := u.Print(&out, q); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// Why a layer is fetched is said only where digests and history prove it.
func TestReasons(t *testing.T) {
	m := testkit.NewMeter(t)
	own := ocispec.Platform(platforms.DefaultSpec())
	l := func(n int) []byte { return testkit.Numbered(t, n, 5000) }
	push := func(tag string, o testkit.Options) string {
		o.Platform = own
		m.Push(t, "app", tag, testkit.Image(t, o))
		return m.Host + "/app:" + tag
	}
	steps := func(by ...string) (out []ocispec.History) {
		for _, s := range by {
			out = append(out, step(s))
		}
		return out
	}
	old := push("old", testkit.Options{Layers: [][]byte{l(1), l(2), l(3)}, History: steps("ADD rootfs", "RUN make", "COPY app /")})
	f := finder(t, testkit.Store(t))
	for _, c := range []struct {
		name   string
		o      testkit.Options
		client string
		want   []update.Reason
		says   []string
		not    []string
	}{
		{"changed in the middle", testkit.Options{Layers: [][]byte{l(1), l(4), l(3)}, History: steps("ADD rootfs", "RUN make", "COPY app /")}, "docker",
			[]update.Reason{update.Present, update.Rebuilt, update.Below}, []string{"stays\n", "rebuilt: RUN make\n", "known, but a layer below is new\n", "2 layers of " + old}, []string{"new: ", "another blob"}},
		{"the same for containerd", testkit.Options{Layers: [][]byte{l(1), l(4), l(3)}, History: steps("ADD rootfs", "RUN make", "COPY app /")}, "containerd",
			[]update.Reason{update.Present, update.Rebuilt, update.Below}, []string{"stays, unpacked once more\n"}, []string{"a layer below"}},
		{"another instruction", testkit.Options{Layers: [][]byte{l(1), l(2), l(3), l(5)}, History: steps("ADD rootfs", "RUN make", "COPY app /", "RUN echo\x1b[31m")}, "docker",
			[]update.Reason{update.Present, update.Present, update.Present, update.New}, []string{"new: RUN echo"}, []string{"\x1b", "rebuilt", "stay until"}},
		{"another compression", testkit.Options{Layers: [][]byte{l(1), l(2), l(3)}, Compression: "none", History: steps("ADD rootfs", "RUN make", "COPY app /.")}, "docker",
			[]update.Reason{update.Recompressed, update.Recompressed, update.Recompressed}, []string{"same content, another blob"}, []string{"below", "stay until"}},
		{"another compression under the same configuration", testkit.Options{Layers: [][]byte{l(1), l(2), l(3)}, Compression: "none", History: steps("ADD rootfs", "RUN make", "COPY app /")}, "docker",
			[]update.Reason{update.Present, update.Present, update.Present}, []string{"0 of 3 layers"}, []string{"another blob"}},
		{"another compression for containerd", testkit.Options{Layers: [][]byte{l(1), l(2), l(3), l(6)}, Compression: "none", History: steps("ADD rootfs", "RUN make", "COPY app /", "")}, "containerd",
			[]update.Reason{update.Present, update.Present, update.Present, update.Unsaid}, []string{"not there"}, []string{"another blob"}},
		{"no history", testkit.Options{Layers: [][]byte{l(1), l(4), l(4)}}, "docker",
			[]update.Reason{update.Present, update.Unsaid, update.Repeated}, []string{"not there", "the same blob again"}, []string{"rebuilt", "new: "}},
	} {
		to := push("new", c.o)
		u := told(t, f, update.Request{From: old, To: to, Client: c.client})
		for i, want := range c.want {
			if got := layerOf(t, u, i).Layer.Reason; got != want {
				t.Errorf("%s: layer %d: %s, want %s", c.name, i, got, want)
			}
		}
		text := printed(t, u, update.Request{})
		for _, s := range c.says {
			if !strings.Contains(text, s) {
				t.Errorf("%s: no %q in\n%s", c.name, s, text)
			}
		}
		for _, s := range c.not {
			if strings.Contains(text, s) {
				t.Errorf("%s: %q in\n%s", c.name, s, text)
			}
		}
	}
	u := told(t, f, update.Request{From: update.Scratch, To: old})
	if u.Download != u.Blobs[0].Size+u.Blobs[1].Size+u.UnpackBlobs || u.Stays != 0 || u.From.Name != "scratch" || layerOf(t, u, 1).Layer.Reason != update.New {
		t.Errorf("%+v", u)
	}
	if u = told(t, f, update.Request{From: old, To: old}); !u.UpToDate || !strings.Contains(printed(t, u, update.Request{}), "nothing to download, all ") {
		t.Errorf("%+v", u)
	}
}

// What images name as their base is said, where both do.
func TestBase(t *testing.T) {
	m := testkit.NewMeter(t)
	f := finder(t, testkit.Store(t))
	image := func(tag, name, base string) string {
		o := testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 500)}, Platform: ocispec.Platform(platforms.DefaultSpec())}
		if base != "" {
			o.Annotations = map[string]string{ocispec.AnnotationBaseImageName: name, ocispec.AnnotationBaseImageDigest: "sha256:" + strings.Repeat(base, 64)}
		}
		m.Push(t, "app", tag, testkit.Image(t, o))
		return m.Host + "/app:" + tag
	}
	a, b, c, none := image("a", "debian:12", "a"), image("b", "debian:12", "b"), image("c", "alpine:3", "c"), image("none", "", "")
	for _, x := range []struct{ from, to, want string }{
		{a, b, "The base image debian:12 changed: aaaaaaaaaaaa → bbbbbbbbbbbb."},
		{a, a, "Both name the same base image debian:12: aaaaaaaaaaaa."},
		{a, c, "They name different base images: debian:12 aaaaaaaaaaaa → alpine:3 cccccccccccc."},
		{none, a, ""}, {a, none, ""}, {update.Scratch, a, ""},
	} {
		u := told(t, f, update.Request{From: x.from, To: x.to})
		if got := strings.Join(u.Notes, " "); got != x.want {
			t.Errorf("%s → %s: %q", x.from, x.to, got)
		}
	}
}

// The size unpacked is told of layers that tare has read, and not guessed of others.
func TestUnpacked(t *testing.T) {
	m := testkit.NewMeter(t)
	st := testkit.Store(t)
	f := finder(t, st)
	tar := testkit.Numbered(t, 1, 5000)
	m.Push(t, "app", "1", testkit.Image(t, testkit.Options{Layers: [][]byte{tar}, Platform: ocispec.Platform(platforms.DefaultSpec())}))
	name := m.Host + "/app:1"
	u := told(t, f, update.Request{From: update.Scratch, To: name})
	if u.Unpack.Known() || !strings.Contains(printed(t, u, update.Request{Exact: true}), "        ?") {
		t.Errorf("%+v", u)
	}
	reg, err := f.Registry()
	if err != nil {
		t.Fatal(err)
	}
	p, err := reg.Pull(ctx, st, name, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := (image.Measurer{Provider: st.Content(), Cache: st}).Index(ctx, p.Image); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{update.Scratch, "store://" + name} {
		u = told(t, f, update.Request{From: from, To: name})
		want := map[bool]int64{true: int64(len(tar))}[from == update.Scratch]
		if n, ok := u.Unpack.Int(); !ok || n != want || strings.Contains(printed(t, u, update.Request{}), "?") {
			t.Errorf("%s: %d of %d unpacked", from, n, want)
		}
	}
}

func TestErrors(t *testing.T) {
	m := testkit.NewMeter(t)
	m.Push(t, "other", "1", testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 50)}, Platform: ocispec.Platform{OS: "plan9", Architecture: "s390x"}}))
	other := m.Host + "/other:1"
	m.Push(t, "index", "1", testkit.Index(t, testkit.Image(t, testkit.Options{Platform: ocispec.Platform{OS: "plan9", Architecture: "s390x"}})))
	m.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/schema1/") {
			return false
		}
		body := []byte(`{"schemaVersion":1,"name":"x","tag":"1","fsLayers":[]}`)
		w.Header().Set("Content-Type", "application/vnd.docker.distribution.manifest.v1+prettyjws")
		w.Header().Set("Docker-Content-Digest", digest.FromBytes(body).String())
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		if r.Method == http.MethodGet {
			_, _ = w.Write(body)
		}
		return true
	})
	f := finder(t, testkit.Store(t))
	for _, c := range []struct {
		q     update.Request
		usage bool
		want  string
	}{
		{update.Request{From: other, To: other, Client: "dokcer"}, true, "docker"},
		{update.Request{From: other, To: other, Format: "xml"}, true, "want text or json"},
		{update.Request{From: other, To: "scratch"}, true, "no image that can be pulled"},
		{update.Request{From: "daemon://x", To: other}, true, "name the image as in its registry"},
		{update.Request{From: other, To: other, Have: []string{"archive://x.tar"}}, true, "archive://x.tar"},
		{update.Request{From: other, To: "-"}, true, "name the image as in its registry"},
		{update.Request{From: other, To: other, Platform: "no/such/thing/at/all"}, true, "--platform"},
		{update.Request{From: other, To: m.Host + "/none:1"}, false, "none:1: not found"},
		{update.Request{From: "store://none", To: other}, false, "store://none"},
		{update.Request{From: other, To: other, Platform: "linux/amd64"}, false, "the image is for plan9/s390x only"},
		{update.Request{From: "scratch", To: m.Host + "/index:1"}, false, "no image for this platform"},
		{update.Request{From: "scratch", To: m.Host + "/schema1:1"}, false, "schema"},
	} {
		_, err := update.Of(ctx, f, c.q)
		var usage request.Error
		if err == nil || errors.As(err, &usage) != c.usage || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.q, err)
		}
	}
}

// Twenty layers are told of within 300 ms: as many requests as documents, at once.
func TestQuick(t *testing.T) {
	m := testkit.NewMeter(t)
	var layers [][]byte
	for n := range 20 {
		layers = append(layers, testkit.Numbered(t, n, 3000))
	}
	own := ocispec.Platform(platforms.DefaultSpec())
	m.Push(t, "app", "1", testkit.Image(t, testkit.Options{Layers: layers[:19], Platform: own}))
	m.Push(t, "app", "2", testkit.Image(t, testkit.Options{Layers: layers, Platform: own, Pack: testkit.EStargz()}))
	f := finder(t, testkit.Store(t))
	for _, client := range update.Clients {
		best := time.Hour
		for range 3 {
			began := time.Now()
			told(t, f, update.Request{From: m.Host + "/app:1", To: m.Host + "/app:2", Client: client})
			best = min(best, time.Since(began))
		}
		if best > 300*time.Millisecond {
			t.Errorf("%s: %v", client, best)
		}
	}
}
