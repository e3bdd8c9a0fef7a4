package cut

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// A cut path keeps its file name, its first directory, and is a part of one path.
func TestCutPath(t *testing.T) {
	for _, c := range []struct {
		path string
		n    int
		want string
	}{
		{"/usr/lib/libpython3.so", 40, "/usr/lib/libpython3.so"},
		{"/usr/lib/x86_64-linux-gnu/libpython3.so", 21, "/usr/…/libpython3.so"},
		{"/usr/lib/python3.11/site-packages/pip/core.pyc", 35, "/usr/…/site-packages/pip/core.pyc"},
		{"/usr/lib/libpython3.so", 17, "/…/libpython3.so"},
		{"/usr/lib/libpython3.so", 10, "…ython3.so"},
		{"/libpython3.so", 8, "…hon3.so"},
		{"/usr/share/doc/a/", 10, "/usr/…/a/"},
	} {
		if got := To(c.path, c.n, Path); got != c.want {
			t.Errorf("%s in %d: %s, want %s", c.path, c.n, got, c.want)
		}
	}
	rng := rand.New(rand.NewPCG(7, 8))
	for range 3000 {
		var parts []string
		for range 1 + rng.IntN(8) {
			parts = append(parts, strings.Repeat(string(rune('a'+rng.IntN(26))), 1+rng.IntN(12)))
		}
		path, n := "/"+strings.Join(parts, "/"), 4+rng.IntN(60)
		got := cutPath(path, n)
		if Width(path) <= n {
			got = To(path, n, Path)
		}
		head, tail, cut := strings.Cut(got, "…")
		if Width(got) > n || !strings.HasPrefix(path, head) || cut && !strings.HasSuffix(path, tail) || len(head)+len(tail) > len(path) {
			t.Fatalf("%s in %d: %s", path, n, got)
		}
		if name := parts[len(parts)-1]; Width(name)+4 <= n && !strings.HasSuffix(got, "/"+name) {
			t.Fatalf("%s in %d: %s has no file name", path, n, got)
		}
	}
}
