package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const rootlessUser = "tare-test"

// ordinary makes h the home of a user without rights, with a copy of the test
// binary that the user can reach.
func ordinary(t *testing.T, h *home) {
	t.Helper()
	needRoot(t)
	for _, tool := range []string{"newuidmap", "newgidmap", "useradd", "usermod", "userdel", "runc"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("needs %s (packages uidmap, passwd, runc)", tool)
		}
	}
	_ = exec.Command("userdel", rootlessUser).Run() // of a test that was killed
	for _, c := range [][]string{
		{"useradd", "--no-create-home", "--home-dir", filepath.Join(h.dir, "user"), rootlessUser},
		{"usermod", "--add-subuids", "700000-765535", "--add-subgids", "700000-765535", rootlessUser},
	} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Skipf("cannot make a user: %v: %s", err, out)
		}
	}
	t.Cleanup(func() { _ = exec.Command("userdel", rootlessUser).Run() })
	u, err := user.Lookup(rootlessUser)
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := filepath.WalkDir(h.dir, func(p string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(p, uid, gid)
	}); err != nil {
		t.Fatal(err)
	}
	for d := h.dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	tare, err := exec.LookPath("tare")
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(h.dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cp", tare, bin+"/tare").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	h.path = bin + "/tare"
	h.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	h.set("USER", rootlessUser)
	h.set("XDG_RUNTIME_DIR", "")
	h.set("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	// Some kernels and container sandboxes forbid it to everybody.
	probe := exec.Command("unshare", "--user", "--mount", "true")
	probe.SysProcAttr = &syscall.SysProcAttr{Credential: h.as}
	if out, err := probe.CombinedOutput(); err != nil {
		t.Skipf("this kernel gives users no namespaces of their own: %v: %s", err, out)
	}
}

// TestRootless builds and runs as an ordinary user.
func TestRootless(t *testing.T) {
	needEngine(t)
	s := mustWorld(t)
	h := newHome(t)
	ordinary(t, h)
	h.tare(t, "load", "-i", s.archive)
	if got := h.tare(t, "run", "probe"); got != "hello from probe\n" {
		t.Errorf("run: %q", got)
	}
	dir := h.write(t, "app/Dockerfile", `FROM probe AS first
RUN probe write /n built && probe chown 1000 /n && probe id
FROM probe
COPY --from=first /n /n
RUN --mount=type=cache,target=/c --mount=type=tmpfs,target=/t probe write /t/x y && probe write /c/x y
USER ada
CMD ["probe", "stat", "/n"]
`)
	h.tare(t, "build", "-t", "app", dir)
	if got := h.tare(t, "run", "app"); got != "/n -rw-r--r-- 1000:1000 6\n" {
		t.Errorf("run app: %q", got)
	}
	t.Run("files of the user", func(t *testing.T) {
		data := h.write(t, "data/in", "from outside\n")
		if err := os.Chown(data, int(h.as.Uid), int(h.as.Gid)); err != nil {
			t.Fatal(err)
		}
		got := h.tare(t, "run", "-v", data+":/data", "probe", "sh", "-c", "probe cat /data/in && probe write /data/out x && probe id")
		if got != "from outside\nuid=0 gid=0 groups=[]\n" && !strings.HasPrefix(got, "from outside\nuid=0 gid=0") {
			t.Errorf("run: %q", got)
		}
		fi, err := os.Stat(filepath.Join(data, "out"))
		if err != nil {
			t.Fatal(err)
		}
		if st := fi.Sys().(*syscall.Stat_t); st.Uid != h.as.Uid {
			t.Errorf("root's file in the container belongs to %d outside, want the user %d", st.Uid, h.as.Uid)
		}
	})
	t.Run("flags", func(t *testing.T) {
		for _, c := range []struct {
			flags []string
			args  []string
			want  string
		}{
			{[]string{"--network", "none"}, []string{"net"}, "lo\n"},
			{[]string{"--init"}, []string{"comm", "1"}, "tare-init\n"},
			{[]string{"-u", "ada"}, []string{"id"}, "uid=1000 gid=1000 groups=[10 1000]\n"},
			{[]string{"--tmpfs", "/scratch", "--read-only"}, []string{"write", "/scratch/x", "y"}, ""},
			{[]string{"-w", "/new"}, []string{"pwd"}, "/new\n"},
			{[]string{"--cap-drop", "ALL"}, []string{"caps"}, "0000000000000000\n"},
		} {
			args := append(append(append([]string{"run"}, c.flags...), "probe", "probe"), c.args...)
			if got := h.tare(t, args...); got != c.want {
				t.Errorf("%v: %q, want %q", args, got, c.want)
			}
		}
		p := h.start(t, "run", "-m", "64m", "probe")
		if code := p.wait(); code != 125 || !strings.Contains(p.err.String(), "need root") {
			t.Errorf("-m: exit code %d\n%s", code, p.err.String())
		}
		p = h.start(t, "run", "probe", "probe", "exit", "9")
		if code := p.wait(); code != 9 {
			t.Errorf("exit code %d, want 9", code)
		}
	})
	t.Run("terminal", func(t *testing.T) {
		p := h.terminal(t, 90, 30, "run", "-it", "probe", "probe", "tty")
		p.expect("size 90x30")
		p.typing("\x03")
		p.expect("interrupted")
		if code := p.wait(); code != 7 {
			t.Errorf("exit code %d, want 7", code)
		}
	})
	t.Run("signals", func(t *testing.T) {
		for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
			p := h.start(t, "run", "probe", "probe", "trap", "23")
			p.expect("ready")
			p.signal(sig)
			if code := p.wait(); code != 23 {
				t.Errorf("%v: exit code %d, want 23\n%s", sig, code, p.out.String())
			}
			slow := h.write(t, fmt.Sprintf("slow%d/Dockerfile", sig), fmt.Sprintf("FROM probe\nRUN probe lines 400 mark-rootless-%d\n", sig))
			p = h.start(t, "build", slow)
			p.expect("line 0")
			p.stop(sig, 130)
			h.clean(t, "mark-rootless")
		}
	})
	t.Run("killed", func(t *testing.T) {
		p := h.start(t, "run", "probe", "probe", "lines", "400", "mark-rootless-run")
		p.expect("line 0")
		p.kill()
		slow := h.write(t, "slow/Dockerfile", "FROM probe\nRUN probe lines 400 mark-rootless-build\n")
		p = h.start(t, "build", slow)
		p.expect("line 0")
		p.kill()
		h.tare(t, "run", "probe")
		h.clean(t, "mark-rootless")
	})
	t.Run("standard input is read once", func(t *testing.T) {
		for _, args := range [][]string{{"compare", "-", "app:latest"}, {"compare", "app:latest", "-"}, {"compare", "-", "./app"}} {
			c := h.command(args...)
			f, err := os.Open(s.archive)
			if err != nil {
				t.Fatal(err)
			}
			// A pipe, as of docker save: what was read is gone.
			c.Stdin = io.MultiReader(f)
			out, err := c.CombinedOutput()
			_ = f.Close()
			if err != nil {
				t.Errorf("%v: %v\n%s", args, err, out)
			}
		}
		c := h.command("build", "-q", "-")
		c.Stdin = strings.NewReader("FROM probe\nRUN probe write /stdin 1\n")
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("build -: %v\n%s", err, out)
		}
	})
	t.Run("images, compare, prune", func(t *testing.T) {
		h.tare(t, "compare", "probe", "./app")
		h.tare(t, "system", "df")
		h.tare(t, "system", "prune", "-af")
		h.tare(t, "run", "app")
		h.tare(t, "fsck")
		h.tare(t, "fsck", "--repair")
		h.tare(t, "rmi", "app")
	})
	// All of it belongs to the user or the user's subordinate ids, and can go.
	var st unix.Stat_t
	if err := unix.Stat(h.store(), &st); err != nil || st.Uid != h.as.Uid {
		t.Errorf("the store belongs to %d (%v)", st.Uid, err)
	}
}

// TestRootlessMissing says what an ordinary user lacks.
func TestRootlessMissing(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	ordinary(t, h)
	h.tare(t, "load", "-i", mustWorld(t).archive)
	if out, err := exec.Command("usermod", "--del-subuids", "0-4294967295", rootlessUser).CombinedOutput(); err != nil {
		t.Skipf("cannot take the ids away: %v: %s", err, out)
	}
	p := h.start(t, "run", "probe")
	if code := p.wait(); code != 125 || !strings.Contains(p.err.String(), "usermod --add-subuids") {
		t.Errorf("exit code %d\n%s", code, p.err.String())
	}
	h.set("PATH", "/nowhere")
	p = h.start(t, "run", "probe")
	if code := p.wait(); code != 125 || !strings.Contains(p.err.String(), "uidmap") {
		t.Errorf("exit code %d\n%s", code, p.err.String())
	}
}
