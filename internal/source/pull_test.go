package source_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/source"
	"tare/internal/testkit"
)

var ctx = context.Background()

// registry is a client with a configuration of its own: no mirrors, no logins.
func registry(t testing.TB, config string) *source.Registry {
	t.Helper()
	dir := t.TempDir()
	if config != "" {
		if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := source.LoadDockerConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &source.Registry{HostsDirs: []string{filepath.Join(dir, "certs.d")}, DockerConfig: c}
}

func small(t testing.TB, o testkit.Options) *testkit.Built {
	t.Helper()
	o.Layers = append(o.Layers, testkit.Numbered(t, 1, 40_000), testkit.Numbered(t, 2, 20_000))
	return testkit.Image(t, o)
}

// pulled pulls and checks that every blob of the image is in the store, whole.
func pulled(t testing.TB, r *source.Registry, ref string) *image.Image {
	t.Helper()
	s := testkit.Store(t)
	p, err := r.Pull(ctx, s, ref, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := (image.Measurer{Provider: s.Content()}).Measure(ctx, p.Image); err != nil {
		t.Fatal(err)
	}
	rec, err := s.Find(ctx, ref)
	if err != nil || rec.Target.Digest != p.Target.Digest {
		t.Errorf("recorded %v, %v", rec, err)
	}
	return p.Image
}

func TestPull(t *testing.T) {
	reg := testkit.NewRegistry(t)
	for name, b := range map[string]*testkit.Built{
		"oci-gzip":     small(t, testkit.Options{}),
		"oci-zstd":     small(t, testkit.Options{Compression: "zstd"}),
		"oci-plain":    small(t, testkit.Options{Compression: "none"}),
		"docker-gzip":  small(t, testkit.Options{Docker: true}),
		"index":        testkit.Index(t, small(t, testkit.Options{Platform: ocispec.Platform(platforms.DefaultSpec())}), small(t, testkit.Options{Platform: ocispec.Platform{OS: "linux", Architecture: "s390x"}})),
		"empty-layers": testkit.Image(t, testkit.Options{}),
	} {
		t.Run(name, func(t *testing.T) {
			reg.Push(t, "team/"+name, "v1", b)
			r := registry(t, "")
			byTag := pulled(t, r, reg.Host+"/team/"+name+":v1")
			byDigest := pulled(t, r, reg.Host+"/team/"+name+"@"+b.Target.Digest.String())
			if byTag.ID() != byDigest.ID() {
				t.Errorf("%s by tag, %s by digest", byTag.ID(), byDigest.ID())
			}
		})
	}
}

func TestPullAgainFetchesNothing(t *testing.T) {
	reg := testkit.NewRegistry(t)
	b := small(t, testkit.Options{})
	reg.Push(t, "app", "1", b)
	s, r := testkit.Store(t), registry(t, "")
	first, err := r.Pull(ctx, s, reg.Host+"/app:1", nil, nil)
	if err != nil || !first.New {
		t.Fatal(first, err)
	}
	second, err := r.Pull(ctx, s, reg.Host+"/app:1", nil, nil)
	if err != nil || second.New {
		t.Fatal(second, err)
	}
	for d := range b.Blobs {
		if n := reg.Gets(d.String()); n > 1 {
			t.Errorf("%s was fetched %d times", d, n)
		}
	}
}

func TestPullErrors(t *testing.T) {
	reg := testkit.NewRegistry(t)
	reg.Push(t, "app", "1", small(t, testkit.Options{}))
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	login := fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, reg.Host, base64.StdEncoding.EncodeToString([]byte("me:sesame")))
	deny := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
		w.WriteHeader(http.StatusUnauthorized)
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	for _, c := range []struct {
		name, ref, config string
		fault             http.HandlerFunc
		want              []string
		is                error
	}{
		{name: "unknown image", ref: reg.Host + "/nothing:1", want: []string{"not found on " + reg.Host}, is: errdefs.ErrNotFound},
		{name: "unknown tag", ref: reg.Host + "/app:2", want: []string{"not found"}, is: errdefs.ErrNotFound},
		{name: "nobody listens", ref: closed.Addr().String() + "/app", want: []string{"cannot reach", "is the registry running"}},
		{name: "wrong login", ref: reg.Host + "/app:1", config: login, fault: deny, want: []string{`credentials of "me"`, "tare login"}, is: source.ErrUnauthorized},
		{name: "no login", ref: reg.Host + "/app:1", fault: deny, want: []string{"access denied", "tare login"}},
		{name: "forbidden", ref: reg.Host + "/app:1", fault: status(403), want: []string{"access denied"}},
		{name: "broken registry", ref: reg.Host + "/app:1", fault: status(500), want: []string{"fault of its own"}},
		{name: "not a name", ref: "team/UPPER", want: []string{"not an image name"}},
		{name: "plain http elsewhere", ref: "192.0.2.1:1/app", want: nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			reg.Fault(nil)
			if c.fault != nil {
				reg.Fault(testkit.Times(-1, "/v2/", c.fault))
			}
			if c.want == nil {
				t.Skip("needs a machine that answers; see TestPlainHTTPOnlyForLoopback")
			}
			s := testkit.Store(t)
			_, err := registry(t, c.config).Pull(ctx, s, c.ref, nil, nil)
			if err == nil {
				t.Fatal("no error")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not say %q", err, w)
				}
			}
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("%v is not %v", err, c.is)
			}
			if strings.Contains(err.Error(), "sesame") {
				t.Errorf("the password is in the error: %v", err)
			}
			if recs, _ := s.Records(); len(recs) != 0 {
				t.Errorf("something was recorded: %v", recs)
			}
		})
	}
}

