package store_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/containerd/log"

	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/testkit"
)

var errPower = errors.New("the power is gone")

// crashing is a disk that stops at one operation: that one and all later ones fail.
// lose then takes away what a real disk may lose: bytes that were not synced, and
// names that were made, moved or removed in a directory that was not synced since.
type crashing struct {
	mu    sync.Mutex
	left  int                     // operations until the crash; negative: never
	last  string                  // the operation that it stopped at
	bytes map[string]int64        // file -> bytes on the disk, for files with more than those
	undo  map[string][]func() int // directory -> how to take back its changes, in order
	keep  string                  // where removed and replaced files lie until they are certain
	seq   int
}

func newCrashing(keep string, at int) *crashing {
	return &crashing{left: at, bytes: map[string]int64{}, undo: map[string][]func() int{}, keep: keep}
}

// step is called before every operation. The caller holds mu.
func (c *crashing) step(format string, a ...any) error {
	if c.left == 0 {
		if c.last == "" {
			c.last = fmt.Sprintf(format, a...)
		}
		return errPower
	}
	c.left--
	return nil
}

// aside keeps the file at path for an undo, and returns how to put it back.
func (c *crashing) aside(path string) func() {
	c.seq++
	to := filepath.Join(c.keep, fmt.Sprint(c.seq))
	if os.Link(path, to) != nil {
		return func() { _ = os.Remove(path) }
	}
	return func() { _ = os.Remove(path); _ = os.Link(to, path) }
}

func (c *crashing) later(path string, undo func()) {
	dir := filepath.Dir(path)
	c.undo[dir] = append(c.undo[dir], func() int { undo(); return 0 })
}

func (c *crashing) Mkdir(path string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.step("mkdir %s", path); err != nil {
		return err
	}
	return store.Disk.Mkdir(path) // an empty directory that is lost harms nobody
}

func (c *crashing) Open(path string, truncate bool) (store.File, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.step("open %s", path); err != nil {
		return nil, err
	}
	if _, err := os.Lstat(path); err != nil {
		c.later(path, func() { _ = os.Remove(path) })
	}
	f, err := store.Disk.Open(path, truncate)
	return &crashingFile{f, c}, err
}

func (c *crashing) Temp(dir, pattern string) (store.File, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.step("temp %s", pattern); err != nil {
		return nil, err
	}
	f, err := store.Disk.Temp(dir, pattern)
	if err == nil {
		c.later(f.Name(), func() { _ = os.Remove(f.Name()) })
	}
	return &crashingFile{f, c}, err
}

func (c *crashing) Rename(from, to string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.step("rename %s", to); err != nil {
		return err
	}
	old, source := c.aside(to), c.aside(from)
	if err := store.Disk.Rename(from, to); err != nil {
		return err
	}
	if n, unsynced := c.bytes[from]; unsynced {
		c.bytes[to] = n
		delete(c.bytes, from)
	}
	c.later(to, func() { old(); source() })
	return nil
}

func (c *crashing) Link(from, to string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.step("link %s", to); err != nil {
		return err
	}
	err := store.Disk.Link(from, to)
	if err == nil {
		c.later(to, func() { _ = os.Remove(to) })
	}
	return err
}

func (c *crashing) Remove(path string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.step("remove %s", path); err != nil {
		return err
	}
	return store.Disk.Remove(path)
}

func (c *crashing) SyncDir(path string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.step("sync directory %s", path); err != nil {
		return err
	}
	delete(c.undo, path)
	return store.Disk.SyncDir(path)
}

