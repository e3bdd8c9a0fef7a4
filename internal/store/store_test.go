package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/containerd/containerd/v2/core/remotes"
	"github.com/containerd/errdefs"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/store"
	"tare/internal/testkit"
)

var ctx = context.Background()

func open(t testing.TB, root string) *store.Store {
	t.Helper()
	s, err := store.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func names(t testing.TB, s *store.Store) string {
	t.Helper()
	recs, err := s.Records()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range recs {
		out = append(out, r.Repository()+":"+r.Tag()+"="+r.Target.Digest.Encoded()[:4])
	}
	return strings.Join(out, " ")
}

func img(t testing.TB, n int) *testkit.Built {
	t.Helper()
	return testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 0, 500), testkit.Numbered(t, n, 500)}})
}

func short(b *testkit.Built) string { return b.Target.Digest.Encoded()[:4] }

// Other tools open the store as it is.
func TestOtherToolsOpenIt(t *testing.T) {
	s := testkit.Store(t)
	testkit.Put(t, s, "app:1", store.Built, img(t, 1))
	testkit.Put(t, s, "multi", store.Pulled, testkit.Index(t, img(t, 2)))
	t.Run("go-containerregistry", func(t *testing.T) {
		p, err := layout.FromPath(s.Root())
		if err != nil {
			t.Fatal(err)
		}
		x, err := p.ImageIndex()
		if err != nil {
			t.Fatal(err)
		}
		m, err := x.IndexManifest()
		if err != nil || len(m.Manifests) != 2 {
			t.Fatalf("%v, %v", m, err)
		}
		i, err := x.Image(m.Manifests[0].Digest)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Image(i); err != nil {
			t.Error(err)
		}
	})
	for tool, args := range map[string][]string{
		"skopeo": {"inspect", "oci:" + s.Root() + ":docker.io/library/app:1"},
		"umoci":  {"stat", "--image", s.Root() + ":docker.io/library/app:1"},
	} {
		t.Run(tool, func(t *testing.T) {
			if _, err := exec.LookPath(tool); err != nil {
				t.Skipf("%s is not installed", tool)
			}
			if out, err := exec.Command(tool, args...).CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

func TestNames(t *testing.T) {
	s := testkit.Store(t)
	a, b := img(t, 1), img(t, 2)
	testkit.Put(t, s, "app", store.Built, a)
	testkit.Put(t, s, "app:v1", store.Built, a)
	testkit.Put(t, s, "app", store.Built, b)
	if got, want := names(t, s), fmt.Sprintf("app:v1=%s app:latest=%s", short(a), short(b)); got != want {
		t.Errorf("moved tag: %s, want %s", got, want)
	}
	testkit.Put(t, s, "app:v1", store.Built, b)
	if got := names(t, s); !strings.Contains(got, "<none>:<none>="+short(a)) {
		t.Errorf("the image that lost its last name is not dangling: %s", got)
	}
	testkit.Put(t, s, "back", store.Built, a)
	if got := names(t, s); strings.Contains(got, "<none>") {
		t.Errorf("a named image is dangling, too: %s", got)
	}
	if err := s.Untag("docker.io/library/back:latest"); err != nil {
		t.Fatal(err)
	}
	if got := names(t, s); !strings.Contains(got, "<none>:<none>="+short(a)) {
		t.Errorf("untagged: %s", got)
	}
	if err := s.Untag("docker.io/library/back:latest"); !errdefs.IsNotFound(err) {
		t.Errorf("%v", err)
	}
}

func TestNoNamelessTwin(t *testing.T) {
	s := testkit.Store(t)
	a := img(t, 1)
	testkit.Put(t, s, "app", store.Built, a)
	testkit.Put(t, s, "", store.Built, a)
	if got := names(t, s); got != "app:latest="+short(a) {
		t.Errorf("%s", got)
	}
}

func TestFind(t *testing.T) {
	s := testkit.Store(t)
	a := img(t, 1)
	rec := testkit.Put(t, s, "example.com/team/app:1", store.Pulled, a)
	rec.Name, rec.Repo = "", "example.com/team/app"
	if err := s.Put(rec); err != nil {
		t.Fatal(err)
	}
	var config string
	for d, body := range a.Blobs {
		if bytes.Contains(body, []byte(`"rootfs"`)) {
			config = d.Encoded()
		}
	}
	for _, ref := range []string{"example.com/team/app:1", "example.com/team/app@" + a.Target.Digest.String(), config, config[:6], "sha256:" + config[:12], a.Target.Digest.String()} {
		if r, err := s.Find(ctx, ref); err != nil || r.Target.Digest != a.Target.Digest {
			t.Errorf("%s: %v", ref, err)
		}
	}
	for _, ref := range []string{"app", "example.com/team/app", "ffffffffffff", "../../x", "", "sha256:"} {
		if _, err := s.Find(ctx, ref); !errdefs.IsNotFound(err) {
			t.Errorf("%s: %v", ref, err)
		}
	}
}

func TestAmbiguousID(t *testing.T) {
	s := testkit.Store(t)
	for n := range 40 { // 40 images: two share a first digit for certain
		testkit.Put(t, s, fmt.Sprint("app", n), store.Built, img(t, n))
	}
	found := false
	for _, hex := range "0123456789abcdef" {
		_, err := s.Find(ctx, string(hex))
		found = found || errors.Is(err, store.ErrAmbiguous)
	}
	if !found {
		t.Error("no beginning of an ID was ambiguous")
	}
}

// Many processes change index.json at once, and nothing is lost.
func TestConcurrentProcesses(t *testing.T) {
	if root := os.Getenv("STORE_TEST_ROOT"); root != "" {
		s, err := store.Open(root)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 10 {
			testkit.Put(t, s, fmt.Sprintf("app:%s-%d", os.Getenv("STORE_TEST_ID"), n), store.Built, img(t, n))
		}
		return
	}
	root := t.TempDir()
	var wg sync.WaitGroup
	for p := range 6 {
		wg.Go(func() {
			cmd := exec.Command(os.Args[0], "-test.run", "^TestConcurrentProcesses$")
			cmd.Env = append(os.Environ(), "STORE_TEST_ROOT="+root, fmt.Sprint("STORE_TEST_ID=", p))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	wg.Wait()
	if recs, err := open(t, root).Records(); err != nil || len(recs) != 60 {
		t.Errorf("%d records, %v", len(recs), err)
	}
}

// fetcher serves bytes, in pieces if told so.
type fetcher struct {
	body  []byte
	calls atomic.Int32
	cut   int // the first call ends here with an error
}

func (f *fetcher) Fetch(context.Context, ocispec.Descriptor) (io.ReadCloser, error) {
	if f.calls.Add(1) == 1 && f.cut > 0 {
		return io.NopCloser(io.MultiReader(bytes.NewReader(f.body[:f.cut]), errReader{})), nil
	}
	return struct {
		io.ReadSeeker
		io.Closer
	}{bytes.NewReader(f.body), io.NopCloser(nil)}, nil
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errors.New("line cut") }

func TestFetchOnceForAll(t *testing.T) {
	s := testkit.Store(t)
	f := &fetcher{body: bytes.Repeat([]byte("x"), 1<<20)}
	d := ocispec.Descriptor{Digest: digest.FromBytes(f.body), Size: int64(len(f.body))}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := open(t, s.Root()).Fetch(ctx, f, d, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := f.calls.Load(); n != 1 {
		t.Errorf("fetched %d times", n)
	}
}

func TestFetchResumes(t *testing.T) {
	s := testkit.Store(t)
	f := &fetcher{body: bytes.Repeat([]byte("resume"), 100_000), cut: 300_000}
	d := ocispec.Descriptor{Digest: digest.FromBytes(f.body), Size: int64(len(f.body))}
	if err := s.Fetch(ctx, f, d, nil); err == nil {
		t.Fatal("the cut was not noticed")
	}
	st, err := s.Content().Status(ctx, remotes.MakeRefKey(ctx, d))
	if err != nil || st.Offset != 300_000 {
		t.Errorf("kept %d bytes, %v", st.Offset, err)
	}
	if err := s.Fetch(ctx, f, d, nil); err != nil || !s.Has(ctx, d.Digest) {
		t.Error(err)
	}
}

func TestWrongBytesAreRefused(t *testing.T) {
	s := testkit.Store(t)
	f := &fetcher{body: []byte("these are not the bytes")}
	d := ocispec.Descriptor{Digest: digest.FromString("THESE are not the bytes"), Size: int64(len(f.body))}
	for range 2 { // the second attempt must not resume the wrong bytes
		err := s.Fetch(ctx, f, d, nil)
		if err == nil || !strings.Contains(err.Error(), d.Digest.String()) || !strings.Contains(err.Error(), digest.FromBytes(f.body).String()) {
			t.Errorf("both digests must be named: %v", err)
		}
	}
	if s.Has(ctx, d.Digest) || s.Has(ctx, digest.FromBytes(f.body)) {
		t.Error("something was stored")
	}
	f.body = []byte("THESE are not the bytes")
	if err := s.Fetch(ctx, f, d, nil); err != nil {
		t.Errorf("the right bytes afterwards: %v", err)
	}
}

func TestHostileDigests(t *testing.T) {
	s := testkit.Store(t)
	for _, d := range []digest.Digest{"", "sha256:../../../etc/passwd", "x:y", "sha256:abc"} {
		if err := s.Fetch(ctx, &fetcher{body: []byte("x")}, ocispec.Descriptor{Digest: d, Size: 1}, nil); err == nil {
			t.Errorf("%q was accepted", d)
		}
	}
}

func TestCollect(t *testing.T) {
	s := testkit.Store(t)
	a, b := img(t, 1), img(t, 2) // share the first layer
	testkit.Put(t, s, "a", store.Built, a)
	testkit.Put(t, s, "b", store.Built, b)
	if f, err := s.Collect(ctx); err != nil || f.Bytes != 0 {
		t.Errorf("nothing is dead: %+v, %v", f, err)
	}
	if err := s.Forget(a.Target.Digest); err != nil {
		t.Fatal(err)
	}
	use, err := s.Space(ctx)
	if err != nil {
		t.Fatal(err)
	}
	release, err := s.Hold(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if f, err := open(t, s.Root()).Collect(ctx); err != nil || len(f.Blobs) != 0 {
		t.Errorf("collected while held: %+v, %v", f, err)
	}
	release()
	f, err := s.Collect(ctx)
	if err != nil || f.Bytes != use.Dead || f.Bytes == 0 {
		t.Errorf("freed %d of %d dead bytes, %v", f.Bytes, use.Dead, err)
	}
	for d := range b.Blobs {
		if !s.Has(ctx, d) {
			t.Errorf("%s of a living image is gone", d)
		}
	}
	for d := range a.Blobs {
		if _, shared := b.Blobs[d]; !shared && s.Has(ctx, d) {
			t.Errorf("%s of the dead image is still there", d)
		}
	}
}

func TestCacheForgivesDamage(t *testing.T) {
	s := testkit.Store(t)
	key := digest.FromString("layer")
	s.Keep("kind-v1", key, map[string]int{"a": 1})
	var v map[string]int
	if !s.Get("kind-v1", key, &v) || v["a"] != 1 {
		t.Fatal(v)
	}
	if s.Get("kind-v2", key, &v) || s.Get("kind-v1", digest.FromString("other"), &v) {
		t.Error("another kind or key was found")
	}
	file := filepath.Join(s.Root(), "cache", "kind-v1", key.Encoded())
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{"empty": nil, "torn": good[:len(good)/2], "changed": bytes.Replace(good, []byte(`"a":1`), []byte(`"a":2`), 1)} {
		if err := os.WriteFile(file, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		if s.Get("kind-v1", key, &v) {
			t.Errorf("%s: %v", name, v)
		}
	}
}

func TestDamagedIndex(t *testing.T) {
	s := testkit.Store(t)
	file := filepath.Join(s.Root(), "index.json")
	if err := os.WriteFile(file, []byte(`{"manif`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Records(); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("%v", err)
	}
	if err := s.Put(store.Record{Name: "docker.io/library/x:latest"}); err == nil {
		t.Error("a damaged index was overwritten")
	}
}

func TestNotAStore(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(filepath.Join(file, "store")); err == nil || !strings.Contains(err.Error(), "image store") {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "oci-layout"), []byte(`{"imageLayoutVersion":"9"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(dir); err == nil || !strings.Contains(err.Error(), "not an OCI image layout") {
		t.Errorf("%v", err)
	}
}

func TestAdopt(t *testing.T) {
	s := testkit.Store(t)
	body := []byte("a blob")
	d := ocispec.Descriptor{Digest: digest.FromBytes(body), Size: int64(len(body))}
	file := filepath.Join(s.Root(), "elsewhere")
	if err := os.WriteFile(file, body, 0o644); err != nil {
		t.Fatal(err)
	}
	wrong := d
	wrong.Size++
	if s.Adopt(file, wrong) || s.Adopt(file+"x", d) {
		t.Error("adopted what is not there")
	}
	for range 2 { // the second time it is there already
		if !s.Adopt(file, d) || !s.Has(ctx, d.Digest) {
			t.Error("not adopted")
		}
	}
}

// damage changes one byte of a file.
func damage(t testing.TB, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestReplaceAndDrop(t *testing.T) {
	s := open(t, t.TempDir())
	a, b := img(t, 1), img(t, 2)
	da, db := testkit.Put(t, s, "docker.io/library/x:1", store.Built, a).Target, testkit.Put(t, s, "docker.io/library/other:1", store.Built, b).Target
	listed := func() string {
		t.Helper()
		recs, err := s.Records()
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, r := range recs {
			out = append(out, fmt.Sprintf("%s %s %s", r.Name, r.Repo, r.Target.Digest.Encoded()[:6]))
		}
		slices.Sort(out)
		return strings.Join(out, "|")
	}
	short := func(d ocispec.Descriptor) string { return d.Digest.Encoded()[:6] }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.Replace(store.Record{Name: "docker.io/library/x:1", Target: db, Origin: store.Built}))
	want := "docker.io/library/other:1  " + short(db) + "|docker.io/library/x:1  " + short(db)
	if got := listed(); got != want {
		t.Errorf("after Replace: %s, want %s", got, want)
	}
	must(s.Drop("docker.io/library/x:1"))
	must(s.Drop("docker.io/library/x:1"))
	must(s.Put(store.Record{Name: "docker.io/library/pulled:1", Repo: "docker.io/library/pulled", Target: da, Origin: store.Pulled}))
	must(s.Drop("docker.io/library/pulled:1"))
	want = " docker.io/library/pulled " + short(da) + "|docker.io/library/other:1  " + short(db)
	if got := listed(); got != want {
		t.Errorf("after Drop: %s, want %s", got, want)
	}
}
