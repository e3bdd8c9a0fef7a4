package builds_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tare/internal/builds"
	"tare/internal/engine"
	"tare/internal/testkit"
)

// What was sent and is taken by no operation is known file by file, and only where the
// builder told what it asked for.
func TestIdle(t *testing.T) {
	r, out := made(t)
	for _, name := range []string{"data/a/big", "data/b", "src/x/used", "src/y/idle", "link/z"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(r.Context, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(r.Context, name), strings.Repeat("x", 100*len(name)))
	}
	b := builds.Open(testkit.Store(t))
	take := func(list ...engine.Take) string {
		t.Helper()
		out.Ops[4].Takes = out.Ops[4].Takes[:1]
		for _, x := range list {
			x.Input = out.Ops[0].Digest
			out.Ops[4].Takes = append(out.Ops[4].Takes, x)
		}
		i := b.Made(r, out).Idle
		if i == nil {
			return "unknown"
		}
		return strings.Join(i.Top, " ")
	}
	all := map[string]bool{"main.c": true, "data/a/big": true, "data/b": true, "src/x/used": true, "src/y/idle": true, "gone": true}
	out.Sent = map[string]map[string]bool{"context": all}
	if got := take(engine.Take{Source: "/src/x"}); got != "data src/y" {
		t.Errorf("%s", got)
	}
	if i := b.Made(r, out).Idle; i.Files != 3 || i.Bytes != 2600 {
		t.Errorf("%+v", i)
	}
	// A bind mount takes its source, a pattern what matches, --exclude all but that.
	if got := take(engine.Take{Source: "/data"}, engine.Take{Source: "/src/*", Wildcard: true}); got != "" {
		t.Errorf("%s", got)
	}
	if got := take(engine.Take{Source: "/", Exclude: []string{"data"}}); got != "data" {
		t.Errorf("%s", got)
	}
	if got := take(engine.Take{Source: "/"}); got != "" {
		t.Errorf("%s", got)
	}
	// The builder had these already: nothing was sent.
	out.Sent = map[string]map[string]bool{}
	if got := take(); got != "" {
		t.Errorf("%s", got)
	}
	out.Sent = nil
	if got := take(); got != "unknown" {
		t.Errorf("%s", got)
	}
}
