package main

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"tare/internal/units"
)

// du counts as `du -sx --block-size=1` does.
func du(t testing.TB, root string) int64 {
	t.Helper()
	var top, st syscall.Stat_t
	if err := syscall.Lstat(root, &top); err != nil {
		t.Fatal(err)
	}
	var n int64
	seen := map[uint64]bool{}
	_ = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || syscall.Lstat(path, &st) != nil {
			return nil //nolint:nilerr // gone meanwhile
		}
		if st.Dev != top.Dev && e.IsDir() {
			return fs.SkipDir
		}
		if st.Dev == top.Dev && !seen[st.Ino] {
			seen[st.Ino] = true
			n += st.Blocks * 512
		}
		return nil
	})
	return n
}

// near tells whether two numbers are the same but for what is printed with three digits,
// and for what directories, databases and locks grow by.
func near(a, b int64) bool { return max(a-b, b-a) <= 512<<10+max(a, b)/100 }

var reclaimed = regexp.MustCompile(`(?m)^Total reclaimed space: (\S+)$`)

func parsed(t testing.TB, text string) int64 {
	t.Helper()
	n, err := units.ParseSI(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// figures are the sums of `system df`.
func (h *home) figures(t testing.TB) (size, reclaimable int64) {
	t.Helper()
	for l := range strings.Lines(h.tare(t, "system", "df", "--format", "{{.Size}} {{.Reclaimable}}")) {
		f := strings.Fields(l)
		size += parsed(t, f[0])
		reclaimable += parsed(t, f[1])
	}
	return size, reclaimable
}

// TestDiskFigures: whatever was pulled, built, tagged and removed, `system df` sums to
// what du says, RECLAIMABLE is what `system prune` frees, and that is what it prints.
func TestDiskFigures(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	h.tare(t, "load", "-i", mustWorld(t).archive)
	first := seed(t)
	t.Logf("TARE_TORTURE_SEED=%d", first)
	rnd := rand.New(rand.NewPCG(first, 3))
	check := func(what string) {
		t.Helper()
		before := du(t, h.store())
		size, free := h.figures(t)
		if !near(size, du(t, h.store())) {
			t.Errorf("%s: df sums to %d, du says %d\n%s", what, size, du(t, h.store()), h.tare(t, "system", "df"))
		}
		out := h.tare(t, append([]string{"system", "prune", "-f"}, map[bool][]string{true: {"-a"}}[what == "all"]...)...)
		said := parsed(t, reclaimed.FindStringSubmatch(out)[1])
		got := before - du(t, h.store())
		if !near(said, got) {
			t.Errorf("%s: prune says %d, the disk got %d back\n%s", what, said, got, out)
		}
		if what != "all" && !near(said, free) {
			t.Errorf("%s: %d were reclaimable, prune freed %d", what, free, said)
		}
	}
	for n := range times(t, "TARE_TORTURE_FIGURES", 3) {
		for i := range 4 {
			// Layers of some megabytes, of which builds share some; a name that moves leaves
			// a dangling image.
			h.tare(t, "build", "-q", "-t", fmt.Sprintf("app:%d", rnd.IntN(3)), h.write(t, fmt.Sprintf("c%d/Dockerfile", i), fmt.Sprintf(
				"FROM probe\nRUN probe fill /a %d\nRUN probe fill /b %d\nRUN --mount=type=cache,target=/c probe fill /c/x 1500000\nCOPY Dockerfile /\n", 3_000_000+rnd.IntN(3), 2_000_000+1000*n+i)))
		}
		switch n % 3 {
		case 1:
			h.tare(t, "rmi", "-f", fmt.Sprintf("app:%d", rnd.IntN(3)))
		case 2:
			h.tare(t, "pull", "-q", host(mustWorld(t).registry)+"/probe")
			h.tare(t, "tag", "probe", "other")
		}
		check(fmt.Sprintf("round %d (seed %d)", n, first))
		h.tare(t, "run", "probe")
	}
	h.tare(t, "rmi", "-f", "app:0", "app:1", "app:2")
	check("all")
	if _, free := h.figures(t); free != 0 {
		t.Errorf("%d are reclaimable after all was pruned", free)
	}
}

// TestFullDisk: what makes room works on a disk without room, bytes or inodes, for as
// long as somebody else takes at once what comes back; and what was there works then.
func TestFullDisk(t *testing.T) {
	needRoot(t)
	needEngine(t)
	for _, c := range []struct{ name, options string }{
		{"bytes", "size=96m"},
		{"few bytes", "size=24m"},
		{"inodes", "nr_inodes=1500"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHome(t)
			if err := os.Mkdir(h.store(), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Mount("tmpfs", h.store(), "tmpfs", 0, c.options); err != nil {
				t.Skipf("cannot mount a small tmpfs: %v", err)
			}
			t.Cleanup(func() { _ = syscall.Unmount(h.store(), syscall.MNT_DETACH) })
			h.tare(t, "load", "-i", mustWorld(t).archive)
			for n := range 4 {
				h.tare(t, "build", "-q", "-t", fmt.Sprint("app:", n), h.write(t, fmt.Sprintf("c%d/Dockerfile", n), fmt.Sprintf("FROM probe\nRUN probe fill /a %d\n", 1_000_000+n)))
			}
			ballast := 0
			full := func() {
				for {
					ballast++
					f, err := os.Create(filepath.Join(h.store(), fmt.Sprint("ballast-", ballast)))
					for err == nil && c.name != "inodes" {
						_, err = f.Write(make([]byte, 4096))
					}
					if f != nil {
						_ = f.Close()
					}
					if err != nil {
						return
					}
				}
			}
			for _, args := range []string{
				"tag app:0 again:1", "rmi app:0", "rmi again:1", "system df", "image prune -f",
				"tag app:1 app:2", "image prune -f", "rmi app:1", "builder prune -f", "system prune -f", "tag app:2 last:1",
				"system prune -af", "rmi app:2 last:1", "fsck", "builder prune -af", "fsck --repair",
			} {
				full()
				begin := time.Now()
				h.tare(t, strings.Fields(args)...)
				t.Logf("tare %s: %v", args, time.Since(begin).Round(time.Millisecond))
			}
			// What cannot work says what to do.
			full()
			p := h.start(t, "load", "-i", mustWorld(t).archive)
			if code := p.wait(); code != 0 && !strings.Contains(p.err.String(), "make room") {
				t.Errorf("load: exit code %d: %s", code, p.err.String())
			}
			p = h.start(t, "build", "-q", h.write(t, "last/Dockerfile", "FROM probe\nRUN probe fill /a 3000000\n"))
			if code := p.wait(); code == 0 || !strings.Contains(p.err.String(), "make room") {
				t.Errorf("build: exit code %d: %s", code, p.err.String())
			}
			// What a failed build left makes no difference.
			full()
			h.tare(t, "builder", "prune", "-f")
			full()
			h.tare(t, "system", "prune", "-af")
			files, _ := filepath.Glob(filepath.Join(h.store(), "ballast-*"))
			for _, f := range files {
				if err := os.Remove(f); err != nil {
					t.Fatal(err)
				}
			}
			if got := h.tare(t, "run", "probe"); got != "hello from probe\n" {
				t.Errorf("run: %q", got)
			}
			h.tare(t, "build", "-q", filepath.Join(h.dir, "last"))
		})
	}
}
