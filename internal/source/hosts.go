// Package source turns a reference into an image's blobs, and brings blobs back:
// registries, archives, OCI layouts.
package source

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/containerd/containerd/v2/core/remotes/docker/config"
	"github.com/containerd/errdefs"
	dockerconfig "github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"

	"tare/internal/logs"
	"tare/internal/patience"
)

// hubKey is Docker Hub's key in Docker's configuration and credential stores.
const hubKey = "https://index.docker.io/v1/"

// Registry is tare's registry client: one set of hosts, mirrors, certificates and
// credentials for pulls, pushes, builds and remote looks. The zero value works.
type Registry struct {
	// HostsDirs are folders with one folder a registry, each with a hosts.toml
	// (containerd's certs.d) or Docker's certificate files; the first that knows a
	// registry wins. Empty means DefaultHostsDirs.
	HostsDirs []string
	// DockerConfig holds the credentials; nil means none.
	DockerConfig *configfile.ConfigFile
	// UserAgent is sent with every request.
	UserAgent string
	// Wait is told why a request is repeated only after a while ("429 Too Many
	// Requests: trying again in 5s"); nil drops it.
	Wait func(text string)
	// Stall is how long a registry may send nothing, or too little; other bounds of time
	// follow from it. 0 means TARE_REGISTRY_STALL, or 15 seconds.
	Stall time.Duration
	// Patience bounds the pauses that a registry asks for before one request is answered, all together. 0 means eight times Stall.
	Patience time.Duration

	withheld sync.Map // registry -> token server that did not get its credentials
	plain    sync.Map // registries that answered without TLS
}

// DefaultHostsDirs is TARE_HOSTS_DIR if set, else the user's and the machine's
// containerd folders.
func DefaultHostsDirs() []string {
	if d := os.Getenv("TARE_HOSTS_DIR"); d != "" {
		return filepath.SplitList(d)
	}
	var dirs []string
	if d, err := os.UserConfigDir(); err == nil {
		dirs = append(dirs, filepath.Join(d, "containerd", "certs.d"))
	}
	return append(dirs, "/etc/containerd/certs.d", "/etc/docker/certs.d")
}

// LoadDockerConfig reads Docker's config.json from dir ("" for DOCKER_CONFIG or
// ~/.docker). A missing file is an empty configuration; a broken one an error.
func LoadDockerConfig(dir string) (*configfile.ConfigFile, error) {
	if dir == "" {
		dir = dockerconfig.Dir()
	}
	c, err := dockerconfig.Load(dir)
	if err != nil {
		return nil, fmt.Errorf("read Docker's configuration: %w", err)
	}
	if !c.ContainsAuth() {
		c.CredentialsStore = "" // as Docker does not use a helper that nobody configured
		if f, err := dockerconfig.Load(dir); err == nil {
			c.CredentialsStore = f.CredentialsStore
		}
	}
	return c, nil
}

// Credentials are a login: a user and password, or an identity token with an
// empty user. Both empty means anonymous.
func (r *Registry) Credentials(host string) (user, secret string, err error) {
	if r.DockerConfig == nil {
		return "", "", nil
	}
	a, err := r.DockerConfig.GetAuthConfig(ConfigKey(host))
	if err != nil {
		return "", "", fmt.Errorf("credentials for %s: %w", host, err)
	}
	if a.IdentityToken != "" {
		logs.Hide(a.IdentityToken)
		return "", a.IdentityToken, nil
	}
	if a.Username == "" && a.Auth != "" {
		if b, err := base64.StdEncoding.DecodeString(a.Auth); err == nil {
			a.Username, a.Password, _ = strings.Cut(string(b), ":")
		}
	}
	logs.Hide(a.Password)
	return a.Username, a.Password, nil
}

// ConfigKey is the key under which Docker's configuration keeps a registry's login.
func ConfigKey(host string) string {
	switch host {
	case "docker.io", "index.docker.io", "registry-1.docker.io":
		return hubKey
	}
	return host
}

