package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestLookingNeedsNoStore: analysis runs for a user without a home, a name, or a store
// that could be written, writes nothing, and says once that nothing is kept. What changes
// the store fails and says what to do.
func TestLookingNeedsNoStore(t *testing.T) {
	needRoot(t)
	s := mustWorld(t)
	h := newHome(t)
	h.tare(t, "load", "-i", s.archive)
	archive := filepath.Join(h.dir, "probe.tar")
	layout := filepath.Join(h.dir, "layout")
	for _, c := range [][]string{{"cp", s.archive, archive}, {"mkdir", layout}} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	h.tare(t, "save", "-o", filepath.Join(h.dir, "saved.tar"), "probe")
	if out, err := exec.Command("tar", "-xf", filepath.Join(h.dir, "saved.tar"), "-C", layout).CombinedOutput(); err != nil {
		t.Skipf("needs tar: %v: %s", err, out)
	}
	if out, err := exec.Command("chmod", "-R", "a+rX", layout, archive).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	open(t, h.dir)
	tare, err := exec.LookPath("tare")
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(h.dir, "tare")
	if out, err := exec.Command("cp", tare, bin).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	looks := [][]string{
		{"weigh", "archive://" + archive}, {"weigh", "oci-dir://" + layout}, {"weigh", "registry://" + host(s.registry) + "/probe"},
		{"compare", "archive://" + archive, "oci-dir://" + layout}, {"diff", "archive://" + archive, "oci-dir://" + layout}, {"history", "oci-dir://" + layout},
	}
	stranger := &syscall.Credential{Uid: 54321, Gid: 54321}
	look := func(t *testing.T, env []string, as *syscall.Credential, args ...string) (string, string, int) {
		t.Helper()
		h2 := &home{dir: h.dir, path: bin, as: as, env: append([]string{"PATH=/usr/bin:/bin"}, env...)}
		p := h2.start(t, args...)
		code := p.wait()
		return p.out.String(), p.err.String(), code
	}
	const said = "nothing is cached for the next time"
	for name, env := range map[string][]string{
		"no HOME": nil, "a HOME that is not there": {"HOME=/nonexistent"}, "somebody else's store": {"TARE_HOME=" + h.store()}, "a place to fill": {"TARE_HOME=/proc/tare"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, args := range looks {
				out, errs, code := look(t, env, stranger, args...)
				if code != 0 || out == "" || strings.Count(errs, said) != 1 {
					t.Errorf("tare %v: exit code %d\n%s%s", args, code, out, errs)
				}
			}
			out, errs, code := look(t, env, stranger, "images")
			if code != 1 || out != "" || !strings.Contains(errs, "TARE_HOME") {
				t.Errorf("images: exit code %d\n%s%s", code, out, errs)
			}
			out, errs, code = look(t, env, stranger, "pull", host(s.registry)+"/probe")
			if code != 1 || !strings.Contains(errs, "TARE_HOME") || strings.Contains(errs, said) {
				t.Errorf("pull: exit code %d\n%s%s", code, out, errs)
			}
		})
	}
	t.Run("read-only file system", func(t *testing.T) {
		if err := unix.Mount(h.store(), h.store(), "", unix.MS_BIND, ""); err != nil {
			t.Skipf("needs to mount: %v", err)
		}
		defer func() { _ = unix.Unmount(h.store(), unix.MNT_DETACH) }()
		if err := unix.Mount("", h.store(), "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
			t.Fatal(err)
		}
		env := []string{"TARE_HOME=" + h.store()}
		for _, args := range append(looks, []string{"weigh", "probe"}, []string{"history", "probe"}, []string{"inspect", "probe"}, []string{"images"}, []string{"compare", "probe", "archive://" + archive}) {
			out, errs, code := look(t, env, nil, args...)
			if code != 0 || out == "" || strings.Count(errs, said) != 1 {
				t.Errorf("tare %v: exit code %d\n%s%s", args, code, out, errs)
			}
		}
		if out, errs, code := look(t, env, nil, "tag", "probe", "other"); code != 1 || !strings.Contains(errs, "TARE_HOME") {
			t.Errorf("tag: exit code %d\n%s%s", code, out, errs)
		}
	})
	// A store that can be written says nothing of the kind.
	p := h.start(t, "weigh", "probe")
	if code := p.wait(); code != 0 || strings.Contains(p.err.String(), said) {
		t.Errorf("exit code %d, %s", code, p.err.String())
	}
	if _, err := os.Stat("/nonexistent"); err == nil {
		t.Error("a home was made")
	}
}
