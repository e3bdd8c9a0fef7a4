package indexes_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/docker/cli/cli/config/configfile"
	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"tare/internal/artifact"
	"tare/internal/indexes"
	"tare/internal/progress"
	"tare/internal/scales"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/target"
	"tare/internal/testkit"
)

// machine is a store of its own, and what it was told.
type machine struct {
	t      *testing.T
	st     *store.Store
	finder *target.Finder
	notes  *[]string
}

// newMachine knows nothing yet. It trusts the repositories of patterns.
func newMachine(t *testing.T, trust ...string) *machine {
	t.Helper()
	m := &machine{t: t, st: testkit.Store(t), notes: new([]string)}
	reg := func() (*source.Registry, error) { return &source.Registry{DockerConfig: configfile.New("")}, nil }
	note := func(s string) { *m.notes = append(*m.notes, s) }
	m.finder = &target.Finder{Store: func() (*store.Store, error) { return m.st, nil }, Registry: reg, Note: note,
		Watch: func() (progress.Func, func()) { return nil, func() {} },
		Pull: func(ctx context.Context, name, _ string, _ io.Writer) error {
			r, _ := reg()
			_, err := r.Pull(ctx, m.st, name, nil, nil)
			return err
		}}
	var tr indexes.Trust
	for _, p := range trust {
		if err := tr.Set(p); err != nil {
			t.Fatal(err)
		}
	}
	if tr.Any() {
		m.finder.Indexes = &indexes.Reader{Trust: tr, Registry: reg, Note: note, Cache: m.st}
	}
	return m
}

// weigh is the JSON document of tare weigh.
func (m *machine) weigh(word string) string {
	m.t.Helper()
	w, err := scales.Weigh(m.t.Context(), m.finder, scales.WeighRequest{Word: word, Top: 10})
	if err != nil {
		m.t.Fatal(err)
	}
	b, err := json.MarshalIndent(w.Results, "", " ")
	if err != nil {
		m.t.Fatal(err)
	}
	return string(b)
}

// told tells whether the user was told a thing, and nothing else.
func (m *machine) told(part string) {
	m.t.Helper()
	if part == "" && len(*m.notes) > 0 || part != "" && (len(*m.notes) != 1 || !strings.Contains((*m.notes)[0], part)) {
		m.t.Errorf("told %q, want %q", *m.notes, part)
	}
}

// passing is a registry that counts what it sends, in front of another one.
type passing struct {
	*httptest.Server
	host string
	mu   sync.Mutex
	sent map[string]int64 // path -> bytes of bodies
}

func pass(t *testing.T, host string) *passing {
	p := &passing{sent: map[string]int64{}}
	to := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: host})
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { to.ServeHTTP(&counter{w, p, r}, r) }))
	p.host = strings.TrimPrefix(p.URL, "http://")
	t.Cleanup(p.Close)
	return p
}

type counter struct {
	http.ResponseWriter
	p *passing
	r *http.Request
}

func (c *counter) Write(b []byte) (int, error) {
	c.p.mu.Lock()
	if c.r.Method == http.MethodGet {
		c.p.sent[c.r.URL.Path] += int64(len(b))
	}
	c.p.mu.Unlock()
	return c.ResponseWriter.Write(b)
}

// take is what was sent since the last time, and which of some blobs were.
func (p *passing) take(blobs ...digest.Digest) (sum int64, which int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := map[digest.Digest]bool{}
	for path, n := range p.sent {
		sum += n
		for _, d := range blobs {
			if strings.HasSuffix(path, d.String()) {
				seen[d] = true
			}
		}
	}
	which = len(seen)
	p.sent = map[string]int64{}
	return sum, which
}

// some is an image of several layers: packages of a Debian, files that a later layer hides, one layer twice.
func some(t *testing.T, how string) *testkit.Built {
	t.Helper()
	status := "Package: hello\nStatus: install ok installed\nVersion: 1.0\nArchitecture: amd64\nInstalled-Size: 9\n\n"
	base := testkit.Tar(t, testkit.Dir("etc"), testkit.File("etc/os-release", "ID=debian\nPRETTY_NAME=\"Debian\"\n"), testkit.File("var/lib/dpkg/status", status),
		testkit.File("var/lib/dpkg/info/hello.list", "/usr\n/usr/bin\n/usr/bin/hello\n"), testkit.File("usr/bin/hello", strings.Repeat("hello ", 5000)), testkit.Symlink("usr/bin/hi", "hello"))
	over := testkit.Tar(t, testkit.File("usr/bin/hello", strings.Repeat("later ", 3000)), testkit.File("etc/.wh.os-release", ""), testkit.Link("usr/bin/again", "usr/bin/hello"))
	return testkit.Image(t, testkit.Options{Compression: how, Layers: [][]byte{base, testkit.Numbered(t, 1, 90_000), over, testkit.Numbered(t, 1, 90_000)}})
}