// Only loopback is spoken to without TLS unasked.
func TestPlainHTTPOnlyForLoopback(t *testing.T) {
	hosts := registry(t, "").Hosts(ctx)
	for host, want := range map[string]string{"registry.example.com": "https", "registry.example.com:5000": "https", "192.0.2.1:5000": "https", "docker.io": "https"} {
		h, err := hosts(host)
		if err != nil || h[0].Scheme != want {
			t.Errorf("%s: %v, %v", host, h, err)
		}
	}
}

func TestPatience(t *testing.T) {
	for _, code := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		for _, part := range []string{"/manifests/", "/blobs/"} {
			t.Run(fmt.Sprint(code, part), func(t *testing.T) {
				reg := testkit.NewRegistry(t)
				reg.Push(t, "app", "1", small(t, testkit.Options{}))
				reg.Fault(testkit.Times(2, part, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Retry-After", "1")
					w.WriteHeader(code)
				}))
				r := registry(t, "")
				var told atomic.Int32
				r.Wait = func(string) { told.Add(1) }
				begin := time.Now()
				pulled(t, r, reg.Host+"/app:1")
				if took := time.Since(begin); took < time.Second {
					t.Errorf("did not wait: %s", took)
				}
				if told.Load() == 0 {
					t.Error("nobody was told why it takes long")
				}
			})
		}
	}
	t.Run("forever", func(t *testing.T) {
		reg := testkit.NewRegistry(t)
		reg.Fault(testkit.Times(-1, "/v2/", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "86400")
			w.WriteHeader(http.StatusTooManyRequests)
		}))
		if _, err := registry(t, "").Pull(ctx, testkit.Store(t), reg.Host+"/app:1", nil, nil); err == nil || !strings.Contains(err.Error(), "429") {
			t.Errorf("%v", err)
		}
	})
}

func largest(b *testkit.Built) (digest.Digest, []byte) {
	var d digest.Digest
	for k, body := range b.Blobs {
		if len(body) > len(b.Blobs[d]) {
			d = k
		}
	}
	return d, b.Blobs[d]
}

func TestCutConnectionResumes(t *testing.T) {
	reg := testkit.NewRegistry(t)
	b := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 3_000_000)}, Compression: "none"})
	reg.Push(t, "app", "1", b)
	d, body := largest(b)
	var ranges []string
	cut := testkit.Times(1, d.String(), testkit.Cut(body))
	reg.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, d.String()) {
			ranges = append(ranges, r.Header.Get("Range"))
		}
		return cut(w, r)
	})
	pulled(t, registry(t, ""), reg.Host+"/app:1")
	if len(ranges) < 2 || !strings.HasPrefix(ranges[1], "bytes=") || ranges[1] == "bytes=0-" {
		t.Errorf("the second request did not go on where the first was cut: %q", ranges)
	}
}

// A registry that cannot send the rest of a blob is asked for all of it.
func TestRegistryThatCannotResume(t *testing.T) {
	reg := testkit.NewRegistry(t)
	b := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 3_000_000)}, Compression: "none"})
	reg.Push(t, "app", "1", b)
	d, body := largest(b)
	cut := testkit.Times(1, d.String(), testkit.Cut(body))
	refused := 0
	reg.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, d.String()) && r.Header.Get("Range") != "" {
			refused++
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return true
		}
		return cut(w, r)
	})
	pulled(t, registry(t, ""), reg.Host+"/app:1")
	if refused == 0 {
		t.Error("nothing was resumed, so nothing was refused")
	}
}

