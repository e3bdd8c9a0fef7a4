package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/store"
	"tare/internal/testkit"
)

// tmpfs mounts a small file system of its own, or skips the test.
func tmpfs(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("cannot mount a small tmpfs: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

func blob(n int) ([]byte, ocispec.Descriptor) {
	b := bytes.Repeat([]byte("x"), n)
	return b, ocispec.Descriptor{MediaType: ocispec.MediaTypeImageLayerGzip, Digest: digest.FromBytes(b), Size: int64(n)}
}

// writes are all that writes to a store. Each error must say what was being done.
var writes = map[string]struct {
	do  func(s *store.Store) error
	say string
}{
	"fetch": {func(s *store.Store) error {
		b, d := blob(1 << 20)
		return s.Fetch(ctx, &fetcher{body: b}, d, nil)
	}, "blob sha256:"},
	"write": {func(s *store.Store) error {
		b, d := blob(1 << 20)
		return s.Write(ctx, bytes.NewReader(b), d)
	}, "blob sha256:"},
	"put": {func(s *store.Store) error {
		return s.Put(store.Record{Name: "docker.io/library/new:" + strings.Repeat("x", 100)})
	}, "index.json"},
	"untag":  {func(s *store.Store) error { return s.Untag("docker.io/library/small:latest") }, "index.json"},
	"hold":   {func(s *store.Store) error { _, err := s.Hold(ctx); return err }, "hold.lock"},
	"repair": {func(s *store.Store) error { _, err := s.Check(ctx, store.CheckOptions{Repair: true}); return err }, "check "},
}

// fill takes the last byte of a small file system.
func fill(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil { // to the last page
		_, err = f.Write(make([]byte, 4096))
	}
	_ = f.Close()
}

// On a full disk what adds bytes says so and what to do; what changes names works, since
// that is how room is made. What was there before stays.
func TestDiskFull(t *testing.T) {
	for name, w := range writes {
		t.Run(name, func(t *testing.T) {
			dir := tmpfs(t, "size=256k")
			s := open(t, dir)
			small := img(t, 1)
			testkit.Put(t, s, "small", store.Built, small)
			testkit.Put(t, s, "again", store.Built, small)
			fill(t, dir)
			err := w.do(s)
			if name != "fetch" && name != "write" {
				if err != nil {
					t.Error(err)
				}
			} else if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "make room (tare system prune)") || !strings.Contains(err.Error(), w.say) {
				t.Errorf("%v", err)
			}
			if err := whole(t, s, "again", small); err != nil {
				t.Errorf("the image that was there: %v", err)
			}
			if err := os.Remove(filepath.Join(dir, "ballast")); err != nil {
				t.Fatal(err)
			}
			if c := check(t, s, true); !c.Clean && name != "put" { // that one leads to nothing
				t.Error(texts(c))
			}
			if c := check(t, s, false); !c.Clean {
				t.Error(texts(c))
			}
		})
	}
}

// A disk that stays full while names come and go, in any order, never says no.
func TestNamesOnFullDisk(t *testing.T) {
	for _, c := range []struct{ name, options string }{
		{"bytes", "size=512k"},
		{"inodes", "nr_inodes=120"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := tmpfs(t, c.options)
			s := open(t, dir)
			for n := range 5 {
				testkit.Put(t, s, fmt.Sprint("app:", n), store.Built, img(t, n))
			}
			full := func() {
				if c.name == "bytes" {
					fill(t, dir)
					return
				}
				for n := 0; ; n++ {
					f, err := os.Create(filepath.Join(dir, fmt.Sprint("ballast-", n)))
					if errors.Is(err, syscall.ENOSPC) {
						return
					}
					if err == nil {
						err = f.Close()
					}
					if err != nil && !errors.Is(err, fs.ErrExist) {
						t.Fatal(err)
					}
				}
			}
			for n := range 5 {
				full()
				rec, err := s.Find(ctx, fmt.Sprint("app:", n))
				if err != nil {
					t.Fatal(err)
				}
				for i := range 20 {
					rec.Name = fmt.Sprintf("docker.io/library/tag:%d-%d", n, i)
					if err := s.Put(rec); err != nil {
						t.Fatalf("tag %d of image %d: %v", i, n, err)
					}
				}
				list, err := s.Remove(ctx, []string{fmt.Sprint("app:", n), fmt.Sprintf("tag:%d-0", n)}, false)
				if err != nil || list[0].Err != nil || list[1].Err != nil {
					t.Fatalf("rmi of image %d: %v, %v", n, err, list)
				}
				var refs []string
				for i := range 20 {
					refs = append(refs, fmt.Sprintf("tag:%d-%d", n, i))
				}
				if list, err = s.Remove(ctx, refs, false); err != nil || list[19].Deleted == "" {
					t.Fatalf("rmi of image %d: %v, %v", n, err, list)
				}
				f, err := s.Collect(ctx)
				if err != nil || len(f.Blobs) < 2 || f.Bytes == 0 {
					t.Fatalf("collect %d: %v, %v", n, f, err)
				}
			}
			if c := check(t, s, false); !c.Clean {
				t.Error(texts(c))
			}
		})
	}
}