// pushed puts an image into a registry from the store of a machine.
func (m *machine) pushed(name string, b *testkit.Built) {
	m.t.Helper()
	testkit.Put(m.t, m.st, name, "pulled", b)
	if _, err := (&source.Registry{DockerConfig: configfile.New("")}).Push(m.t.Context(), m.st, name, nil, nil); err != nil {
		m.t.Fatal(err)
	}
}

func registries(t *testing.T, each func(t *testing.T, p *passing, via artifact.Via)) {
	t.Run("with the API", func(t *testing.T) { each(t, pass(t, testkit.NewReferrersRegistry(t).Host), artifact.ViaAPI) })
	t.Run("without", func(t *testing.T) { each(t, pass(t, testkit.NewRegistry(t).Host), artifact.ViaTag) })
	t.Run("docker-registry", func(t *testing.T) { each(t, pass(t, testkit.DockerRegistry(t)), artifact.ViaTag) })
}

// Another machine weighs an image without one of its layers, and to the same document as one that reads them.
func TestWeighWithoutLayers(t *testing.T) {
	registries(t, func(t *testing.T, p *passing, via artifact.Via) {
		for n, how := range []string{"gzip", "zstd", "none"} {
			if n > 0 && via == artifact.ViaTag {
				break // the layers are the same business
			}
			name := p.host + "/team/" + how + ":1"
			b := some(t, how)
			author := newMachine(t)
			author.pushed(name, b)
			r, err := indexes.Push(t.Context(), author.finder, indexes.Request{Words: []string{name}})
			if err != nil || len(r.Images) != 1 || r.Images[0].Layers != 4 || r.Images[0].Indexes[0].Via != via || r.Images[0].Indexes[0].State != indexes.Pushed {
				t.Fatalf("%+v, %v", r, err)
			}
			layers := b.LayerDigests(t)
			p.take()

			reader := newMachine(t)
			want := reader.weigh("registry://" + name)
			whole, n := p.take(layers...)
			if n != 3 || whole < 10_000 {
				t.Fatalf("without an index %d layers, %d bytes", n, whole)
			}
			for _, word := range []string{"registry://" + name, name} {
				fresh := newMachine(t, p.host+"/team/**")
				got := fresh.weigh(word)
				few, n := p.take(layers...)
				if diff := cmp.Diff(strings.ReplaceAll(want, "registry://", ""), strings.ReplaceAll(got, "registry://", "")); diff != "" {
					t.Error(diff)
				}
				if n != 0 || few >= whole/2 {
					t.Errorf("%d layers, %d bytes of %d", n, few, whole)
				}
				if fresh.told(map[bool]string{true: "nothing is pulled"}[word == name]); word == name {
					if recs, _ := fresh.st.Records(); len(recs) > 0 {
						t.Errorf("it was pulled: %v", recs)
					}
				}
				// What is known of the index only is not known to whoever trusts nobody.
				fresh.finder.Indexes = nil
				if got := fresh.weigh("registry://" + name); !strings.Contains(want, got) {
					t.Error(cmp.Diff(want, got))
				}
				if _, n := p.take(layers...); n != 3 {
					t.Errorf("%d layers were read afterwards without trust", n)
				}
			}
			again, err := indexes.Push(t.Context(), author.finder, indexes.Request{Words: []string{name}})
			if err != nil || again.Images[0].Indexes[0].State != indexes.Present || again.Images[0].Indexes[0].Digest != r.Images[0].Indexes[0].Digest {
				t.Errorf("%+v, %v", again, err)
			}
			// A machine that knows nothing makes the same bytes.
			other, err := indexes.Push(t.Context(), newMachine(t).finder, indexes.Request{Words: []string{"registry://" + name}})
			if err != nil || other.Images[0].Indexes[0].State != indexes.Present {
				t.Errorf("%+v, %v", other, err)
			}
		}
	})
}