// Hosts says how to reach a registry. It fits containerd's and BuildKit's resolvers.
func (r *Registry) Hosts(ctx context.Context) docker.RegistryHosts {
	conf := config.ConfigureHosts(ctx, config.HostOptions{
		HostDir: r.hostDir,
		UpdateClient: func(c *http.Client) error {
			if t, ok := c.Transport.(*http.Transport); ok {
				t.DialContext = outward(t.DialContext)
				t.MaxResponseHeaderBytes = 1 << 20
			}
			return nil
		},
	})
	return func(host string) ([]docker.RegistryHost, error) {
		stall, err := r.patience()
		if err != nil {
			return nil, err
		}
		hosts, err := conf(host)
		if err != nil {
			return nil, err
		}
		for i := range hosts {
			h := &hosts[i]
			base := logs.Requests(h.Client.Transport)
			client := func(only kind) *http.Client {
				return &http.Client{
					Transport:     &patience.Transport{Next: &guard{next: base, reg: r, own: h.Host, only: only, stall: stall}, Wait: r.Wait, Budget: cmp.Or(r.Patience, 8*stall)},
					CheckRedirect: redirected,
				}
			}
			h.Client = client(document)
			h.Authorizer = newAuthorizer(r, client(token), h.Header, r.Credentials)
		}
		return hosts, nil
	}
}

// patience is how long a registry may stall.
func (r *Registry) patience() (time.Duration, error) {
	if r.Stall != 0 {
		return r.Stall, nil
	}
	d, err := StallFromEnv()
	return cmp.Or(d, defaultStall), err
}

// hostDir is the folder with what the user says of a host.
func (r *Registry) hostDir(host string) (string, error) {
	dirs := r.HostsDirs
	if len(dirs) == 0 {
		dirs = DefaultHostsDirs()
	}
	for _, d := range dirs {
		p, err := config.HostDirFromRoot(d)(host)
		if err == nil || !errdefs.IsNotFound(err) {
			return p, err
		}
	}
	return "", errdefs.ErrNotFound
}

// Resolver resolves, fetches and pushes references through Hosts.
func (r *Registry) resolver(ctx context.Context) *resolver {
	h := http.Header{}
	if r.UserAgent != "" {
		h.Set("User-Agent", r.UserAgent)
	}
	tracker := docker.NewInMemoryTracker()
	return &resolver{
		Resolver: docker.NewResolver(docker.ResolverOptions{Hosts: r.Hosts(ctx), Headers: h, Tracker: tracker}),
		tracker:  tracker,
	}
}

// Login asks the registry whether it accepts these credentials. Errors never
// contain the secret.
func (r *Registry) Login(ctx context.Context, host, user, secret string) error {
	if err := r.login(ctx, host, user, secret); err != nil {
		return brief(err)
	}
	return nil
}

func (r *Registry) login(ctx context.Context, host, user, secret string) error {
	hosts, err := r.Hosts(ctx)(host)
	if err != nil {
		return err
	}
	if len(hosts) == 0 {
		return fmt.Errorf("log in to %s: no host is configured for it", host)
	}
	h := hosts[len(hosts)-1]
	trial, ok := h.Authorizer.(*authorizer)
	if !ok {
		return fmt.Errorf("log in to %s: no way to use credentials", host)
	}
	auth := newAuthorizer(r, trial.client, h.Header, func(string) (string, string, error) { return user, secret, nil })
	ctx = docker.WithScope(ctx, "") // a token for no repository
	var seen []*http.Response
	for range 3 {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.Scheme+"://"+h.Host+h.Path+"/", nil)
		if err != nil {
			return err
		}
		if err := auth.Authorize(ctx, req); err != nil {
			return fmt.Errorf("log in to %s: %w", host, r.told(h.Host, plain(err)))
		}
		resp, err := h.Client.Do(req)
		if err != nil {
			return fmt.Errorf("log in to %s: %w", host, err)
		}
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
		_ = resp.Body.Close()
		switch {
		case resp.StatusCode == http.StatusOK:
			if r.told(h.Host, nil) != nil {
				return fmt.Errorf("log in to %s: %w", host, r.told(h.Host, ErrUnauthorized))
			}
			return nil
		case resp.StatusCode != http.StatusUnauthorized:
			return fmt.Errorf("log in to %s: the registry answered %s", host, patience.StatusText(resp.StatusCode))
		}
		seen = append(seen, resp) //nolint:bodyclose // closed above; the authorizer reads headers only
		if err := auth.AddResponses(ctx, seen); err != nil {
			break
		}
	}
	return fmt.Errorf("log in to %s: %w", host, r.told(h.Host, ErrUnauthorized))
}

// ErrUnauthorized says that a registry refused the credentials or wants some.
var ErrUnauthorized = errors.New("unauthorized: incorrect username or password")

// Host is the registry that a server on a command line means, as in `docker login`: an URL
// or a name, Docker Hub under any of its names.
func Host(arg string) string {
	for _, p := range []string{"https://", "http://"} {
		arg = strings.TrimPrefix(arg, p)
	}
	host, _, _ := strings.Cut(arg, "/")
	if host == "index.docker.io" || host == "registry-1.docker.io" {
		return "docker.io"
	}
	return host
}
