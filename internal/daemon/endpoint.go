// Package daemon finds the daemons that keep a user's images, Docker and Podman, where
// their own command lines would find them, and asks them over Docker's API.
package daemon

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/context/docker"
	"github.com/docker/cli/cli/context/store"
	"github.com/moby/moby/client"
)

// Kind is a kind of daemon.
type Kind string

// The kinds of daemons.
const (
	Docker Kind = "docker"
	Podman Kind = "podman"
)

// Title is its name for people.
func (k Kind) Title() string { return strings.ToUpper(string(k[:1])) + string(k[1:]) }

// Endpoint is a daemon's address with all that is needed to speak to it.
type Endpoint struct {
	Kind    Kind
	Host    string // unix://PATH, tcp://HOST:PORT, ssh://USER@HOST, …
	Context string // the Docker context that names it; "" for none, or the default one

	tls bool // by DOCKER_TLS_VERIFY or DOCKER_TLS
	at  docker.Endpoint
}

// String is how people call it: "Docker (context colima)", "Podman at unix://…".
func (e *Endpoint) String() string {
	if e.Context != "" {
		return fmt.Sprintf("%s (context %s)", e.Kind.Title(), e.Context)
	}
	return fmt.Sprintf("%s at %s", e.Kind.Title(), e.Host)
}

// Local tells whether it is a socket of this machine: to ask it takes no time.
func (e *Endpoint) Local() bool {
	return strings.HasPrefix(e.Host, "unix://") || strings.HasPrefix(e.Host, "npipe://")
}

// Absent tells whether there is nothing where the daemon would be.
func (e *Endpoint) Absent() bool {
	path, ok := strings.CutPrefix(e.Host, "unix://")
	if !ok {
		return false
	}
	_, err := os.Stat(path)
	return errors.Is(err, os.ErrNotExist)
}

// defaultContext is the context that needs no file: DOCKER_HOST, else the usual socket.
const defaultContext = "default"

// DockerEndpoint is the daemon that the docker command would speak to: that of
// DOCKER_HOST, else of the context that DOCKER_CONTEXT or docker context use named, else
// of the usual socket.
func DockerEndpoint() (*Endpoint, error) {
	host := os.Getenv("DOCKER_HOST")
	name := ""
	if host == "" {
		if name = os.Getenv("DOCKER_CONTEXT"); name == "" {
			c, err := config.Load(config.Dir())
			if err != nil {
				return nil, fmt.Errorf("docker's configuration: %w", err)
			}
			name = c.CurrentContext
		}
	}
	if name != "" && name != defaultContext {
		return fromContext(name)
	}
	e := &Endpoint{Kind: Docker, Host: host}
	if e.Host == "" {
		e.Host = client.DefaultDockerHost
	}
	if !strings.Contains(e.Host, "://") { // as the docker command reads it
		e.Host = "tcp://" + e.Host
	}
	e.at.Host = e.Host
	e.tls = os.Getenv("DOCKER_TLS_VERIFY") != "" || os.Getenv("DOCKER_TLS") != ""
	if e.tls && !e.Local() {
		e.at.SkipTLSVerify = os.Getenv("DOCKER_TLS_VERIFY") == ""
	}
	return e, nil
}

// fromContext reads a context as docker context create wrote it.
func fromContext(name string) (*Endpoint, error) {
	say := func(err error) error {
		return fmt.Errorf("docker context %q: %w; docker context ls lists those that there are", name, err)
	}
	s := store.New(filepath.Join(config.Dir(), "contexts"), store.NewConfig(
		func() any { return &map[string]any{} },
		store.EndpointTypeGetter(docker.DockerEndpoint, func() any { return &docker.EndpointMeta{} }),
	))
	m, err := s.GetMetadata(name)
	if err != nil {
		return nil, say(err)
	}
	meta, err := docker.EndpointFromContext(m)
	if err != nil {
		return nil, say(err)
	}
	at, err := docker.WithTLSData(s, name, meta)
	if err != nil {
		return nil, say(err)
	}
	return &Endpoint{Kind: Docker, Host: meta.Host, Context: name, at: at}, nil
}

// PodmanEndpoints are where Podman's service would be: at CONTAINER_HOST alone if it is
// set, else the user's socket and root's.
func PodmanEndpoints() []*Endpoint {
	hosts := []string{os.Getenv("CONTAINER_HOST")}
	if hosts[0] == "" {
		hosts = nil
		if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
			hosts = append(hosts, "unix://"+filepath.Join(dir, "podman", "podman.sock"))
		} else if uid := os.Getuid(); uid > 0 {
			hosts = append(hosts, fmt.Sprintf("unix:///run/user/%d/podman/podman.sock", uid))
		}
		hosts = append(hosts, "unix:///run/podman/podman.sock")
	}
	var out []*Endpoint
	for _, h := range hosts {
		e := &Endpoint{Kind: Podman, Host: h}
		e.at.Host = h
		out = append(out, e)
	}
	return out
}

// Endpoints are the daemons of a kind that there may be, the likeliest first. An error is
// a setting that cannot be followed.
func Endpoints(k Kind) ([]*Endpoint, error) {
	if k == Podman {
		return PodmanEndpoints(), nil
	}
	e, err := DockerEndpoint()
	if err != nil {
		return nil, err
	}
	return []*Endpoint{e}, nil
}
