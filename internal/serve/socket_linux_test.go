package serve

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tare-s-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// However many want one path, one has it at a time, and in the end nothing is left. The
// stale socket of a killed process is removed by one of them only.
func TestListenAtOnce(t *testing.T) {
	dir := shortDir(t)
	path := filepath.Join(dir, "s")
	stale, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	_ = stale.Close() // the file stays, as after a kill
	_ = stale.lock.File.Close()
	var inside, most, had atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				s, err := Listen(path)
				if err != nil {
					if !strings.Contains(err.Error(), "another tare serves this already, on "+path) {
						t.Error(err)
						return
					}
					continue
				}
				had.Add(1)
				if n := inside.Add(1); n > most.Load() {
					most.Store(n)
				}
				if _, err := os.Lstat(path); err != nil {
					t.Error(err)
				}
				inside.Add(-1)
				if err := s.Release(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if most.Load() != 1 || had.Load() < 8 {
		t.Errorf("%d at once, %d in all", most.Load(), had.Load())
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Errorf("%v %v", files, err)
	}
}

func TestWords(t *testing.T) {
	for path, want := range map[string]string{
		"/run/user/1000/b.sock": "unix:///run/user/1000/b.sock",
		"/a b/it's.sock":        `'unix:///a b/it'\''s.sock'`,
		"/$(x)/s":               "'unix:///$(x)/s'",
	} {
		if got := command(path); got != "docker buildx create --name tare --driver remote "+want {
			t.Errorf("%s: %s", path, got)
		}
	}
	for _, c := range []struct{ runtime, want string }{{"/run/user/7", "/run/user/7/tare/buildkit.sock"}, {"", "/s/engine/buildkit.sock"}, {"relative", "/s/engine/buildkit.sock"}} {
		if got := Default(c.runtime, "/s/engine"); got != c.want {
			t.Errorf("%q: %s", c.runtime, got)
		}
	}
}
