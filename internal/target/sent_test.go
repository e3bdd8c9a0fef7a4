package target_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/opencontainers/go-digest"
	"github.com/ulikunitz/xz"

	"tare/internal/image"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/target"
	"tare/internal/testkit"
	"tare/internal/units"
	"tare/internal/weigh"
)

// layersOf are the tars of the images of these tests; one stands twice.
func layersOf(t *testing.T) [][]byte {
	one, two := testkit.Numbered(t, 1, 60_000), testkit.Numbered(t, 2, 30_000)
	return [][]byte{one, two, testkit.Tar(t, testkit.File(".wh.file-1", "")), two}
}

// archives are ways to keep the layers in an archive.
func archives(t *testing.T, layers [][]byte) map[string][]byte {
	t.Helper()
	must := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	var diffs []digest.Digest
	var files, zips, xzs []string
	var entries, zipped, xzipped []testkit.Entry
	for _, l := range layers {
		d := digest.FromBytes(l)
		diffs, files, zips = append(diffs, d), append(files, d.Encoded()+".tar"), append(zips, d.Encoded()+".tar.gz")
		entries = append(entries, testkit.File(d.Encoded()+".tar", string(l)))
		zipped = append(zipped, testkit.File(d.Encoded()+".tar.gz", string(testkit.Gzip(t, l))))
		xzs = append(xzs, d.Encoded()+".tar.xz")
		xzipped = append(xzipped, testkit.File(d.Encoded()+".tar.xz", string(xzOf(t, l))))
	}
	cfg := must(map[string]any{"architecture": "amd64", "os": "linux", "config": map[string]any{}, "rootfs": map[string]any{"type": "layers", "diff_ids": diffs}})
	id := digest.FromString(cfg).Encoded() + ".json"
	saved := func(entries []testkit.Entry, files []string) []byte {
		return testkit.Tar(t, append(entries, testkit.File(id, cfg), testkit.File("manifest.json", must([]any{map[string]any{"Config": id, "RepoTags": []string{"app:1"}, "Layers": files}})))...)
	}

	layout := func(o testkit.Options, docker bool) []byte {
		o.Layers = layers
		b := testkit.Image(t, o)
		var out []testkit.Entry
		var blobs, names []string
		for d, body := range b.Blobs {
			out = append(out, testkit.File("blobs/sha256/"+d.Encoded(), string(body)))
		}
		var m struct {
			Config struct{ Digest digest.Digest }
			Layers []struct{ Digest digest.Digest }
		}
		if err := json.Unmarshal(b.Blobs[b.Target.Digest], &m); err != nil {
			t.Fatal(err)
		}
		for _, l := range m.Layers {
			blobs = append(blobs, "blobs/sha256/"+l.Digest.Encoded())
		}
		out = append(out, testkit.File("oci-layout", `{"imageLayoutVersion":"1.0.0"}`),
			testkit.File("index.json", must(map[string]any{"schemaVersion": 2, "manifests": []any{map[string]any{"mediaType": b.Target.MediaType, "digest": b.Target.Digest, "size": b.Target.Size, "annotations": map[string]string{"io.containerd.image.name": "docker.io/library/app:1"}}}})))
		if docker {
			out = append(out, testkit.File("manifest.json", must([]any{map[string]any{"Config": "blobs/sha256/" + m.Config.Digest.Encoded(), "RepoTags": append(names, "app:1"), "Layers": blobs}})))
		}
		return testkit.Tar(t, out...)
	}
	return map[string][]byte{
		"docker save":                             saved(entries, files),
		"docker save's form, compressed":          saved(zipped, zips),
		"docker save's form, in xz":               saved(xzipped, xzs),
		"docker save of Docker 25":                layout(testkit.Options{Compression: "none"}, true),
		"docker save of containerd's image store": layout(testkit.Options{}, true),
		"an OCI archive":                          layout(testkit.Options{}, false),
		"an OCI archive, not compressed":          layout(testkit.Options{Compression: "none"}, false),
		"Docker's media types, not compressed":    layout(testkit.Options{Compression: "none", Docker: true}, false),
	}
}

