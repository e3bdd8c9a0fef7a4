package testkit

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// DockerRegistry starts Debian's docker-registry, which has no referrers API, on loopback with an empty directory of its own, and returns
// its HOST:PORT. It ends with the test. Where there is none, the test is skipped.
func DockerRegistry(t testing.TB) string {
	t.Helper()
	if _, err := exec.LookPath("docker-registry"); err != nil {
		t.Skip("needs docker-registry (Debian: docker-registry)")
	}
	dir := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := l.Addr().String()
	_ = l.Close()
	file := filepath.Join(dir, "registry.yml")
	text := fmt.Sprintf("version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: %s\nhttp:\n  addr: %s\n", filepath.Join(dir, "data"), host)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	c := exec.Command("docker-registry", "serve", file)
	c.Env = append(os.Environ(), "OTEL_TRACES_EXPORTER=none")
	c.Stdout, c.Stderr = log, log
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan string, 1)
	go func() { ended <- fmt.Sprint(c.Wait()) }()
	t.Cleanup(func() {
		_ = c.Process.Kill()
		<-ended
	})
	for range 200 {
		select {
		case how := <-ended:
			ended <- how
			b, _ := os.ReadFile(log.Name())
			t.Fatalf("docker-registry: %s\n%s", how, b)
		case <-time.After(50 * time.Millisecond):
		}
		resp, err := http.Get("http://" + host + "/v2/")
		if err == nil {
			_ = resp.Body.Close()
			return host
		}
	}
	t.Fatal("docker-registry does not answer")
	return ""
}
