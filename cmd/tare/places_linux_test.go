package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestOddPlaces keeps stores at paths that are hard on sockets and mount options.
func TestOddPlaces(t *testing.T) {
	needEngine(t)
	s := mustWorld(t)
	for name, sub := range map[string]string{
		"long":   strings.Repeat("a-long-name/", 12) + "end", // a socket's path has 108 bytes
		"spaces": "a b/c d",
		"colon":  "a:b",
		"comma":  "a,b",
		"quotes": `it's "quoted"\n`,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			h.set("TARE_HOME", filepath.Join(h.dir, sub))
			h.tare(t, "load", "-i", s.archive)
			dir := h.write(t, "app/Dockerfile", "FROM probe\nRUN probe write /n built\nRUN probe lines 10\n")
			owner := h.start(t, "build", "-t", "app", dir)
			owner.expect("line 0")
			client := h.start(t, "run", "probe")
			for _, p := range []*process{client, owner} {
				if code := p.wait(); code != 0 {
					t.Errorf("%v: exit code %d\n%s", p.cmd.Args, code, p.err.String())
				}
			}
			if got := h.tare(t, "run", "app", "probe", "cat", "/n"); got != "built\n" {
				t.Errorf("run: %q", got)
			}
			for _, m := range mountsBelow(h.dir) {
				t.Error("mounted: " + m)
			}
		})
	}
}

// TestDiskFull fills the disk under a store: commands fail with the reason, and the
// store is whole afterwards.
func TestDiskFull(t *testing.T) {
	needEngine(t)
	needRoot(t)
	s := mustWorld(t)
	h := newHome(t)
	disk := filepath.Join(h.dir, "disk")
	if err := os.Mkdir(disk, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=12m"); err != nil {
		t.Skip("cannot mount a small disk: ", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(disk, unix.MNT_DETACH) })
	h.set("TARE_HOME", filepath.Join(disk, "home"))
	h.tare(t, "load", "-i", s.archive)
	dir := h.write(t, "app/Dockerfile", "FROM probe\nRUN probe fill /x 20000000\n")
	p := h.start(t, "build", "-t", "big", dir)
	if code := p.wait(); code != 1 || !strings.Contains(p.err.String(), "no space left") {
		t.Errorf("build: exit code %d\n%s", code, p.err.String())
	}
	name, free := slowRegistry(t) // 8 MB
	free()
	// Whatever the failed build holds on to, the rest is less than the image.
	ballast, err := os.Create(filepath.Join(disk, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < 4<<20 && err == nil; n += 64 << 10 {
		_, err = ballast.Write(make([]byte, 64<<10))
	}
	if err := ballast.Close(); err != nil {
		t.Fatal(err)
	}
	p = h.start(t, "pull", name)
	if code := p.wait(); code != 1 || !strings.Contains(p.err.String(), "no space left") {
		t.Errorf("pull: exit code %d\n%s", code, p.err.String())
	}
	if err := os.Remove(filepath.Join(disk, "ballast")); err != nil {
		t.Fatal(err)
	}
	if got := h.tare(t, "images", "--format", "{{.Repository}}"); got != "probe\n" {
		t.Errorf("images: %q", got)
	}
	h.tare(t, "system", "prune", "-af")
	if got := h.tare(t, "run", "probe"); got != "hello from probe\n" {
		t.Errorf("run: %q", got)
	}
	for _, m := range mountsBelow(disk) {
		t.Error("mounted: " + m)
	}
}