// xzOf compresses as no media type of a layer says.
func xzOf(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := xz.NewWriter(&out)
	if err == nil {
		_, err = w.Write(b)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// pushed loads an archive into a store and says what a push of it left in a registry, as an
// independent client sees it.
func pushed(t *testing.T, st *store.Store, archive []byte) int64 {
	t.Helper()
	reg := testkit.NewRegistry(t)
	recs, err := source.Load(t.Context(), st, bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	ref := reg.Host + "/team/app:1"
	recs[0].Name = ref
	if err := st.Put(recs[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := new(source.Registry).Push(t.Context(), st, ref, nil, nil); err != nil {
		t.Fatal(err)
	}
	r, err := name.ParseReference(ref, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	i, err := remote.Image(r)
	if err != nil {
		t.Fatal(err)
	}
	m, _ := i.Manifest()
	size, _ := i.Size()
	size += m.Config.Size
	seen := map[v1.Hash]bool{}
	for _, l := range m.Layers {
		if !seen[l.Digest] {
			seen[l.Digest] = true
			size += l.Size
		}
	}
	return size
}

// weighed weighs a word in a store.
func weighed(t *testing.T, st *store.Store, word string, o target.Options) *weigh.Result {
	t.Helper()
	f := finder(t, st, nothingToPull(t))
	var out *weigh.Result
	for range 2 { // the second time from what is kept
		set, err := f.Open(t.Context(), []string{word}, o)
		if err != nil {
			t.Fatal(err)
		}
		r, err := set.Report(t.Context(), 0, 10, nil)
		set.Close()
		if err != nil {
			t.Fatal(err)
		}
		if out != nil && (out.Sizes != r.Sizes || out.Layers[0].Transfer != r.Layers[0].Transfer) {
			t.Errorf("%s: what is kept says %+v, not %+v", word, r.Sizes, out.Sizes)
		}
		out = r
	}
	return out
}

// What a source that keeps layers uncompressed transfers is not known, nor any sum that it
// is in; what --compress works out is what a push sends, to the byte. Everything else is
// known at once, and what a push sends, too.
func TestTransferIsWhatAPushSends(t *testing.T) {
	layers := layersOf(t)
	unknown := map[string]bool{"docker save": true, "docker save's form, in xz": true, "docker save of Docker 25": true, "Docker's media types, not compressed": true}
	for how, archive := range archives(t, layers) {
		t.Run(how, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "app.tar")
			if err := os.WriteFile(file, archive, 0o644); err != nil {
				t.Fatal(err)
			}
			st := testkit.Store(t)
			r := weighed(t, st, "archive://"+file, target.Options{})
			if r.Sizes.Transfer.Known() == unknown[how] {
				t.Fatalf("transfer is %v", r.Sizes.Transfer)
			}
			if r.Sizes.Stored < 1000 || unknown[how] && !strings.HasSuffix(how, "xz") && r.Sizes.Stored < int64(len(layers[0])+len(layers[1])) {
				t.Errorf("%d bytes are stored", r.Sizes.Stored)
			}
			for _, l := range r.Layers {
				if want := l.Index < 4; unknown[how] && (l.Transfer.Known() == want || l.TransferFrom != image.SentUnknown) {
					t.Errorf("layer %d: %v, %s", l.Index, l.Transfer, l.TransferFrom)
				}
			}
			for _, f := range r.Largest {
				if f.Transfer.Known() == (unknown[how] && f.Layer < 4) {
					t.Errorf("%s of layer %d: %v", f.Path, f.Layer, f.Transfer)
				}
			}
			for _, w := range r.Wasted {
				if w.Transfer.Known() == unknown[how] {
					t.Errorf("waste: %+v", w)
				}
			}
			known := r.Sizes.Transfer
			if unknown[how] {
				known = weighed(t, st, "archive://"+file, target.Options{Compress: true}).Sizes.Transfer
			}
			there := testkit.Store(t)
			if sent := pushed(t, there, archive); known != units.Known(sent) {
				t.Errorf("transfer is %v, a push sends %d", known, sent)
			}
			// In the store it is the same, before and after.
			in := testkit.Store(t)
			if _, err := source.Load(t.Context(), in, bytes.NewReader(archive)); err != nil {
				t.Fatal(err)
			}
			if got := weighed(t, in, "app:1", target.Options{}).Sizes.Transfer; got.Known() == unknown[how] {
				t.Errorf("loaded: %v", got)
			}
			if got := weighed(t, there, "app:1", target.Options{}).Sizes.Transfer; got != known {
				t.Errorf("loaded and pushed: %v, want %v", got, known)
			}
		})
	}
}

// A blob that the store or a registry has of a layer tells what is transferred; with one
// layer that nobody knows, the sum is not known.
func TestKnownDiffIDs(t *testing.T) {
	layers := layersOf(t)
	file := filepath.Join(t.TempDir(), "app.tar")
	if err := os.WriteFile(file, archives(t, layers)["docker save"], 0o644); err != nil {
		t.Fatal(err)
	}
	word := "archive://" + file
	whole := testkit.Image(t, testkit.Options{Layers: layers, Compression: "zstd"})
	part := testkit.Image(t, testkit.Options{Layers: layers[1:2], Compression: "zstd"})
	sizes := func(b *testkit.Built) map[digest.Digest]int64 {
		out := map[digest.Digest]int64{}
		for d, body := range b.Blobs {
			out[d] = int64(len(body))
		}
		return out
	}
	check := func(t *testing.T, st *store.Store, from image.Sent, b *testkit.Built, known ...int) {
		t.Helper()
		r := weighed(t, st, word, target.Options{})
		for n, l := range r.Layers[:3] {
			want := l.TransferFrom == image.SentUnknown && !l.Transfer.Known()
			for _, k := range known {
				if k == n {
					want = l.TransferFrom == from && l.Transfer == units.Known(sizes(b)[l.Digest]) && l.Transfer != units.Known(0)
				}
			}
			if !want {
				t.Errorf("layer %d: %v of %s from %s", n+1, l.Transfer, l.Digest, l.TransferFrom)
			}
		}
		if r.Sizes.Transfer.Known() != (len(known) == 3) {
			t.Errorf("transfer: %v", r.Sizes.Transfer)
		}
	}
	for origin, from := range map[store.Origin]image.Sent{store.Pulled: image.SentRegistry, store.Loaded: image.SentStore} {
		t.Run(string(origin), func(t *testing.T) {
			st := testkit.Store(t)
			check(t, st, from, part)
			testkit.Put(t, st, "part:1", origin, part)
			check(t, st, from, part, 1)
			testkit.Put(t, st, "whole:1", origin, testkit.Index(t, whole))
			check(t, st, from, whole, 0, 1, 2)
		})
	}
	t.Run("registry", func(t *testing.T) {
		st, reg := testkit.Store(t), testkit.NewRegistry(t)
		reg.Push(t, "team/app", "1", whole)
		weighed(t, st, "registry://"+reg.Host+"/team/app:1", target.Options{})
		// Manifests alone tell it, too, and in one command the order does not matter.
		fresh := testkit.Store(t)
		for _, words := range [][]string{{word, "registry://" + reg.Host + "/team/app:1"}, {"registry://" + reg.Host + "/team/app:1", word}} {
			for _, st := range []*store.Store{fresh, testkit.Store(t)} {
				f := finder(t, st, nothingToPull(t))
				set, err := f.Open(t.Context(), words, target.Options{})
				if err != nil {
					t.Fatal(err)
				}
				defer set.Close()
				if st == fresh {
					err = set.Sent(t.Context())
				} else {
					_, err = set.Facts(t.Context())
				}
				if err != nil {
					t.Fatal(err)
				}
				for _, i := range set.Images {
					for n := range i.Push.Layers {
						if size := i.Push.Size(n); size != units.Known(sizes(whole)[i.Push.Layers[n].Digest]) || size == units.Known(0) {
							t.Errorf("%v: layer %d of %s: %v", words, n+1, i.Name, size)
						}
					}
				}
			}
		}
		check(t, fresh, image.SentRegistry, part) // a manifest does not tell what a file's share is
		reg.Close()                               // what was read there is remembered
		check(t, st, image.SentRegistry, whole, 0, 1, 2)
	})
}

// Nothing is compressed that nobody asked for.
func TestNothingIsCompressedUnasked(t *testing.T) {
	file := filepath.Join(t.TempDir(), "app.tar")
	if err := os.WriteFile(file, archives(t, layersOf(t))["docker save"], 0o644); err != nil {
		t.Fatal(err)
	}
	st := testkit.Store(t)
	kept := func() int {
		list, _ := filepath.Glob(filepath.Join(st.Root(), "cache", "push-*", "*"))
		return len(list)
	}
	if weighed(t, st, "archive://"+file, target.Options{}); kept() != 0 {
		t.Errorf("%d layers were compressed", kept())
	}
	r := weighed(t, st, "archive://"+file, target.Options{Compress: true})
	if kept() != 3 || r.Layers[0].TransferFrom != image.SentPacked || !strings.Contains(r.Layers[0].MediaType, "gzip") {
		t.Errorf("%d layers are kept; %+v", kept(), r.Layers[0])
	}
}
