package store_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/store"
	"tare/internal/testkit"
)

// claims puts an image into the store whose layer claims to unpack to diff: as a pull
// does, which reads no more than the blob's digest.
func claims(t *testing.T, s *store.Store, name string, blob []byte, diff digest.Digest) {
	t.Helper()
	write := func(media string, b []byte) ocispec.Descriptor {
		d := ocispec.Descriptor{MediaType: media, Digest: digest.FromBytes(b), Size: int64(len(b))}
		if err := s.Write(t.Context(), bytes.NewReader(b), d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	asJSON := func(v any) []byte {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	l := write(ocispec.MediaTypeImageLayerGzip, blob)
	cfg := write(ocispec.MediaTypeImageConfig, asJSON(map[string]any{"architecture": "amd64", "os": "linux", "rootfs": map[string]any{"type": "layers", "diff_ids": []any{diff}}}))
	m := write(ocispec.MediaTypeImageManifest, asJSON(ocispec.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, Config: cfg, Layers: []ocispec.Descriptor{l}}))
	if err := s.Put(store.Record{Name: "docker.io/library/" + name, Target: m, Origin: store.Pulled}); err != nil {
		t.Fatal(err)
	}
}

// Blobs may be what their digests say, and yet no layers of their images.
func TestCheckUnpacksLayers(t *testing.T) {
	tar := testkit.Numbered(t, 1, 50_000)
	gz := testkit.Gzip(t, tar)
	for what, c := range map[string]struct {
		blob []byte
		diff digest.Digest
		say  string // "" for nothing
	}{
		"whole":           {gz, digest.FromBytes(tar), ""},
		"a sha512 DiffID": {gz, digest.SHA512.FromBytes(tar), ""},
		"another layer":   {testkit.Gzip(t, testkit.Numbered(t, 2, 10)), digest.FromBytes(tar), "instead of"},
		"cut":             {gz[:len(gz)/2], digest.FromBytes(tar), "EOF"},
		"cut tar":         {tar[:20_000], digest.FromBytes(tar[:20_000]), "EOF"},
		"garbage":         {[]byte("garbage"), digest.FromString("garbage"), "layer"},
	} {
		s := testkit.Store(t)
		testkit.Put(t, s, "good:1", store.Pulled, img(t, 2))
		claims(t, s, "odd:1", c.blob, c.diff)
		for range 2 {
			got := check(t, s, false)
			if c.say == "" && !got.Clean || c.say != "" && (got.Clean || !strings.Contains(texts(got), "odd:1") || !strings.Contains(texts(got), c.say)) {
				t.Errorf("%s: %s", what, texts(got))
			}
			if strings.Contains(texts(got), "good:1") || got.Layers < 2 || got.Unread != 0 {
				t.Errorf("%s: %d layers, %d not: %s", what, got.Layers, got.Unread, texts(got))
			}
		}
		if c.say == "" {
			continue
		}
		if fix := check(t, s, true); !fix.Clean {
			t.Errorf("%s: repaired %s", what, texts(fix))
		}
		if recs, _ := s.Records(); len(recs) != 1 {
			t.Errorf("%s: after a repair: %v", what, recs)
		}
	}
}

// What was looked into once is not read again; what cannot be, is said not to be.
func TestCheckRemembersLayers(t *testing.T) {
	tar := testkit.Numbered(t, 1, 300_000)
	s := testkit.Store(t)
	claims(t, s, "app:1", testkit.Gzip(t, tar), digest.FromBytes(tar))
	t.Setenv("TARE_MAX_LAYER", "100000")
	got := check(t, s, false)
	if got.Unread != 1 || got.Layers != 0 || !got.Clean || !strings.Contains(fmt.Sprint(got.Notes), "not checked") || !strings.Contains(fmt.Sprint(got.Notes), "TARE_MAX_LAYER") {
		t.Errorf("%+v", got)
	}
	t.Setenv("TARE_MAX_LAYER", "")
	if got = check(t, s, false); got.Unread != 0 || got.Layers != 1 {
		t.Errorf("%+v", got)
	}
	// It would be read now and be too large, if it were read.
	t.Setenv("TARE_MAX_LAYER", "100000")
	if got = check(t, s, false); got.Unread != 0 || got.Layers != 1 || !got.Clean {
		t.Errorf("%+v", got)
	}
	// A damaged record is none.
	files, _ := filepath.Glob(filepath.Join(s.Root(), "cache", "diffid-v1", "*"))
	if len(files) != 1 {
		t.Fatal(files)
	}
	if err := os.WriteFile(files[0], []byte("sha256:..."), 0o644); err != nil {
		t.Fatal(err)
	}
	if got = check(t, s, false); got.Unread != 1 {
		t.Errorf("%+v", got)
	}
}
