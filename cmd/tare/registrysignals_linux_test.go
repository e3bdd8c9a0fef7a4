package main

import (
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tare/internal/store"
	"tare/internal/testkit"
)

// TestSignalsEndWaiting stops the real program while it waits for a registry that says
// nothing, at every place where it may.
func TestSignalsEndWaiting(t *testing.T) {
	b := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 300_000), testkit.Numbered(t, 2, 200_000)}})
	config, layer := parts(b)
	wait := func(w http.ResponseWriter, r *http.Request) { pause(r, time.Minute) }
	ways := map[string]func(http.ResponseWriter, *http.Request){
		"silent": wait,
		"trickling": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(200)
			trickle(w, r, 100*time.Millisecond)
		},
		"putting off": status(429, "Retry-After", "60"),
		"endless error": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(500)
			trickle(w, r, 100*time.Millisecond)
		},
	}
	var mu sync.Mutex
	var worst time.Duration
	n := 0
	for name, do := range ways {
		for _, p := range places(config, layer) {
			if p.command == "build" && (engineMissing() != nil || name != "silent") {
				continue
			}
			n++
			sig := []syscall.Signal{syscall.SIGTERM, syscall.SIGINT}[n%2]
			t.Run(p.command+" "+p.name+" "+name, func(t *testing.T) {
				reg := testkit.NewRegistry(t)
				reg.Push(t, "app", "1", b)
				hit := make(chan struct{}, 1000)
				var sent atomic.Int64
				host, free := misbehaving(b, reg, p, func(w http.ResponseWriter, r *http.Request) {
					hit <- struct{}{}
					do(w, r)
				}, &sent)
				defer free()
				h := newHome(t)
				c := h.start(t, commandAt(t, h, p, host)...)
				select {
				case <-hit:
				case <-c.ended:
					t.Fatalf("it ended before: %s", c.err.String())
				case <-time.After(patience):
					t.Fatal("the registry was not asked")
				}
				time.Sleep(150 * time.Millisecond)
				select {
				case <-c.ended:
					t.Skip("it did not wait here")
				default:
				}
				begin := time.Now()
				c.signal(sig)
				c.wait()
				took := time.Since(begin)
				mu.Lock()
				worst = max(worst, took)
				mu.Unlock()
				if took > promptly {
					t.Errorf("%v took %v", sig, took)
				}
				if c.code == 0 {
					t.Errorf("exit code 0 after %v", sig)
				}
			})
		}
	}
	t.Logf("at most %v after a signal, %d cases", worst.Round(time.Millisecond), n)
}

// commandAt is the command line that meets a registry at a place.
func commandAt(t testing.TB, h *home, p place, host string) []string {
	t.Helper()
	switch p.command {
	case "weigh":
		return []string{"weigh", "registry://" + host + "/app:1"}
	case "login":
		return []string{"login", "-u", "me", "-p", "sesame", host}
	case "push":
		st, err := store.Open(h.store())
		if err != nil {
			t.Error(err)
			return nil
		}
		other := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 3, 300_000)}})
		testkit.Put(t, st, host+"/new:1", store.Pulled, other)
		return []string{"push", host + "/new:1"}
	case "build":
		return []string{"build", "-q", h.write(t, "ctx/Dockerfile", "FROM "+host+"/app:1\nLABEL a=b\n")}
	}
	return []string{"pull", host + "/app:1"}
}
