package store_test

import (
	"strings"
	"testing"

	"github.com/distribution/reference"

	"tare/internal/store"
)

func TestTagOrDigest(t *testing.T) {
	sum := "sha256:" + strings.Repeat("a1", 32)
	for _, c := range []struct{ ref, want string }{
		{"app", "latest"}, {"app:1", "1"}, {"host:5000/app", "latest"}, {"app@" + sum, sum}, {"app:1@" + sum, sum},
	} {
		n, err := reference.ParseNormalizedNamed(c.ref)
		if err != nil {
			t.Fatal(err)
		}
		if got := store.TagOrDigest(n); got != c.want {
			t.Errorf("%s: %s, want %s", c.ref, got, c.want)
		}
	}
}

func TestTagged(t *testing.T) {
	for ref, want := range map[string]bool{
		"app": false, "app:1": true, "host:5000/app": false, "host:5000/app:1": true, "app@sha256:abc": true, "host:5000/a/b": false,
	} {
		if got := store.Tagged(ref); got != want {
			t.Errorf("%s: %v", ref, got)
		}
	}
}
