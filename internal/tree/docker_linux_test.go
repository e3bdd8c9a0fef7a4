package tree_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/layer"
	"tare/internal/testkit"
)

// What tare calls docker is what a real daemon says of an image of random layers. Many
// of those it refuses to unpack: they are passed over, and counted.
func TestAgainstDocker(t *testing.T) {
	client := dockerd(t)
	from, to := seeds(t, 60)
	refused, taken := 0, 0
	for seed := from; seed < to; seed++ {
		r := rand.New(rand.NewPCG(seed, 29))
		layers := soundStack(r)
		if seed%2 == 0 {
			layers = wildStack(r)
			layers = layers[:min(2, len(layers))]
			for k := range layers {
				layers[k] = layers[k][:min(5, len(layers[k]))]
			}
		}
		var want int64
		var tars [][]byte
		for _, l := range layers {
			b := testkit.Tar(t, l...)
			x, err := layer.Read(bytes.NewReader(b), layer.Options{})
			if err != nil {
				t.Fatal(err)
			}
			want += x.Docker
			tars = append(tars, b)
		}
		name := fmt.Sprintf("tare-test:%d", seed)
		got, ok := load(t, client, name, tars)
		if !ok {
			refused++
			continue
		}
		taken++
		if got != want {
			show(t, layers)
			t.Errorf("seed %d: Docker says %d, tare %d", seed, got, want)
		}
	}
	t.Logf("Docker took %d images and refused %d", taken, refused)
	if taken < int((to-from)/4) {
		t.Errorf("Docker took only %d images: that shows nothing", taken)
	}
}

// load gives an image to the daemon as `docker load` does, and says what size it has.
func load(t *testing.T, c *http.Client, name string, tars [][]byte) (int64, bool) {
	t.Helper()
	var ids, files []string
	var entries []testkit.Entry
	for k, b := range tars {
		file := fmt.Sprintf("%d.tar", k)
		ids, files = append(ids, digest.FromBytes(b).String()), append(files, file)
		entries = append(entries, testkit.File(file, string(b)))
	}
	cfg, _ := json.Marshal(map[string]any{"architecture": "amd64", "os": "linux", "config": map[string]any{}, "rootfs": map[string]any{"type": "layers", "diff_ids": ids}})
	man, _ := json.Marshal([]any{map[string]any{"Config": "config.json", "RepoTags": []string{name}, "Layers": files}})
	archive := testkit.Tar(t, append(entries, testkit.File("config.json", string(cfg)), testkit.File("manifest.json", string(man)))...)
	res, err := c.Post("http://docker/images/load?quiet=1", "application/x-tar", bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	res, err = c.Get("http://docker/images/" + name + "/json")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var image struct{ Size int64 }
	if res.StatusCode != http.StatusOK || json.NewDecoder(res.Body).Decode(&image) != nil {
		return 0, false
	}
	return image.Size, true
}

// dockerd starts a daemon of the test's own, with overlay2.
func dockerd(t *testing.T) *http.Client {
	t.Helper()
	bin, err := exec.LookPath("dockerd")
	if err != nil {
		t.Skip("no dockerd on PATH (docker.io)")
	}
	if os.Geteuid() != 0 {
		t.Skip("dockerd needs root")
	}
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	var log bytes.Buffer
	cmd := exec.Command(bin, "--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=overlay2",
		"--data-root", filepath.Join(dir, "data"), "--exec-root", filepath.Join(dir, "exec"), "--pidfile", filepath.Join(dir, "pid"), "--host", "unix://"+socket)
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() { _ = cmd.Wait(); close(gone) }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-gone:
		case <-time.After(20 * time.Second):
			_ = cmd.Process.Kill()
			<-gone
		}
	})
	c := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	for range 300 {
		select {
		case <-gone:
			t.Skipf("dockerd does not run here: %s", last(log.String()))
		default:
		}
		if res, err := c.Get("http://docker/info"); err == nil {
			var info struct{ Driver string }
			err := json.NewDecoder(res.Body).Decode(&info)
			_ = res.Body.Close()
			if err != nil || info.Driver != "overlay2" {
				t.Skipf("dockerd runs with %q here, not overlay2", info.Driver)
			}
			return c
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Skip("dockerd did not start within 30 s")
	return nil
}

// last is the last line of a log.
func last(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}
