package store_test

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/opencontainers/go-digest"

	"tare/internal/store"
	"tare/internal/testkit"
)

// du counts as `du -sx --block-size=1` does: blocks, every inode once.
func du(t testing.TB, root string) int64 {
	t.Helper()
	var n int64
	seen := map[uint64]bool{}
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		var st syscall.Stat_t
		if err == nil {
			err = syscall.Lstat(path, &st)
		}
		if !seen[st.Ino] {
			seen[st.Ino] = true
			n += st.Blocks * 512
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// directories is how far names may let directories grow or shrink, and index.json.
const directories = 64 << 10

// Whatever happens to a store, its parts sum to what du says, what a prune says it will
// free is what it frees, and that is what the disk gets back. The build cache is links to
// blobs, and files of its own.
func TestSpaceIsWhatDuSays(t *testing.T) {
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 2))
	t.Logf("seed %d", seed)
	s := testkit.Store(t)
	engine := filepath.Join(s.EngineRoot(), "worker-overlayfs")
	cached := filepath.Join(engine, "content", "blobs", "sha256")
	snapshots := filepath.Join(engine, "snapshots", "snapshots")
	for _, d := range []string{cached, snapshots, filepath.Join(s.Root(), "ingest", "x")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write := func(path string, n int) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, make([]byte, n), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(s.EngineRoot(), "cache.db"), 50_000)
	for n := range 60 {
		switch rnd.IntN(7) {
		case 0, 1: // a pull: some layers are those of others
			o := testkit.Options{Layers: [][]byte{testkit.Numbered(t, rnd.IntN(4), 200_000), testkit.Numbered(t, n+10, 50_000)}}
			testkit.Put(t, s, fmt.Sprintf("app:%d", rnd.IntN(6)), store.Pulled, testkit.Image(t, o))
		case 2: // a build on it: links, and a snapshot
			blobs, _ := filepath.Glob(filepath.Join(s.Root(), "blobs", "sha256", "*"))
			for _, b := range blobs {
				if rnd.IntN(3) == 0 {
					_ = os.Link(b, filepath.Join(cached, filepath.Base(b)))
				}
			}
			write(filepath.Join(snapshots, fmt.Sprint(n), "fs", "file"), rnd.IntN(100_000))
			_ = os.Link(filepath.Join(snapshots, fmt.Sprint(n), "fs", "file"), filepath.Join(snapshots, fmt.Sprint(n), "fs", "again"))
		case 3:
			if rec, err := s.Find(ctx, fmt.Sprintf("app:%d", rnd.IntN(6))); err == nil {
				rec.Name = fmt.Sprintf("docker.io/library/app:%d", rnd.IntN(6))
				if err := s.Put(rec); err != nil {
					t.Fatal(err)
				}
			}
		case 4:
			s.KeepBytes("index-v1", digest.FromString(fmt.Sprint(n)), make([]byte, rnd.IntN(30_000)))
		case 5:
			before := du(t, s.Root())
			if _, err := s.Remove(ctx, []string{fmt.Sprintf("app:%d", rnd.IntN(6))}, rnd.IntN(2) == 0); err != nil {
				t.Fatal(err)
			}
			f, err := s.Collect(ctx)
			if got := before - du(t, s.Root()); err != nil || abs(got-f.Bytes) > directories {
				t.Fatalf("step %d: rmi says it freed %d, the disk got %d: %v", n, f.Bytes, got, err)
			}
		case 6: // image prune; then the build cache goes, too
			before, space := du(t, s.Root()), measure(t, s)
			list, err := s.Dangling(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range list {
				if err := s.Forget(r.Target.Digest); err != nil {
					t.Fatal(err)
				}
			}
			f, err := s.Collect(ctx)
			if got := before - du(t, s.Root()); err != nil || abs(got-f.Bytes) > directories {
				t.Fatalf("step %d: prune says it freed %d, the disk got %d: %v", n, f.Bytes, got, err)
			}
			if err := os.RemoveAll(cached); err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(cached, 0o755); err != nil {
				t.Fatal(err)
			}
			left, _ := os.ReadDir(snapshots)
			for _, e := range left {
				if err := os.RemoveAll(filepath.Join(snapshots, e.Name())); err != nil {
					t.Fatal(err)
				}
			}
			if got, want := before-du(t, s.Root()), space.Dead+space.Cache.Bytes; abs(got-want) > directories {
				t.Fatalf("step %d: %d are reclaimable, the disk got %d", n, want, got)
			}
			if now := measure(t, s); now.Cache.Bytes != 0 || now.Dead != 0 {
				t.Fatalf("step %d: left after pruning all: %+v", n, now)
			}
		}
		if got, want := measure(t, s).Total(), du(t, s.Root()); got != want {
			t.Fatalf("step %d: the parts sum to %d, du says %d: %+v", n, got, want, measure(t, s))
		}
	}
}

func measure(t testing.TB, s *store.Store) store.Space {
	t.Helper()
	space, err := s.Space(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return space
}

func abs(n int64) int64 { return max(n, -n) }
