package main

import (
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tare/internal/testkit"
)

// TestWaitingForAnothersLayer has one pull hold a layer that does not come. Another one
// says what it waits for, ends when told to, and else gets the layer once the first has
// given up.
func TestWaitingForAnothersLayer(t *testing.T) {
	b := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 300_000)}})
	_, layer := parts(b)
	reg := testkit.NewRegistry(t)
	reg.Push(t, "app", "1", b)
	var asked, stuck atomic.Int32
	host, free := misbehaving(b, reg, place{name: "layer", hit: func(r *http.Request, _ *testkit.Built) bool {
		return strings.Contains(r.URL.Path, layer.String()) && asked.Add(1) <= stuck.Load()
	}}, func(_ http.ResponseWriter, r *http.Request) { pause(r, time.Minute) }, &atomic.Int64{})
	defer free()
	h := newHome(t)
	h.set("TARE_REGISTRY_STALL", "1s")
	stuck.Store(1000)
	first := h.start(t, "pull", host+"/app:1")
	until(t, "the first asks for the layer", func() bool { return asked.Load() > 0 })
	second := h.start(t, "pull", host+"/app:1")
	until(t, "the second says what it waits for", func() bool {
		return strings.Contains(second.out.String()+second.err.String(), "Waiting for another tare")
	})
	second.stop(syscall.SIGTERM, 130)
	third := h.start(t, "pull", host+"/app:1")
	stuck.Store(0) // the next time somebody asks, it comes
	for _, p := range []*process{first, third} {
		if code := p.wait(); code != 0 {
			t.Errorf("exit code %d: %s", code, p.err.String())
		}
	}
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not seen: " + what)
		}
	}
}
