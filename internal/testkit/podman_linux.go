package testkit

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/sys/mountinfo"
)

// Podman starts a real Podman service with directories of its own, and returns its address
// and how to run podman beside it. It ends with the test. Where there is none, the test is
// skipped.
func Podman(t testing.TB) (host string, command func(args ...string) *exec.Cmd) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("the test's Podman needs root")
	}
	if _, err := exec.LookPath("podman"); err != nil {
		t.Skip("needs podman (Debian: podman)")
	}
	dir, err := os.MkdirTemp("", "tare-pm-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	t.Cleanup(func() {
		mounts, _ := mountinfo.GetMounts(mountinfo.PrefixFilter(dir))
		for n := len(mounts) - 1; n >= 0; n-- {
			_ = syscall.Unmount(mounts[n].Mountpoint, syscall.MNT_DETACH)
		}
	})
	command = func(args ...string) *exec.Cmd {
		c := exec.Command("podman", append([]string{"--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run"), "--storage-driver", "overlay"}, args...)...)
		// An empty CONTAINER_HOST makes podman a client, too: it must not be there.
		c.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "CONTAINER_HOST=") })
		c.Env = append(c.Env, "CONTAINERS_CONF=/dev/null")
		return c
	}
	socket := filepath.Join(dir, "s")
	c := command("system", "service", "-t", "0", "unix://"+socket)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = c.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
		<-ended
	})
	for begin := time.Now(); time.Since(begin) < dockerPatience; time.Sleep(50 * time.Millisecond) {
		if l, err := net.Dial("unix", socket); err == nil {
			_ = l.Close()
			return "unix://" + socket, command
		}
		select {
		case <-ended:
			t.Skip("podman system service does not start here")
		default:
		}
	}
	t.Skip("podman system service does not answer here")
	return "", nil
}
