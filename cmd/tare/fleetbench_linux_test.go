package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tare/internal/scan"
	"tare/internal/testkit"
)

// TestBenchFleet measures scans by 1, 2 and 4 shards of one processor each (make bench-fleet): seconds, bytes of each shard, and that the
// bytes that come out are the same.
func TestBenchFleet(t *testing.T) {
	if os.Getenv("TARE_BENCH_FLEET") == "" {
		t.Skip("measures scans: make bench-fleet")
	}
	h := newHome(t)
	reg := testkit.NewRegistry(t)
	for i := range 24 { // a base of four, and two layers of their own
		own := [][]byte{randomLayer(t, uint64(i%4), 600), randomLayer(t, uint64(100+i), 200), randomLayer(t, uint64(200+i), 50)}
		reg.Push(t, fmt.Sprintf("team/app%d", i), "1", testkit.Image(t, testkit.Options{Layers: own}))
	}
	first := ""
	sources := append([]string{reg.Host}, strings.Fields(os.Getenv("TARE_BENCH_FLEET_SOURCES"))...)
	plan := filepath.Join(h.dir, "plan.json")
	h.tare(t, append([]string{"fleet", "plan", "-o", plan}, sources...)...)
	for _, n := range []int{1, 2, 4} {
		out := filepath.Join(h.dir, fmt.Sprint("out", n))
		var wg sync.WaitGroup
		did := make([]scan.Outcome, n)
		used := make([]time.Duration, n)
		began := time.Now()
		for i := range n {
			c := h.command("fleet", "scan", "--plan", plan, "--out", out, "--shard", fmt.Sprintf("%d/%d", i+1, n), "--parallel", "1", "--format", "json", "--quiet")
			c.Env = append(c.Env, "GOMAXPROCS=1")
			wg.Go(func() {
				b, err := c.Output()
				if err == nil {
					err = json.Unmarshal(b, &did[i])
				}
				if err != nil {
					t.Errorf("shard %d of %d: %v", i+1, n, err)
				}
				if u, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
					used[i] = time.Duration(u.Utime.Nano() + u.Stime.Nano())
				}
			})
		}
		wg.Wait()
		took := time.Since(began)
		least, most, cpu := did[0].Own.Bytes, int64(0), time.Duration(0)
		for i := range did {
			least, most, cpu = min(least, did[i].Own.Bytes), max(most, did[i].Own.Bytes), cpu+used[i]
		}
		all := did[0].All
		t.Logf("%d shards: %d layers, %.1f MB in %.1fs, %.1f MB/s; %.1fs of processors, %.1f MB/s each; shards have %.1f to %.1f MB", n, all.Layers, float64(all.Bytes)/1e6, took.Seconds(), float64(all.Bytes)/1e6/took.Seconds(),
			cpu.Seconds(), float64(all.Bytes)/1e6/cpu.Seconds(), float64(least)/1e6, float64(most)/1e6)
		if first == "" {
			first = out
			continue
		}
		for _, part := range []string{"plan.json", "layers"} {
			if text, err := exec.Command("diff", "-r", filepath.Join(first, part), filepath.Join(out, part)).CombinedOutput(); err != nil {
				t.Errorf("%d shards: %s differs: %s", n, part, text)
			}
		}
	}
}

// randomLayer is a layer of files that compress about as programs do.
func randomLayer(t *testing.T, seed uint64, files int) []byte {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // contents, no secrets
	var list []testkit.Entry
	for n := range files {
		var b strings.Builder
		for b.Len() < 20_000 {
			fmt.Fprintf(&b, "%x %d\n", r.Uint64(), r.IntN(100))
		}
		list = append(list, testkit.File(fmt.Sprintf("usr/lib/d%d/f%d", n%20, n), b.String()))
	}
	return testkit.Tar(t, list...)
}