// Comparisons and differences are the same, too, and one that is not trusted is read.
func TestCompareWithoutLayers(t *testing.T) {
	p := pass(t, testkit.NewReferrersRegistry(t).Host)
	a, b := p.host+"/team/a:1", p.host+"/other/b:1"
	author := newMachine(t)
	author.pushed(a, some(t, "gzip"))
	other := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 90_000), testkit.Numbered(t, 3, 5000)}})
	author.pushed(b, other)
	if _, err := indexes.Push(t.Context(), author.finder, indexes.Request{Words: []string{a, b}}); err != nil {
		t.Fatal(err)
	}
	document := func(m *machine) string {
		c, err := scales.Compare(t.Context(), m.finder, scales.CompareRequest{Words: []string{"registry://" + a, "registry://" + b}})
		if err != nil {
			t.Fatal(err)
		}
		d, err := scales.Diff(t.Context(), m.finder, scales.DiffRequest{From: "registry://" + a, To: "registry://" + b})
		if err != nil {
			t.Fatal(err)
		}
		out, err := json.MarshalIndent([]any{c.Result, d}, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	want := document(newMachine(t))
	for trust, read := range map[string]string{p.host: "", p.host + "/team/a": "/other/b/", p.host + "/*/b": "/team/a/", "example.com": "/team/a/ /other/b/"} {
		p.take()
		m := newMachine(t, trust)
		if diff := cmp.Diff(want, document(m)); diff != "" {
			t.Errorf("%s: %s", trust, diff)
		}
		m.told("")
		for _, repo := range []string{"/team/a/", "/other/b/"} {
			n := 0
			for path := range p.sent {
				for _, d := range append(other.LayerDigests(t), some(t, "gzip").LayerDigests(t)...) {
					if strings.HasSuffix(path, repo+"blobs/"+d.String()) {
						n++
					}
				}
			}
			if (n > 0) != strings.Contains(read, repo) {
				t.Errorf("%s: %d layers of %s were read", trust, n, repo)
			}
		}
	}
}

// poison changes an artifact after it was made.
type poison func(t *testing.T, a *artifact.Artifact)

// What is wrong with an index is said in a line, and the layers are read as without it.
func TestPoison(t *testing.T) {
	b := some(t, "gzip")
	layers := b.LayerDigests(t)
	swapped := func(_ *testing.T, a *artifact.Artifact) {
		a.Blobs[0].Data, a.Blobs[1].Data = a.Blobs[1].Data, a.Blobs[0].Data
	}
	for name, c := range map[string]struct {
		do   poison
		want string
	}{
		"another image": {func(t *testing.T, a *artifact.Artifact) { a.Subject = &some(t, "zstd").Target }, "tare index push makes one"},
		"another edition": {func(_ *testing.T, a *artifact.Artifact) {
			a.Annotations = map[string]string{indexes.EditionAnnotation: "v1-12345678"}
		}, "another edition of tare made it (\"v1-12345678\""},
		"no edition": {func(_ *testing.T, a *artifact.Artifact) { a.Annotations = nil }, "another edition of tare made it (unknown"},
		"unknown version": {func(_ *testing.T, a *artifact.Artifact) {
			a.Blobs[2].MediaType = "application/vnd.tare.layer-index.v99+zstd"
		}, "layer 3 is of an unknown kind"},
		"a layer less": {func(_ *testing.T, a *artifact.Artifact) { a.Blobs = a.Blobs[1:] }, "indexes of 3 layers, the image 4"},
		"other layers": {func(_ *testing.T, a *artifact.Artifact) {
			a.Blobs[0].Annotations, a.Blobs[1].Annotations = a.Blobs[1].Annotations, a.Blobs[0].Annotations
		}, "layer 1 is that of another layer"},
		"swapped":      {swapped, "it is of the blob"},
		"no zstd":      {func(_ *testing.T, a *artifact.Artifact) { a.Blobs[0].Data = []byte("nonsense") }, "layer 1: it is damaged"},
		"empty":        {func(_ *testing.T, a *artifact.Artifact) { a.Blobs[0].Data = nil }, "layer 1: it is damaged"},
		"cut short":    {func(_ *testing.T, a *artifact.Artifact) { a.Blobs[0].Data = a.Blobs[0].Data[:len(a.Blobs[0].Data)/2] }, "layer 1: it is damaged"},
		"a bomb":       {func(t *testing.T, a *artifact.Artifact) { a.Blobs[0].Data = testkit.Zstd(t, make([]byte, 8<<20)) }, "layer 1: it is damaged"},
		"another type": {func(_ *testing.T, a *artifact.Artifact) { a.Type = "application/vnd.example" }, "tare index push makes one"},
	} {
		t.Run(name, func(t *testing.T) {
			reg := testkit.NewRegistry(t)
			word := "registry://" + reg.Host + "/team/app:1"
			author := newMachine(t)
			author.pushed(reg.Host+"/team/app:1", b)
			want := author.weigh(word)
			a := made(t, author, word)
			c.do(t, a)
			attach(t, word, a)
			before := reg.Gets(layers[0].String())
			m := newMachine(t, "**")
			if diff := cmp.Diff(want, m.weigh(word)); diff != "" {
				t.Error(diff)
			}
			m.told(c.want)
			if reg.Gets(layers[0].String()) == before {
				t.Error("no layer was read")
			}
			m.weigh(word)
			m.told(c.want) // once
			if r, err := indexes.List(t.Context(), m.finder, indexes.Request{Words: []string{word}}); err != nil || len(r.Images) != 1 || (c.want == "tare index push makes one") != (len(r.Images[0].Indexes) == 0) {
				t.Errorf("%+v, %v", r, err)
			}
			if r, err := indexes.Verify(t.Context(), m.finder, indexes.Request{Words: []string{word}}); err == nil {
				t.Errorf("%+v", r)
			}
		})
	}
}

// made is the right artifact of an image in a registry.
func made(t *testing.T, m *machine, word string) *artifact.Artifact {
	t.Helper()
	set, err := m.finder.Open(t.Context(), []string{word}, target.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	if _, err := set.Facts(t.Context()); err != nil {
		t.Fatal(err)
	}
	img := set.Images[0].Image
	a := &artifact.Artifact{}
	for i := range img.Layers {
		if a, err = indexes.Artifact(img, indexesOf(img)); err != nil {
			t.Fatal(i, err)
		}
	}
	return a
}

func attach(t *testing.T, word string, a *artifact.Artifact) artifact.Attached {
	t.Helper()
	named, err := store.Normalize(strings.TrimPrefix(word, "registry://"))
	if err != nil {
		t.Fatal(err)
	}
	repo, err := artifact.Open(t.Context(), &source.Registry{DockerConfig: configfile.New("")}, named)
	if err != nil {
		t.Fatal(err)
	}
	out, err := repo.Attach(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A registry that sends other bytes than the digests say is not believed, whatever it changes.
func TestLyingRegistry(t *testing.T) {
	b := some(t, "gzip")
	for _, what := range []string{"the artifact's manifest", "a blob", "the list", "nothing at all"} {
		t.Run(what, func(t *testing.T) {
			reg := testkit.NewReferrersRegistry(t)
			name := reg.Host + "/team/app:1"
			author := newMachine(t)
			author.pushed(name, b)
			want := author.weigh("registry://" + name)
			r, err := indexes.Push(t.Context(), author.finder, indexes.Request{Words: []string{name}})
			if err != nil {
				t.Fatal(err)
			}
			a := made(t, author, "registry://"+name)
			part := map[string]string{"the artifact's manifest": r.Images[0].Indexes[0].Digest.String(), "a blob": a.Blobs[1].Descriptor().Digest.String(), "the list": "/referrers/"}[what]
			reg.Fault(func(w http.ResponseWriter, q *http.Request) bool {
				if part == "" || !strings.Contains(q.URL.Path, part) || q.Method != http.MethodGet {
					return false
				}
				reg.Fault(nil)
				rec := httptest.NewRecorder()
				reg.ServeHTTP(rec, q)
				body := rec.Body.Bytes()
				body[len(body)/2] ^= 1
				w.Header().Set("Content-Type", rec.Header().Get("Content-Type"))
				w.Header().Set("Content-Length", fmt.Sprint(len(body)))
				_, _ = w.Write(body)
				return true
			})
			m := newMachine(t, "**")
			if diff := cmp.Diff(want, m.weigh("registry://"+name)); diff != "" {
				t.Error(diff)
			}
			if part == "" {
				m.told("")
			} else {
				m.told("the index in the registry is not used")
			}
		})
	}
}
