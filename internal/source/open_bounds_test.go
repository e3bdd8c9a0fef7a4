package source_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/source"
	"tare/internal/testkit"
)

// A look at an image costs one request for each of its documents: registries count
// requests for manifests.
func TestOpenRegistryFetchesDocumentsOnce(t *testing.T) {
	reg := testkit.NewRegistry(t)
	arm := small(t, testkit.Options{Platform: ocispec.Platform{OS: "linux", Architecture: "arm64"}})
	b := testkit.Index(t, arm)
	reg.Push(t, "app", "1", b)
	o := opened(t, "registry://"+reg.Host+"/app:1", source.OpenOptions{Registry: registry(t, "")})
	for range 3 {
		if _, err := image.Load(ctx, o.Provider, o.Target, nil); err != nil {
			t.Fatal(err)
		}
	}
	var m ocispec.Manifest
	if err := json.Unmarshal(arm.Blobs[arm.Target.Digest], &m); err != nil {
		t.Fatal(err)
	}
	for what, d := range map[string]digest.Digest{"index": b.Target.Digest, "manifest": arm.Target.Digest, "config": m.Config.Digest} {
		if n := reg.Gets(d.String()); n != 1 {
			t.Errorf("the %s was fetched %d times", what, n)
		}
	}
}

// What a registry answers about a blob is explained as it is about a tag.
func TestOpenRegistryExplainsBlobs(t *testing.T) {
	b := small(t, testkit.Options{})
	l := layersOf(t, b)[0]
	for status, word := range map[int]string{http.StatusUnauthorized: "tare login", http.StatusForbidden: "tare login", http.StatusNotFound: "not found on", http.StatusInternalServerError: "fault of its own"} {
		reg := testkit.NewRegistry(t)
		reg.Push(t, "app", "1", b)
		o := opened(t, "registry://"+reg.Host+"/app:1", source.OpenOptions{Registry: registry(t, "")})
		reg.Fault(testkit.Times(1000, l.Digest.String(), func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte("a stranger's words"))
		}))
		ra, err := o.Provider.ReaderAt(ctx, l)
		if err == nil {
			_, err = io.Copy(io.Discard, content.NewReader(ra))
		}
		if err == nil || !strings.Contains(err.Error(), word) || strings.Contains(err.Error(), "stranger") {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// A registry that cannot send the rest of a blob sends it all again.
func TestOpenRegistryThatCannotResume(t *testing.T) {
	reg, b := testkit.NewRegistry(t), small(t, testkit.Options{Compression: "none"})
	reg.Push(t, "app", "1", b)
	l := layersOf(t, b)[0]
	cut := testkit.Times(1, l.Digest.String(), testkit.Cut(b.Blobs[l.Digest]))
	reg.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Range") != "" {
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return true
		}
		return cut(w, r)
	})
	whole(t, opened(t, "registry://"+reg.Host+"/app:1", source.OpenOptions{Registry: registry(t, "")}), nil)
}

func TestOpenRegistrySchema1(t *testing.T) {
	reg := testkit.NewRegistry(t)
	reg.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/manifests/") {
			return false
		}
		body := `{"schemaVersion":1}`
		w.Header().Set("Content-Type", "application/vnd.docker.distribution.manifest.v1+prettyjws")
		w.Header().Set("Docker-Content-Digest", digest.FromString(body).String())
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		_, _ = w.Write([]byte(body))
		return true
	})
	if _, err := source.Open(ctx, "registry://"+reg.Host+"/old:1", source.OpenOptions{Registry: registry(t, "")}); !errors.Is(err, source.ErrSchema1) {
		t.Errorf("%v", err)
	}
}