// One manifest without an index is for one platform; another one is not there.
func TestPlatformOfASingleManifest(t *testing.T) {
	reg := testkit.NewRegistry(t)
	reg.Push(t, "app", "1", small(t, testkit.Options{}))
	s := testkit.Store(t)
	_, err := registry(t, "").Pull(ctx, s, reg.Host+"/app:1", platforms.Only(ocispec.Platform{OS: "linux", Architecture: "s390x"}), nil)
	if !errors.Is(err, image.ErrNoPlatform) || !strings.Contains(err.Error(), "linux/amd64") {
		t.Errorf("%v", err)
	}
	if recs, _ := s.Records(); len(recs) != 0 {
		t.Errorf("recorded %v", recs)
	}
}

func TestWrongBlob(t *testing.T) {
	reg := testkit.NewRegistry(t)
	b := small(t, testkit.Options{})
	reg.Push(t, "app", "1", b)
	d, body := largest(b)
	bad := bytes.Clone(body)
	bad[len(bad)/2] ^= 1
	reg.Fault(testkit.Times(-1, d.String(), func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bad) }))
	s := testkit.Store(t)
	_, err := registry(t, "").Pull(ctx, s, reg.Host+"/app:1", nil, nil)
	if err == nil || !strings.Contains(err.Error(), d.String()) || !strings.Contains(err.Error(), digest.FromBytes(bad).String()) {
		t.Errorf("both digests must be named: %v", err)
	}
	if s.Has(ctx, d) || s.Has(ctx, digest.FromBytes(bad)) {
		t.Error("the blob was stored")
	}
	if recs, _ := s.Records(); len(recs) != 0 {
		t.Errorf("the image was recorded: %v", recs)
	}
	reg.Fault(nil)
	if _, err := registry(t, "").Pull(ctx, s, reg.Host+"/app:1", nil, nil); err != nil {
		t.Errorf("the next pull: %v", err)
	}
}

// The tag moves after it was resolved: what it pointed to at first is what is stored.
func TestTagMovesDuringPull(t *testing.T) {
	reg := testkit.NewRegistry(t)
	before, after := small(t, testkit.Options{}), small(t, testkit.Options{Compression: "zstd"})
	reg.Push(t, "app", "1", before)
	moved := false
	reg.Fault(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet && !moved {
			moved = true
			reg.Push(t, "app", "1", after)
		}
		return false
	})
	img := pulled(t, registry(t, ""), reg.Host+"/app:1")
	if !moved || img.Target.Digest != before.Target.Digest {
		t.Errorf("stored %s, the tag pointed to %s", img.Target.Digest, before.Target.Digest)
	}
}

func TestSchema1(t *testing.T) {
	reg := testkit.NewRegistry(t)
	reg.Fault(testkit.Times(-1, "/manifests/", func(w http.ResponseWriter, _ *http.Request) {
		body := `{"schemaVersion":1}`
		w.Header().Set("Content-Type", "application/vnd.docker.distribution.manifest.v1+prettyjws")
		w.Header().Set("Docker-Content-Digest", digest.FromString(body).String())
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		_, _ = w.Write([]byte(body))
	}))
	if _, err := registry(t, "").Pull(ctx, testkit.Store(t), reg.Host+"/old:1", nil, nil); !errors.Is(err, source.ErrSchema1) {
		t.Errorf("%v", err)
	}
}

func TestForeignURLsAreNotFollowed(t *testing.T) {
	var asked atomic.Int32
	other := testkit.NewRegistry(t)
	other.Fault(func(w http.ResponseWriter, _ *http.Request) bool { asked.Add(1); w.WriteHeader(500); return true })
	reg := testkit.NewRegistry(t)
	b := small(t, testkit.Options{})
	var m ocispec.Manifest
	if err := json.Unmarshal(b.Blobs[b.Target.Digest], &m); err != nil {
		t.Fatal(err)
	}
	m.Layers[0].URLs = []string{other.URL + "/layer"}
	raw, _ := json.Marshal(m)
	delete(b.Manifests, b.Target.Digest)
	b.Target.Digest, b.Target.Size = digest.FromBytes(raw), int64(len(raw))
	b.Blobs[b.Target.Digest], b.Manifests[b.Target.Digest] = raw, m.MediaType
	reg.Push(t, "app", "1", b)
	pulled(t, registry(t, ""), reg.Host+"/app:1")
	if asked.Load() != 0 {
		t.Error("another server was asked")
	}
}

