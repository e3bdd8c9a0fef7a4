package container

import (
	"errors"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tare/internal/engine"
)

func TestCapabilities(t *testing.T) {
	got, err := capabilities([]string{"chown", "CAP_NET_RAW", "Sys_Admin", "all"})
	if d := cmp.Diff([]string{"CAP_CHOWN", "CAP_NET_RAW", "CAP_SYS_ADMIN", "ALL"}, got); err != nil || d != "" {
		t.Errorf("%v (-want +got)\n%s", err, d)
	}
	if _, err := capabilities([]string{"FLY"}); err == nil {
		t.Error("an unknown capability is no error")
	}
}

// TestLookPath finds programs as the runtime will.
func TestLookPath(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"bin/tool": 0o755, "bin/data": 0o644, "opt/other": 0o755} {
		p := filepath.Join(dir, "rootfs", name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	// Links are the container's: one out of it must not be followed on the host.
	for link, to := range map[string]string{"bin/link": "/bin/tool", "bin/out": "/../../../../../../etc/hostname", "bin/loop": "loop"} {
		if err := os.Symlink(to, filepath.Join(dir, "rootfs", link)); err != nil {
			t.Fatal(err)
		}
	}
	b := &bundle{dir: dir}
	for _, c := range []struct {
		name, dir string
		code      int
	}{
		{"tool", "/", 0}, {"/bin/tool", "/", 0}, {"./tool", "/bin", 0}, {"bin/tool", "/", 0}, {"link", "/", 0}, {"/bin/link", "/", 0},
		{"data", "/", 126}, {"/bin/data", "/", 126}, {"/bin", "/", 126},
		{"nothing", "/", 127}, {"other", "/", 127}, {"/opt/nothing", "/", 127}, {"./tool", "/opt", 127}, {"out", "/", 127}, {"loop", "/", 127},
		{"/mounted/tool", "/", 0}, // what a mount hides is left to the runtime
	} {
		r := engine.Run{Args: []string{c.name}, Dir: c.dir, Env: []string{"PATH=/usr/bin:/bin"}, Mounts: []engine.Mount{{Target: "/mounted"}}}
		err := b.lookPath(r)
		code := 0
		var start *engine.StartError
		if errors.As(err, &start) {
			code = start.Code
		}
		if code != c.code {
			t.Errorf("%s in %s: code %d (%v), want %d", c.name, c.dir, code, err, c.code)
		}
	}
}

func TestSubordinate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "subuid")
	if err := os.WriteFile(file, []byte("other:1:2\nada:100000:65536\n1234:200000:65536\nbroken\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		u    user.User
		want [2]string
	}{
		{user.User{Username: "ada", Uid: "1000"}, [2]string{"100000", "65536"}},
		{user.User{Username: "grace", Uid: "1234"}, [2]string{"200000", "65536"}},
	} {
		got, err := subordinate(file, &c.u)
		if err != nil || got != c.want {
			t.Errorf("%s: %v %v, want %v", c.u.Username, got, err, c.want)
		}
	}
	_, err := subordinate(file, &user.User{Username: "nobody", Uid: "9"})
	if err == nil || !strings.Contains(err.Error(), "usermod --add-subuids") {
		t.Errorf("no entry: %v", err)
	}
}

// TestRuntimeError reads reasons out of the runtime's log.
func TestRuntimeError(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	for _, c := range []struct {
		lines, why string
		code       int
	}{
		{`{"level":"error","msg":"runc run failed: unable to start container process: exec: \"x\": executable file not found in $PATH"}`, `exec: "x": executable file not found in $PATH`, 127},
		{`{"level":"error","msg":"exec /x: permission denied"}`, "exec /x: permission denied", 126},
		{`{"level":"error","msg":"exec /x: exec format error"}`, "exec /x: exec format error", 126},
		{`{"level":"error","msg":"cgroup is full"}`, "cgroup is full", 125},
		{`{"level":"warning","msg":"lo is down"}` + "\nnot json\n", "", 125},
		{"", "", 125},
	} {
		if err := os.WriteFile(log, []byte(c.lines), 0o600); err != nil {
			t.Fatal(err)
		}
		why := runtimeError(log)
		if why != c.why || startCode(why) != c.code {
			t.Errorf("%s: %q, code %d; want %q, %d", c.lines, why, startCode(why), c.why, c.code)
		}
	}
	if got := runtimeError(log + "-missing"); got != "" {
		t.Errorf("no log: %q", got)
	}
}

// What a dynamic program runs with is found in its maps, by the names that it asks for.
func TestLibraries(t *testing.T) {
	maps := "00400000-00500000 r-xp 00000000 fe:00 1 /usr/bin/tare\n7f00-7f01 r--p 00000000 fe:00 2 /usr/lib/libc.so.6\n" +
		"7f01-7f02 r-xp 00001000 fe:00 2 /usr/lib/libc.so.6\n7f02-7f03 r-xp 00002000 fe:00 2 /usr/lib/libc.so.6\n7f04-7f05 rw-p 00000000 00:00 0 [stack]\n7f06-7f07 r-xp 00000000 00:00 0 [vdso]\n"
	if d := cmp.Diff([]string{"/usr/bin/tare", "/usr/lib/libc.so.6"}, mapped(maps)); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("needs a shell")
	}
	loader, err := interpreter(sh)
	if err != nil {
		t.Fatal(err)
	}
	if loader == "" {
		t.Skip("needs a shell that is linked dynamically")
	}
	if name := soname(loader); name == "" {
		t.Errorf("%s has no name", loader)
	}
	if name := soname(sh); name != "" {
		t.Errorf("%s is the library %s", sh, name)
	}
	if _, err := interpreter(os.DevNull); err == nil {
		t.Error("no program has a loader")
	}
}