// A store without a reserve, as an earlier tare left it, gives up what is derived.
func TestFullDiskWithoutReserve(t *testing.T) {
	dir := tmpfs(t, "size=256k")
	s := open(t, dir)
	testkit.Put(t, s, "small", store.Built, img(t, 1))
	if err := os.Remove(filepath.Join(dir, "reserve")); err != nil {
		t.Fatal(err)
	}
	s.KeepBytes("index-v1", digest.FromString("x"), bytes.Repeat([]byte("x"), 20000))
	fill(t, dir)
	if err := s.Untag("docker.io/library/small:latest"); err != nil {
		t.Fatal(err)
	}
	if s.Get("index-v1", digest.FromString("x"), nil) {
		t.Error("the cache is still there")
	}
	if f, err := s.Collect(ctx); err != nil || len(f.Blobs) != 0 { // it is dangling
		t.Errorf("%v, %v", f, err)
	}
	_ = os.Remove(filepath.Join(dir, "reserve"))
	fill(t, dir)
	if err := os.RemoveAll(filepath.Join(dir, "cache")); err != nil {
		t.Fatal(err)
	}
	err := s.Put(store.Record{Name: "docker.io/library/new:1"})
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "make room") {
		t.Errorf("nothing is left to give up: %v", err)
	}
}

// A store on a read-only file system can be looked at, and says why it cannot be
// changed.
func TestReadOnly(t *testing.T) {
	dir := tmpfs(t, "")
	small := img(t, 1)
	testkit.Put(t, open(t, dir), "small", store.Built, small)
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	if err := whole(t, s, "small", small); err != nil {
		t.Error(err)
	}
	if c := check(t, s, false); !c.Clean {
		t.Error(texts(c))
	}
	for name, w := range writes {
		err := w.do(s)
		if name == "hold" || name == "repair" { // locks work there, and nothing is to be repaired
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), "read-only file system") || !strings.Contains(err.Error(), "TARE_HOME") || !strings.Contains(err.Error(), w.say) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := store.Open(filepath.Join(dir, "new")); err == nil || !strings.Contains(err.Error(), "image store "+dir) {
		t.Errorf("%v", err)
	}
}

// TestForbidden runs itself as a user who may read the store but not write it.
func TestForbidden(t *testing.T) {
	if root := os.Getenv("STORE_TEST_FORBIDDEN"); root != "" {
		s := open(t, root)
		if recs, err := s.Records(); err != nil || len(recs) != 1 {
			t.Errorf("%v, %v", recs, err)
		}
		for name, w := range writes {
			err := w.do(s)
			if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "TARE_HOME") {
				t.Errorf("%s: %v", name, err)
			} else if !strings.Contains(err.Error(), w.say) {
				t.Errorf("%s: %v does not name what", name, err)
			}
		}
		if c, err := s.Check(ctx, store.CheckOptions{}); err != nil || !c.Clean {
			t.Errorf("%v, %v", c, err)
		}
		return
	}
	if os.Getuid() != 0 {
		t.Skip("needs root, to be somebody else")
	}
	top, err := os.MkdirTemp("", "tare-test-") // t.TempDir is closed to others
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(top) }()
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(top, "test")
	if err := errors.Join(os.WriteFile(exe, self, 0o755), os.Chmod(top, 0o755)); err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(top, "store")
	testkit.Put(t, open(t, root), "small", store.Built, img(t, 1))
	// Its owner lets others read it, which tare itself does not.
	if out, err := exec.Command("find", root, "-not", "-name", "*.lock", "-exec", "chmod", "a+rX", "{}", "+").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(exe, "-test.run", "^TestForbidden$")
	cmd.Dir, cmd.Env = top, append(os.Environ(), "STORE_TEST_FORBIDDEN="+root)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
