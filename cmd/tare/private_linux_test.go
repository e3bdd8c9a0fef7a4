package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// setuid lists the setuid programs below a directory.
func setuid(dir string) []string {
	var out []string
	_ = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		if fi, err := d.Info(); err == nil && fi.Mode()&fs.ModeSetuid != 0 {
			out = append(out, p)
		}
		return nil
	})
	return out
}

// strangers is what another user of the machine makes of files: those that can be
// reached, and all that is readable below a directory.
func strangers(t *testing.T, programs []string, dir string) string {
	t.Helper()
	script := `for f in "$@"; do test -e "$f" && echo "reached $f"; done; find "$DIR" -mindepth 1 2>/dev/null | sed 's/^/listed /'`
	c := exec.Command("/bin/sh", append([]string{"-c", script, "sh"}, programs...)...)
	c.Env = append(os.Environ(), "DIR="+dir)
	c.Dir = "/"
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, _ := c.Output() // find fails where all is as it should be
	return string(out)
}

// open lets everybody pass and read, as an earlier tare and careless umasks did.
func open(t *testing.T, dir string) {
	t.Helper()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOthersCannotEnter: a container's root file system has setuid programs that are
// root's here as well. Other users of the machine must not get at them, nor at records.
func TestOthersCannotEnter(t *testing.T) {
	needEngine(t)
	needRoot(t)
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	h := newHome(t)
	open(t, h.dir)
	h.tare(t, "load", "-i", mustWorld(t).archive)
	dir := h.write(t, "suid/Dockerfile", "FROM probe\nARG SECRET\nCOPY --chmod=4755 tool /bin/tool\n")
	h.write(t, "suid/tool", "#!/bin/sh\n")
	h.tare(t, "build", "-t", "suid", "--build-arg", "SECRET=hush", dir)

	check := func(t *testing.T) {
		t.Helper()
		programs := setuid(h.store())
		if len(programs) == 0 {
			t.Fatal("there is no setuid program to get at: this test tests nothing")
		}
		if out := strangers(t, programs, h.store()); out != "" {
			t.Errorf("another user of the machine:\n%s", out)
		}
	}
	t.Run("run", func(t *testing.T) {
		p := h.start(t, "run", "--rm", "suid", "probe", "lines", "1000000")
		p.expect("1")
		check(t)
		if len(setuid(filepath.Join(h.store(), "engine", "run"))) == 0 {
			t.Error("the container's own root was not there")
		}
		p.signal(syscall.SIGKILL)
		<-p.ended
		check(t)
		h.tare(t, "fsck", "--repair")
	})
	t.Run("build", func(t *testing.T) {
		dir := h.write(t, "slow/Dockerfile", "FROM suid\nRUN probe echo started && probe sleep 30\n")
		p := h.start(t, "build", "--progress", "plain", dir)
		p.expect("started")
		check(t)
		p.stop(syscall.SIGINT, 130)
	})
	t.Run("a store of an earlier tare", func(t *testing.T) {
		_ = filepath.WalkDir(filepath.Join(h.store(), "engine"), func(p string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() && !strings.Contains(p, "/fs/") {
				_ = os.Chmod(p, 0o755)
			}
			return nil
		})
		open(t, h.store())
		if strangers(t, setuid(h.store()), h.store()) == "" {
			t.Fatal("the store was not opened: this test tests nothing")
		}
		out := h.tare(t, "fsck")
		if !strings.Contains(out, "other users could enter "+h.store()) {
			t.Errorf("fsck does not say so:\n%s", out)
		}
		check(t)
		open(t, h.store())
		h.tare(t, "images")
		check(t)
	})
}

// What is not a store is not closed to others, nor filled.
func TestForeignDirectoriesStayAsTheyAre(t *testing.T) {
	h := newHome(t)
	file := filepath.Join(h.store(), "thesis.odt")
	put(t, file, "text")
	shared := filepath.Join(h.dir, "shared")
	if err := os.Mkdir(shared, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(shared, 0o777|fs.ModeSticky); err != nil {
		t.Fatal(err)
	}
	h.set("TMPDIR", shared)
	for dir, want := range map[string]string{h.store(): "thesis.odt", shared: "for all users"} {
		before, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		h.set("TARE_HOME", dir)
		p := h.start(t, "images")
		if code := p.wait(); code != 1 || !strings.Contains(p.err.String(), want) || !strings.Contains(p.err.String(), "TARE_HOME") {
			t.Errorf("%s: exit code %d, %s", dir, code, p.err.String())
		}
		if after, _ := os.Stat(dir); after.Mode() != before.Mode() {
			t.Errorf("%s: mode %s, was %s", dir, after.Mode(), before.Mode())
		}
		if _, err := os.Stat(filepath.Join(dir, "index.json")); err == nil {
			t.Errorf("%s was made a store", dir)
		}
	}
}
