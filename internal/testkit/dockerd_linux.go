package testkit

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/sys/mountinfo"
)

// dockerPatience is how long a daemon may take to begin, and to end.
const dockerPatience = 30 * time.Second

// Dockerd starts a real Docker daemon with directories of its own and the graph driver
// overlay2, without a network, and returns the path of its socket and a client of its
// API. It ends with the test. Where there is none, the test is skipped.
func Dockerd(t testing.TB) (socket string, client *http.Client) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("dockerd needs root")
	}
	for _, p := range []string{"dockerd", "containerd", "runc"} {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("needs %s (Debian: docker.io)", p)
		}
	}
	if _, err := os.Stat("/run/containerd/containerd.sock"); err == nil {
		t.Skip("a containerd runs on this machine already, which dockerd would join")
	}
	// Sockets have short names, and t.TempDir's are long.
	dir, err := os.MkdirTemp("", "tare-dk-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	at := func(name string) string { return filepath.Join(dir, name) }
	log, err := os.Create(at("log"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	c := exec.Command("dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=overlay2",
		"--data-root", at("data"), "--exec-root", at("exec"), "--pidfile", at("pid"), "--host", "unix://"+at("sock"))
	c.Stdout, c.Stderr = log, log
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = c.Wait(); close(ended) }()
	t.Cleanup(func() { endDocker(c, ended, dir) })
	client = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", at("sock"))
	}}}
	for begin := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		if driver, err := dockerDriver(client); err == nil {
			if driver != "overlay2" {
				t.Skipf("dockerd stores images with %q here, not overlay2", driver)
			}
			return at("sock"), client
		}
		select {
		case <-ended:
		default:
			if time.Since(begin) < dockerPatience {
				continue
			}
		}
		b, _ := os.ReadFile(at("log"))
		lines := strings.Split(strings.TrimSpace(string(b)), "\n")
		t.Skipf("dockerd does not start here: %s", lines[len(lines)-1])
	}
}

func dockerDriver(client *http.Client) (string, error) {
	res, err := client.Get("http://docker/info")
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	var info struct{ Driver string }
	err = json.NewDecoder(res.Body).Decode(&info)
	return info.Driver, err
}

func endDocker(c *exec.Cmd, ended <-chan struct{}, dir string) {
	_ = c.Process.Signal(syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(dockerPatience):
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
		<-ended
	}
	mounts, _ := mountinfo.GetMounts(mountinfo.PrefixFilter(dir))
	for n := len(mounts) - 1; n >= 0; n-- {
		_ = syscall.Unmount(mounts[n].Mountpoint, syscall.MNT_DETACH)
	}
}