func TestMirrorAndCertificates(t *testing.T) {
	reg := testkit.NewRegistry(t)
	b := small(t, testkit.Options{})
	reg.Push(t, "library/app", "1", b)
	r := registry(t, "")
	write := func(host, text string) {
		dir := filepath.Join(r.HostsDirs[0], host)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "hosts.toml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("docker.io", fmt.Sprintf("server = %q\n[host.%q]\n  capabilities = [\"pull\", \"resolve\"]\n", reg.URL, reg.URL))
	pulled(t, r, "app:1")

	secure := testkit.NewTLSRegistry(t)
	secure.Push(t, "app", "1", b)
	write("secure.test", fmt.Sprintf("server = %q\n[host.%q]\n  capabilities = [\"pull\", \"resolve\"]\n", secure.URL, secure.URL))
	if _, err := r.Pull(ctx, testkit.Store(t), "secure.test/app:1", nil, nil); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an unknown authority was trusted: %v", err)
	}
	ca := filepath.Join(r.HostsDirs[0], "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o644); err != nil {
		t.Fatal(err)
	}
	write("secure.test", fmt.Sprintf("server = %q\n[host.%q]\n  capabilities = [\"pull\", \"resolve\"]\n  ca = %q\n", secure.URL, secure.URL, ca))
	pulled(t, r, "secure.test/app:1")
	// Its tokens must not be asked for in the open: a password would go there.
	secure.Fault(guard("never", `Bearer realm="http://tokens.example:80/token",service="x"`))
	if _, err := r.Pull(ctx, testkit.Store(t), "secure.test/app:1", nil, nil); err == nil || !strings.Contains(err.Error(), "tokens.example:80 without TLS: refused") {
		t.Errorf("a token server without TLS: %v", err)
	}
}

// guard lets only requests with the right Authorization through.
func guard(want string, challenge string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasPrefix(r.URL.Path, "/v2/") && r.Header.Get("Authorization") != want {
			w.Header().Set("WWW-Authenticate", challenge)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		return false
	}
}

func TestCredentials(t *testing.T) {
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("me:sesame"))
	reg := testkit.NewRegistry(t)
	reg.Push(t, "app", "1", small(t, testkit.Options{}))
	t.Run("config.json", func(t *testing.T) {
		reg.Fault(guard(basic, `Basic realm="x"`))
		pulled(t, registry(t, fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, reg.Host, strings.TrimPrefix(basic, "Basic "))), reg.Host+"/app:1")
	})
	t.Run("helper", func(t *testing.T) {
		dir := t.TempDir()
		script := "#!/bin/sh\nread host\n[ \"$1\" = get ] && printf '{\"ServerURL\":\"%s\",\"Username\":\"me\",\"Secret\":\"sesame\"}' \"$host\"\n"
		if err := os.WriteFile(filepath.Join(dir, "docker-credential-tare-test"), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
		reg.Fault(guard(basic, `Basic realm="x"`))
		pulled(t, registry(t, fmt.Sprintf(`{"credHelpers":{%q:"tare-test"}}`, reg.Host)), reg.Host+"/app:1")
	})
	t.Run("anonymous token", func(t *testing.T) {
		inner := guard("Bearer let-me-in", fmt.Sprintf(`Bearer realm="%s/token",service="test"`, reg.URL))
		reg.Fault(func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/token" {
				if r.Header.Get("Authorization") != "" || !strings.Contains(r.URL.Query().Get("scope"), "repository:app:pull") {
					t.Errorf("token asked with %v", r.URL)
				}
				_, _ = w.Write([]byte(`{"token":"let-me-in"}`))
				return true
			}
			return inner(w, r)
		})
		pulled(t, registry(t, ""), reg.Host+"/app:1")
	})
	t.Run("login", func(t *testing.T) {
		reg.Fault(guard(basic, `Basic realm="x"`))
		if err := registry(t, "").Login(ctx, reg.Host, "me", "sesame"); err != nil {
			t.Error(err)
		}
		err := registry(t, "").Login(ctx, reg.Host, "me", "wrong-secret")
		if !errors.Is(err, source.ErrUnauthorized) || strings.Contains(err.Error(), "wrong-secret") {
			t.Errorf("%v", err)
		}
	})
}

func TestInterrupted(t *testing.T) {
	reg := testkit.NewRegistry(t)
	b := small(t, testkit.Options{})
	reg.Push(t, "app", "1", b)
	d, _ := largest(b)
	c, cancel := context.WithCancel(ctx)
	reg.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, d.String()) {
			cancel()
			<-r.Context().Done()
			return true
		}
		return false
	})
	s := testkit.Store(t)
	if _, err := registry(t, "").Pull(c, s, reg.Host+"/app:1", nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	reg.Fault(nil)
	if _, err := registry(t, "").Pull(ctx, s, reg.Host+"/app:1", nil, nil); err != nil {
		t.Errorf("the next pull: %v", err)
	}
}
