package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sys/unix"

	"tare/internal/store"
	"tare/internal/testkit"
)

// held is what a store and a machine hold on to.
type held struct{ files, mounts, bytes int64 }

func (h *home) held(t testing.TB) held {
	t.Helper()
	var out held
	err := filepath.WalkDir(h.store(), func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		out.files++
		var st syscall.Stat_t
		if fi, err := d.Info(); err == nil && fi.Mode().IsRegular() {
			st = *fi.Sys().(*syscall.Stat_t)
			out.bytes += st.Blocks * 512 / int64(st.Nlink)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	out.mounts = int64(len(mountsBelow(h.dir)))
	return out
}

// peak runs a command that must succeed and returns its peak of memory in bytes.
func (h *home) peak(t testing.TB, args ...string) int64 {
	t.Helper()
	c, peak := h.measured(t, args...)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("tare %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return peak()
}

// TestTortureRepeat does the same again and again: the store must not grow by it, nor
// later commands need more memory than earlier ones.
func TestTortureRepeat(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	s := mustWorld(t)
	begin := time.Now()
	h.tare(t, "load", "-i", s.archive)
	image := host(s.registry) + "/probe"
	dir := h.write(t, "app/Dockerfile", "FROM probe\nRUN probe write /n app\n")
	cycle := func() (most int64) {
		h.tare(t, "rmi", "-f", image) // else the pull has nothing to do
		most = max(h.peak(t, "pull", image), h.peak(t, "build", "-t", "app", dir), h.peak(t, "run", "app", "probe", "cat", "/n"))
		return most
	}
	n := times(t, "TARE_TORTURE_REPEAT", 10)
	const warm = 5 // what is made once is made
	var early, late int64
	for range warm {
		early = max(early, cycle())
	}
	before := h.held(t)
	for range n {
		late = max(late, cycle())
	}
	after := h.held(t)
	per := func(v int64) float64 { return float64(v) * 1000 / float64(n) }
	files, bytes, mounts := after.files-before.files, after.bytes-before.bytes, after.mounts-before.mounts
	if files > 20 || mounts != 0 || bytes > 2<<20 {
		t.Errorf("after %d times there are %d more files, %d more bytes, %d more mounts", n, files, bytes, mounts)
	}
	if late > early*3/2 {
		t.Errorf("memory grew from %d to %d bytes", early, late)
	}
	if c := h.fsck(t); !c.Clean {
		t.Errorf("%+v", c.Problems)
	}
	measured(t, "pull, build and run in a row, each a process", fmt.Sprint(n),
		fmt.Sprintf("per 1,000: %+.0f files, %+.1f MB on disk, %+.0f mounts; peak of memory %.1f MB in the first %d, %.1f MB in the rest",
			per(files), per(bytes)/1e6, per(mounts), float64(early)/1e6, warm, float64(late)/1e6), begin)
}

// TestTortureOwner keeps one engine open while others use it: its process must not
// gather descriptors or memory by its clients.
func TestTortureOwner(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	begin := time.Now()
	h.tare(t, "load", "-i", mustWorld(t).archive)
	long := h.write(t, "long/Dockerfile", "FROM probe\nRUN probe lines 100000 mark-owner\n")
	dir := h.write(t, "app/Dockerfile", "FROM probe\nRUN probe write /n app\n")
	owner := h.start(t, "build", long)
	owner.expect("line 0")
	proc := fmt.Sprintf("/proc/%d/", owner.cmd.Process.Pid)
	now := func() (descriptors int, memory int64) {
		fds, err := os.ReadDir(proc + "fd")
		if err != nil {
			t.Fatal(err)
		}
		b, _ := os.ReadFile(proc + "status")
		_, rest, _ := strings.Cut(string(b), "VmRSS:")
		_, _ = fmt.Sscan(rest, &memory)
		return len(fds), memory << 10
	}
	client := func() {
		h.tare(t, "build", "-q", "-t", "app", dir)
		h.tare(t, "run", "app")
	}
	for range 5 {
		client()
	}
	fds, memory := now()
	n := times(t, "TARE_TORTURE_REPEAT", 10)
	for range n {
		client()
	}
	time.Sleep(200 * time.Millisecond) // the last client's connection
	fds2, memory2 := now()
	owner.stop(syscall.SIGINT, 130)
	h.clean(t, "mark-owner")
	if fds2 > fds+10 {
		t.Errorf("descriptors grew from %d to %d", fds, fds2)
	}
	if memory2 > memory+memory/2+(64<<20) {
		t.Errorf("memory grew from %d to %d", memory, memory2)
	}
	measured(t, "build and run as clients of one engine that stays open", fmt.Sprint(n),
		fmt.Sprintf("per 1,000: %+.0f descriptors; memory of the engine's process %.1f MB before, %.1f MB after", float64(fds2-fds)*1000/float64(n), float64(memory)/1e6, float64(memory2)/1e6), begin)
}

// TestTortureManyImages has a store with many images.
func TestTortureManyImages(t *testing.T) {
	h := newHome(t)
	begin := time.Now()
	st, err := store.Open(h.store())
	if err != nil {
		t.Fatal(err)
	}
	n := times(t, "TARE_TORTURE_IMAGES", 50)
	shared := testkit.Numbered(t, 0, 100_000)
	for i := range n {
		testkit.Put(t, st, fmt.Sprintf("many/app:%d", i), store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{shared, testkit.Numbered(t, i+1, 20_000)}}))
	}
	took := func(args ...string) time.Duration {
		at := time.Now()
		h.tare(t, args...)
		return time.Since(at).Round(time.Millisecond)
	}
	list, df, find := took("images"), took("system", "df"), took("history", fmt.Sprintf("many/app:%d", n/2))
	if got := strings.Count(h.tare(t, "images", "-q"), "\n"); got != n {
		t.Errorf("%d of %d images are listed", got, n)
	}
	fsck := time.Now()
	c := h.fsck(t)
	fscked := time.Since(fsck).Round(time.Millisecond)
	if !c.Clean {
		t.Errorf("%+v", c.Problems)
	}
	if list > 10*time.Second || fscked > 30*time.Second {
		t.Errorf("images took %v, fsck %v", list, fscked)
	}
	measured(t, "a store with many images", fmt.Sprint(n), fmt.Sprintf("`images` %v, `system df` %v, `history` of one %v, `fsck` %v (%d blobs); clean", list, df, find, fscked, c.Blobs), begin)
}

// TestTortureOtherDisk keeps the store on another file system than everything else:
// nothing can be linked or renamed from one to the other.
func TestTortureOtherDisk(t *testing.T) {
	needEngine(t)
	needRoot(t)
	h := newHome(t)
	s := mustWorld(t)
	begin := time.Now()
	disk := filepath.Join(h.dir, "disk")
	if err := os.Mkdir(disk, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=400m"); err != nil {
		t.Skip("cannot mount a tmpfs: ", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(disk, unix.MNT_DETACH) })
	h.set("TARE_HOME", filepath.Join(disk, "home"))
	dir := h.write(t, "app/Dockerfile", "FROM "+host(s.registry)+"/probe\nRUN probe write /n app\nCMD [\"probe\", \"cat\", \"/n\"]\n")
	n := times(t, "TARE_TORTURE_DISK", 1)
	for range n {
		h.tare(t, "pull", host(s.registry)+"/probe")
		h.tare(t, "build", "-t", "app", dir)
		if got := h.tare(t, "run", "app"); got != "app\n" {
			t.Errorf("run: %q", got)
		}
		h.tare(t, "weigh", "app")
		h.tare(t, "compare", host(s.registry)+"/probe", "app")
		h.tare(t, "save", "-o", "app.tar", "app")
		h.tare(t, "load", "-i", "app.tar")
		if c := h.fsck(t); !c.Clean {
			t.Errorf("%+v", c.Problems)
		}
		h.tare(t, "system", "prune", "-af")
	}
	for _, m := range mountsBelow(disk) {
		t.Error("mounted: " + m)
	}
	measured(t, "pull, build, run, weigh, compare, save, load, prune on a store on tmpfs, everything else on another file system", fmt.Sprint(n), "all succeed; fsck clean; 0 mounts left", begin)
}

// TestTortureParallel lets many tares work on one store at once.
func TestTortureParallel(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	s := mustWorld(t)
	h.tare(t, "load", "-i", s.archive)
	var dirs []string
	for i := range 5 {
		dirs = append(dirs, h.write(t, fmt.Sprintf("p%d/Dockerfile", i), fmt.Sprintf("FROM probe\nRUN probe write /n %d\n", i)))
	}
	begin := time.Now()
	n := times(t, "TARE_TORTURE_PARALLEL", 12)
	var all []*process
	for i := range n {
		args := [][]string{
			{"pull", host(s.registry) + "/probe"}, {"build", "-q", "-t", fmt.Sprintf("par:%d", i), dirs[i%len(dirs)]}, {"run", "probe"},
			{"weigh", "probe"}, {"images"}, {"tag", "probe", fmt.Sprintf("tagged:%d", i)}, {"compare", "probe", "probe"}, {"fsck"}, {"system", "df"}, {"run", "probe", "probe", "lines", "3"},
		}[i%10]
		all = append(all, h.start(t, args...))
	}
	var wg sync.WaitGroup
	for _, p := range all {
		wg.Go(func() {
			select {
			case <-p.ended:
			case <-time.After(3 * time.Minute):
				t.Errorf("%v does not end", p.cmd.Args)
			}
		})
	}
	wg.Wait()
	for _, p := range all {
		if p.code != 0 {
			t.Errorf("%v: exit code %d\n%s%s", p.cmd.Args, p.code, p.out.String(), p.err.String())
		}
	}
	took := time.Since(begin).Round(100 * time.Millisecond)
	names := h.tare(t, "images", "--format", "{{.Repository}}:{{.Tag}}")
	for i := range n {
		want := map[int]string{1: fmt.Sprintf("par:%d\n", i), 5: fmt.Sprintf("tagged:%d\n", i)}[i%10]
		if !strings.Contains(names, want) {
			t.Errorf("%s is lost", want)
		}
	}
	if c := h.fsck(t); !c.Clean {
		t.Errorf("%+v", c.Problems)
	}
	h.clean(t, "")
	measured(t, "tares at once on one store", fmt.Sprint(n), fmt.Sprintf("all succeed, within %v; no name lost; fsck clean", took), begin)
}

// TestTortureRot flips one byte of a blob at a time: fsck must find each.
func TestTortureRot(t *testing.T) {
	h := newHome(t)
	begin := time.Now()
	st, err := store.Open(h.store())
	if err != nil {
		t.Fatal(err)
	}
	body := bytes.Repeat([]byte("rot"), 30_000)
	for i := range 20 {
		b := append(body, byte(i))
		if err := st.Write(t.Context(), bytes.NewReader(b), ocispec.Descriptor{Digest: digest.FromBytes(b), Size: int64(len(b))}); err != nil {
			t.Fatal(err)
		}
	}
	files, _ := filepath.Glob(filepath.Join(h.store(), "blobs", "sha256", "*"))
	for i, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		b[(i*7919)%len(b)] ^= 1 << (i % 8)
		if err := os.Chmod(f, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if c := h.fsck(t, "--repair"); len(c.Problems) != len(files) || !c.Clean {
		t.Errorf("%d of %d found", len(c.Problems), len(files))
	}
	measured(t, "blobs with one flipped bit", fmt.Sprint(len(files)), "all found and removed by `tare fsck --repair`", begin)
}
