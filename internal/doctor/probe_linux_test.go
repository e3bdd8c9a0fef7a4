package doctor

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestStatus(t *testing.T) {
	var f Facts
	f.status("Name:\ttare\nCapEff:\t0000000000200000\nCapBnd:\t00000000a80425fb\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n")
	if !f.mayMount() || has(f.Bounding, capSysAdmin) || !f.NoNewPrivs || !f.Seccomp {
		t.Errorf("%+v", f)
	}
	f = Facts{}
	f.status("CapEff:\t00000000a80425fb\nNoNewPrivs:\t0\nSeccomp:\t0\n")
	if f.mayMount() || f.NoNewPrivs || f.Seccomp {
		t.Errorf("%+v", f)
	}
}

func TestMasks(t *testing.T) {
	const plain = "21 1 0:20 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw\n"
	for name, c := range map[string]struct {
		info string
		want []string
	}{
		"none":                   {plain, nil},
		"binfmt_misc":            {plain + "30 21 0:31 / /proc/sys/fs/binfmt_misc rw - binfmt_misc binfmt_misc rw\n", nil},
		"docker":                 {plain + "31 21 0:20 /bus /proc/bus ro - proc proc rw\n32 21 0:5 /null /proc/keys rw - tmpfs tmpfs rw\n", []string{"/proc/bus", "/proc/keys"}},
		"read-only":              {"21 1 0:20 / /proc ro,nosuid - proc proc rw\n", []string{"/proc (read-only)"}},
		"another one is whole":   {plain + "31 21 0:20 /bus /proc/bus ro - proc proc rw\n40 1 0:20 / /dev/.lxc/proc rw - proc proc rw\n", nil},
		"over another directory": {plain + "31 1 0:20 /bus /process ro - proc proc rw\n", nil},
	} {
		if got := masks(c.info); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestControlGroups(t *testing.T) {
	const v2 = "30 20 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
	const v1 = "30 20 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n31 20 0:27 / /sys/fs/cgroup/systemd ro - cgroup cgroup rw,name=systemd\n32 20 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
	can := func(string) error { return nil }
	cannot := func(string) error { return unix.EROFS }
	for _, c := range []struct {
		info           string
		writable       func(string) error
		version, wrong string
	}{
		{v2, can, "v2", ""},
		{v2, cannot, "v2", "/sys/fs/cgroup: read-only file system"},
		{v1, can, "v1", ""},
		{v1, cannot, "v1", "/sys/fs/cgroup/cpu: read-only file system"},
		{v1, func(d string) error { return map[bool]error{true: unix.EROFS}[strings.Contains(d, "systemd")] }, "v1", ""},
		{"21 1 0:20 / /proc rw - proc proc rw\n", can, "", ""},
	} {
		if v, w := controlGroups(c.info, c.writable); v != c.version || w != c.wrong {
			t.Errorf("%q: %q %q", c.info, v, w)
		}
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{profile("docker-default (enforce)", "", true), "docker-default (enforce)"},
		{profile("", "unconfined", true), "unconfined"},
		{profile("", "system_u:system_r:container_t:s0", false), ""}, // SELinux's
		{forbidsUserNS("0", ""), "user.max_user_namespaces = 0"},
		{forbidsUserNS("15000", "0"), "kernel.unprivileged_userns_clone = 0"},
		{forbidsUserNS("15000", "1"), ""},
		{forbidsUserNS("", ""), ""},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	if outerUser("         0       1000          1\n         1     100000      65536\n", 0) != 1000 || outerUser("", 7) != 7 {
		t.Error("the user outside")
	}
}

// newuidmap must have rights: from the setuid bit or from file capabilities.
func TestMapTool(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to make a file setuid root")
	}
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	tool := filepath.Join(dir, "newuidmap")
	if wrong, _ := mapTool("newuidmap"); wrong != "" {
		t.Errorf("it is not there at all, which is said elsewhere: %s", wrong)
	}
	if err := os.WriteFile(tool, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if wrong, _ := mapTool("newuidmap"); !strings.Contains(wrong, "neither setuid root nor has file capabilities") {
		t.Error(wrong)
	}
	if err := os.Chmod(tool, 0o755|os.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	if wrong, setuid := mapTool("newuidmap"); wrong != "" || !setuid {
		t.Error(wrong, setuid)
	}
	// cap_setuid+ep, as setcap writes it.
	caps := []byte{1, 0, 0, 2, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	if err := errors.Join(os.Chmod(tool, 0o755), unix.Setxattr(tool, "security.capability", caps, 0)); err != nil {
		t.Skipf("no file capabilities here: %v", err)
	}
	if wrong, setuid := mapTool("newuidmap"); wrong != "" || setuid {
		t.Error(wrong, setuid)
	}
}

// What is asked before each build and run takes less than 5 ms, and leaves nothing
// mounted.
func TestBeforeIsCheap(t *testing.T) {
	before, _ := os.ReadFile("/proc/self/mountinfo")
	h := Host{Runtime: func() (string, error) { return "runc", nil }, Mappable: func() error { return nil }, Entered: func() bool { return false }}
	best := time.Hour
	for range 20 {
		begin := time.Now()
		_ = Before(h)
		best = min(best, time.Since(begin))
	}
	t.Logf("%v", best)
	if best > 5*time.Millisecond {
		t.Errorf("it takes %v", best)
	}
	if after, _ := os.ReadFile("/proc/self/mountinfo"); !bytes.Equal(before, after) {
		t.Error(cmp.Diff(string(before), string(after)))
	}
}

// The whole list on this machine: what entering or the trial failed with is in it, and a
// trial is made only where nothing forbids it.
func TestExamine(t *testing.T) {
	dir, tried := t.TempDir(), 0
	r := Request{Store: func() (string, error) { return dir, nil }, Host: Host{Runtime: func() (string, error) { return "runc", nil },
		Trial: func(context.Context, string) error { tried++; return nil }}}
	got := Examine(t.Context(), r)
	want := 0
	if got.Builds {
		want = 1
	}
	if tried != want || got.Schema != Schema || !slices.Contains(got.Works, "pull") || slices.Contains(got.Works, "build") != got.Builds {
		t.Errorf("tried %d times: %+v", tried, got)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	r.Store = func() (string, error) { return "", errors.New("a store; set TARE_HOME") }
	got = Examine(t.Context(), r)
	if tried != want || got.Builds || slices.Contains(got.Works, "pull") || !slices.Contains(got.Works, "weigh") || !strings.Contains(got.Allow, "set TARE_HOME") {
		t.Errorf("tried %d times: %+v", tried, got)
	}
	var b bytes.Buffer
	if err := Print(&b, got); err != nil || !strings.Contains(b.String(), "tare cannot build or run") || !strings.Contains(b.String(), "forbids  store") || !strings.Contains(b.String(), "→ set TARE_HOME") {
		t.Errorf("%v\n%s", err, b.String())
	}
	// With a builder only it is asked.
	r.Builder, r.Ask = "unix:///b", func(context.Context) error { return syscall.ECONNREFUSED }
	r.Store = func() (string, error) { return dir, nil }
	if got = Examine(t.Context(), r); got.Builds || tried != want {
		t.Errorf("%+v", got)
	}
	r.Ask = func(context.Context) error { return nil }
	b.Reset()
	if got = Examine(t.Context(), r); !got.Builds || Print(&b, got) != nil || !strings.Contains(b.String(), "tare builds and runs on unix:///b") {
		t.Errorf("%+v", got)
	}
}
