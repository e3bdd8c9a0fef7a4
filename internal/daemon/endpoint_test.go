package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/context/docker"
	"github.com/docker/cli/cli/context/store"
)

// home gives the docker command's settings a directory of their own.
func home(t *testing.T, current string, contexts map[string]docker.EndpointMeta) {
	t.Helper()
	dir := t.TempDir()
	old := config.Dir()
	config.SetDir(dir)
	t.Cleanup(func() { config.SetDir(old) })
	for _, v := range []string{"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "CONTAINER_HOST"} {
		t.Setenv(v, "")
	}
	if current != "" {
		if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(`{"currentContext":"`+current+`"}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := store.New(filepath.Join(dir, "contexts"), store.NewConfig(func() any { return &map[string]any{} },
		store.EndpointTypeGetter(docker.DockerEndpoint, func() any { return &docker.EndpointMeta{} })))
	for name, m := range contexts {
		if err := s.CreateOrUpdate(store.Metadata{Name: name, Metadata: map[string]any{"Description": "x"}, Endpoints: map[string]any{docker.DockerEndpoint: m}}); err != nil {
			t.Fatal(err)
		}
	}
}

// Which daemon the docker command speaks to: docker's own order.
func TestDockerEndpoint(t *testing.T) {
	contexts := map[string]docker.EndpointMeta{"one": {Host: "unix:///one.sock"}, "two": {Host: "ssh://me@two"}}
	for _, c := range []struct {
		name, current string
		env           map[string]string
		host, context string // or
		err           string
	}{
		{name: "nothing is set", host: "unix:///var/run/docker.sock"},
		{name: "DOCKER_HOST", env: map[string]string{"DOCKER_HOST": "tcp://h:1"}, host: "tcp://h:1"},
		{name: "DOCKER_HOST without a scheme", env: map[string]string{"DOCKER_HOST": "h:1"}, host: "tcp://h:1"},
		{name: "docker context use", current: "one", host: "unix:///one.sock", context: "one"},
		{name: "DOCKER_CONTEXT before docker context use", current: "one", env: map[string]string{"DOCKER_CONTEXT": "two"}, host: "ssh://me@two", context: "two"},
		{name: "DOCKER_HOST before contexts", current: "one", env: map[string]string{"DOCKER_CONTEXT": "two", "DOCKER_HOST": "unix:///h"}, host: "unix:///h"},
		{name: "the default one", current: "default", host: "unix:///var/run/docker.sock"},
		{name: "DOCKER_CONTEXT default", current: "one", env: map[string]string{"DOCKER_CONTEXT": "default"}, host: "unix:///var/run/docker.sock"},
		{name: "a context that is not there", env: map[string]string{"DOCKER_CONTEXT": "gone"}, err: `docker context "gone"`},
		{name: "not there, and in use", current: "gone", err: "docker context ls"},
	} {
		t.Run(c.name, func(t *testing.T) {
			home(t, c.current, contexts)
			for k, v := range c.env {
				t.Setenv(k, v)
			}
			e, err := DockerEndpoint()
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil || e.Host != c.host || e.Context != c.context {
				t.Errorf("%+v, %v", e, err)
			}
		})
	}
}

func TestDockerEndpointBroken(t *testing.T) {
	home(t, "", nil)
	if err := os.WriteFile(filepath.Join(config.Dir(), "config.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := DockerEndpoint(); err == nil || !strings.Contains(err.Error(), "docker's configuration") {
		t.Errorf("%v", err)
	}
}

func TestPodmanEndpoints(t *testing.T) {
	home(t, "", nil)
	t.Setenv("XDG_RUNTIME_DIR", "/run/user/7")
	hosts := func() (out []string) {
		for _, e := range PodmanEndpoints() {
			out = append(out, e.Host)
		}
		return out
	}
	if got := strings.Join(hosts(), " "); got != "unix:///run/user/7/podman/podman.sock unix:///run/podman/podman.sock" {
		t.Error(got)
	}
	t.Setenv("CONTAINER_HOST", "unix:///x")
	if got := strings.Join(hosts(), " "); got != "unix:///x" {
		t.Error(got)
	}
}

// Settings that cannot be followed are said before anything is asked.
func TestConnectRefuses(t *testing.T) {
	home(t, "", nil)
	for _, c := range []struct {
		e    *Endpoint
		want string
	}{
		{&Endpoint{Kind: Docker, Host: "unix:///" + strings.Repeat("x", 200)}, "at most 107 bytes"},
		{&Endpoint{Kind: Podman, Host: "unix:///" + strings.Repeat("x", 200)}, "at most 107 bytes"},
		{&Endpoint{Kind: Podman, Host: "ssh://me:secret@there"}, "plain-text password"},
		{&Endpoint{Kind: Docker, Host: "ssh://me@there?query"}, "query"},
		{&Endpoint{Kind: Docker, Host: "tcp://h:1", tls: true}, "ca.pem"},
	} {
		c.e.at.Host = c.e.Host
		if _, err := Connect(c.e); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.e.Host, err)
		}
	}
}
