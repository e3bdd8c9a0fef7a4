package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tare/internal/store"
)

// A name never leads out of where it may lead.
func FuzzNormalize(f *testing.F) {
	for _, s := range []string{"", "a", "a:b", "a@sha256:0", "h:1/a/b:c", "../x", "A", "a b", "\x00", "localhost/x", "[::1]:5000/x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := store.Normalize(s)
		if err != nil {
			return
		}
		if again, err := store.Normalize(n.String()); err != nil || again.String() != n.String() {
			t.Fatalf("%q became %q, and that %v (%v)", s, n, again, err)
		}
		if strings.ContainsAny(n.String(), " \x00\n\x1b") || strings.Contains(n.String(), "..") {
			t.Fatalf("%q became %q", s, n)
		}
	})
}

// An index.json that somebody else wrote is read, or refused.
func FuzzIndex(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"manifests":[]}`))
	f.Add([]byte(`{"manifests":[{"mediaType":"x","digest":"sha256:0","size":-1,"annotations":{"org.opencontainers.image.ref.name":"a"}},null]}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		for name, body := range map[string][]byte{"oci-layout": []byte(`{"imageLayoutVersion":"1.0.0"}`), "index.json": b} {
			if err := os.WriteFile(filepath.Join(dir, name), body, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		s, err := store.Open(dir)
		if err != nil {
			return
		}
		if recs, err := s.Records(); err == nil {
			for _, r := range recs {
				_, _ = s.Find(context.Background(), r.Name)
			}
		}
		_, _ = s.Check(context.Background(), store.CheckOptions{})
		if got, err := os.ReadFile(filepath.Join(dir, "index.json")); err != nil || string(got) != string(b) {
			t.Fatalf("to look at it changed it: %v", err)
		}
	})
}