// lose loses what is not on the disk: the bytes, and with names the names too.
func (c *crashing) lose(t testing.TB, names bool) {
	t.Helper()
	for path, n := range c.bytes {
		if err := os.Chmod(path, 0o644); err == nil { // else it was removed
			if err := os.Truncate(path, n); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !names {
		return
	}
	for _, list := range c.undo {
		for n := len(list) - 1; n >= 0; n-- {
			list[n]()
		}
	}
}

type crashingFile struct {
	store.File
	c *crashing
}

func (f *crashingFile) Write(p []byte) (int, error) {
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	if _, unsynced := f.c.bytes[f.Name()]; !unsynced {
		at, err := f.Seek(0, io.SeekCurrent)
		if err != nil {
			return 0, err
		}
		f.c.bytes[f.Name()] = at
	}
	if err := f.c.step("write %s", f.Name()); err != nil {
		n, _ := f.File.Write(p[:len(p)/2]) // torn
		return n, err
	}
	return f.File.Write(p)
}

func (f *crashingFile) Chmod(m fs.FileMode) error {
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	if err := f.c.step("chmod %s", f.Name()); err != nil {
		return err
	}
	return f.File.Chmod(m)
}

func (f *crashingFile) Sync() error {
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	if err := f.c.step("sync %s", f.Name()); err != nil {
		return err
	}
	delete(f.c.bytes, f.Name())
	return f.File.Sync()
}

// TestPowerFails stops a pull at every operation on the disk there is, in two ways:
// the disk loses unsynced bytes, or unsynced bytes and names. The store must be
// whole afterwards or be repairable, the image that was there before must be
// intact, one whose pull ended must be, and the next pull must succeed.
func TestPowerFails(t *testing.T) {
	_ = log.SetLevel("fatal") // as in the program
	before, pulled := img(t, 1), img(t, 2)
	reg := testkit.NewRegistry(t)
	reg.Push(t, "app", "1", pulled)
	name := reg.Host + "/app:1"
	client := &source.Registry{HostsDirs: []string{t.TempDir()}}
	stops, repairs := map[string]int{}, 0
	for _, names := range []bool{false, true} {
		for at := 0; ; at++ {
			root := t.TempDir()
			testkit.Put(t, open(t, root), "before:1", store.Built, before)
			c := newCrashing(t.TempDir(), at)
			s, err := store.OpenOn(root, c)
			if err == nil {
				_, err = client.Pull(ctx, s, name, nil, nil)
			}
			if c.last == "" && err != nil {
				t.Fatalf("no crash, but %v", err)
			}
			c.lose(t, names)
			where := fmt.Sprintf("operation %d (%s), names lost: %v", at, strings.ReplaceAll(c.last, root, ""), names)
			if op, _, ok := strings.Cut(c.last, " "); ok {
				stops[op]++
			}
			after := open(t, root)
			look := check(t, after, false)
			if c := check(t, after, true); !c.Clean {
				t.Errorf("%s: not repaired:\n%s", where, texts(c))
			}
			if !look.Clean {
				repairs++
			}
			if e := whole(t, after, "before:1", before); e != nil {
				t.Errorf("%s: an image that was finished: %v", where, e)
			}
			if err == nil { // the pull said that it was done
				if e := whole(t, after, name, pulled); e != nil {
					t.Errorf("%s: the image whose pull ended: %v", where, e)
				}
			}
			if _, e := client.Pull(ctx, after, name, nil, nil); e != nil {
				t.Errorf("%s: the next pull: %v", where, e)
			} else if e := whole(t, after, name, pulled); e != nil {
				t.Errorf("%s: after the next pull: %v", where, e)
			}
			if c := check(t, after, false); !c.Clean {
				t.Errorf("%s: after the next pull:\n%s", where, texts(c))
			}
			if c.last == "" {
				break // the pull needs no more operations than at
			}
		}
	}
	t.Logf("stopped at %v; %d left something to repair", stops, repairs)
	for _, op := range []string{"open", "temp", "write", "sync", "rename", "mkdir", "remove"} {
		if stops[op] == 0 {
			t.Errorf("never stopped at %s: is everything written through files?", op)
		}
	}
}

// TestPowerFailsWhileAdopting is the same for blobs that come by hard link, as from
// a build.
func TestPowerFailsWhileAdopting(t *testing.T) {
	b := img(t, 3)
	from := t.TempDir()
	for d, body := range b.Blobs {
		put(t, filepath.Join(from, d.Encoded()), string(body))
	}
	for at := 0; ; at++ {
		root := t.TempDir()
		open(t, root)
		c := newCrashing(t.TempDir(), at)
		s, err := store.OpenOn(root, c)
		if err != nil {
			t.Fatal(err)
		}
		for d, body := range b.Blobs {
			desc := b.Target
			desc.Digest, desc.Size = d, int64(len(body))
			s.Adopt(filepath.Join(from, d.Encoded()), desc)
		}
		err = s.Put(store.Record{Name: "docker.io/library/app:1", Target: b.Target, Origin: store.Built})
		c.lose(t, true)
		after := open(t, root)
		if err == nil {
			if e := whole(t, after, "app:1", b); e != nil {
				t.Errorf("operation %d: the image was recorded: %v", at, e)
			}
		}
		if _, ferr := after.Find(ctx, "app:1"); ferr == nil {
			if c := check(t, after, false); !c.Clean && err == nil {
				t.Errorf("operation %d:\n%s", at, texts(c))
			}
		}
		if c.last == "" {
			break
		}
	}
}