// lying has a manifest that says its configuration has 2 bytes; it has n.
func lying(t testing.TB, n int) (entries []testkit.Entry, target ocispec.Descriptor) {
	t.Helper()
	big := bytes.Repeat([]byte(" "), n)
	config := digest.FromBytes(big)
	m := fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"config":{"mediaType":%q,"digest":%q,"size":2},"layers":[]}`, ocispec.MediaTypeImageManifest, ocispec.MediaTypeImageConfig, config)
	target = ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: digest.FromString(m), Size: int64(len(m))}
	x, err := json.Marshal(ocispec.Index{Manifests: []ocispec.Descriptor{target}})
	if err != nil {
		t.Fatal(err)
	}
	return []testkit.Entry{testkit.File("blobs/sha256/"+config.Encoded(), string(big)), testkit.File("blobs/sha256/"+target.Digest.Encoded(), m),
		testkit.File("oci-layout", `{"imageLayoutVersion":"1.0.0"}`), testkit.File("index.json", string(x))}, target
}

// allocated is how much memory f takes.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// A blob is as large as its descriptor says: readers of documents take room for what
// there is, not for what was announced.
func TestOpenBlobsLargerThanAnnounced(t *testing.T) {
	entries, _ := lying(t, 100<<20)
	dir := t.TempDir()
	for _, e := range entries {
		p := filepath.Join(dir, e.Name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(e.Body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, target := range []string{"oci-dir://" + dir, "archive://" + file(t, "a.tar", testkit.Tar(t, entries...))} {
		o := opened(t, target, source.OpenOptions{})
		var err error
		if n := allocated(func() { _, err = image.Load(ctx, o.Provider, o.Target, nil) }); n > 50<<20 {
			t.Errorf("%d MiB for a configuration of 2 bytes", n>>20)
		}
		if err == nil || !strings.Contains(err.Error(), "bytes") {
			t.Errorf("%v", err)
		}
	}
}

func TestOpenLayoutWithHugeIndex(t *testing.T) {
	dir := t.TempDir()
	testkit.Layout(t, dir, "1", small(t, testkit.Options{}))
	if err := os.Truncate(filepath.Join(dir, "index.json"), 256<<20); err != nil {
		t.Fatal(err)
	}
	if n := allocated(func() { refused(t, "oci-dir://"+dir, source.OpenOptions{}, "index.json", "too many") }); n > 50<<20 {
		t.Errorf("%d MiB to see that index.json is too large", n>>20)
	}
}

// Names of an archive are kept in memory: they are bounded, too.
func TestOpenArchiveWithLongNames(t *testing.T) {
	var entries []testkit.Entry
	for i := range 200 {
		entries = append(entries, testkit.File(strings.Repeat("x", 500_000)+fmt.Sprint(i), ""))
	}
	refused(t, "archive://"+file(t, "a.tar", testkit.Tar(t, entries...)), source.OpenOptions{}, "name")
}

// Each compressed layer is hashed once, however often it is named.
func TestOpenDockerSaveOneLayerOften(t *testing.T) {
	const often = 20_000
	body := append(testkit.Gzip(t, testkit.Tar(t)), make([]byte, 8<<20)...)
	diffs := strings.TrimSuffix(strings.Repeat(`"`+digest.FromString("x").String()+`",`, often), ",")
	raw := saved(t, `[{"Config":"c","Layers":[`+strings.TrimSuffix(strings.Repeat(`"l",`, often), ",")+`]}]`, `{"rootfs":{"diff_ids":[`+diffs+`]}}`, testkit.File("l", string(body)))
	p := file(t, "a.tar", raw)
	done := make(chan error, 1)
	go func() {
		o, err := source.Open(ctx, "archive://"+p, source.OpenOptions{})
		if err == nil {
			err = o.Close()
		}
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("the same layer is hashed again and again")
	}
}

// A stranger's names are quoted and short in an error: they may hold commands for
// the terminal.
func TestOpenErrorsQuoteNames(t *testing.T) {
	evil := "\\u001b[2Jevil"
	long := strings.Repeat("n", 1<<20)
	one := `{"Config":"c","RepoTags":["` + evil + `","` + long + `"]}`
	for what, raw := range map[string][]byte{
		"manifest.json": saved(t, "["+one+","+one+"]", "{}"),
		"a layer":       saved(t, `[{"Config":"c","Layers":["`+evil+long+`"]}]`, `{"rootfs":{"diff_ids":["`+digest.FromString("x").String()+`"]}}`),
		"index.json": testkit.Tar(t, testkit.File("index.json", fmt.Sprintf(`{"manifests":[{"digest":%q,"annotations":{%q:"%s"}},{"digest":%q,"annotations":{%q:"%s"}}]}`,
			digest.FromString("a"), ocispec.AnnotationRefName, evil, digest.FromString("b"), ocispec.AnnotationRefName, long))),
	} {
		_, err := source.Open(ctx, "archive://"+file(t, "a.tar", raw), source.OpenOptions{})
		if err == nil {
			t.Errorf("%s: opened", what)
		} else if s := err.Error(); len(s) > 4000 || strings.ContainsRune(s, 0x1b) {
			t.Errorf("%s: %d bytes: %.300q", what, len(s), s)
		}
	}
}

// Errors name the archive that they are about: a command line may have several.
func TestOpenErrorsNameTheArchive(t *testing.T) {
	p := file(t, "which.tar", testkit.Tar(t, testkit.File("README", "x")))
	refused(t, "archive://"+p, source.OpenOptions{}, "which.tar")
	refused(t, "archive://"+file(t, "what.tar", bytes.Repeat([]byte("x"), 2000)), source.OpenOptions{}, "what.tar")
	refused(t, "-", source.OpenOptions{Stdin: strings.NewReader("x")}, "standard input")
}

// An archive that ends between two files lacks its end.
func TestOpenArchiveWithoutAnEnd(t *testing.T) {
	raw := testkit.Tar(t, testkit.File("VERSION", "1.0"), testkit.File("manifest.json", "[]"))
	refused(t, "archive://"+file(t, "a.tar", raw[:1024]), source.OpenOptions{}, "cut short")
}

func TestOpenOnlyAttestations(t *testing.T) {
	raw := testkit.Tar(t, testkit.File("index.json", `{"manifests":[{"digest":"`+digest.FromString("a").String()+`","platform":{"os":"unknown","architecture":"unknown"}}]}`))
	refused(t, "archive://"+file(t, "a.tar", raw), source.OpenOptions{}, "no image in it")
}

// An image of docker save has a digest, too: its ID.
func TestOpenDockerSaveByID(t *testing.T) {
	raw, b := oldStyle(t, "old:1", testkit.Numbered(t, 1, 5000))
	var m ocispec.Manifest
	if err := json.Unmarshal(b.Blobs[b.Target.Digest], &m); err != nil {
		t.Fatal(err)
	}
	id := m.Config.Digest
	if img := whole(t, opened(t, "archive://"+file(t, "a.tar", raw)+"@"+id.String(), source.OpenOptions{}), nil); img.ID() != id {
		t.Errorf("ID %s, want %s", img.ID(), id)
	}
	whole(t, opened(t, "archive://-@"+id.String(), source.OpenOptions{Stdin: bytes.NewReader(raw)}), nil)
	refused(t, "archive://"+file(t, "a.tar", raw)+"@"+digest.FromString("x").String(), source.OpenOptions{}, "no image")
	lie := saved(t, `[{"Config":"`+id.Encoded()+`.json","Layers":[]}]`, "", testkit.File(id.Encoded()+".json", "{}"))
	refused(t, "archive://"+file(t, "a.tar", lie)+"@"+id.String(), source.OpenOptions{}, id.String())
}

func TestSchemeOfSkopeosOCI(t *testing.T) {
	if scheme, rest, err := schemeOf("oci:absent:1"); err != nil || scheme != "oci-dir" || rest != "absent:1" {
		t.Errorf("%q, %q, %v", scheme, rest, err)
	}
}
