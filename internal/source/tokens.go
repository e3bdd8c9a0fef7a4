package source

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/containerd/containerd/v2/core/remotes/docker/auth"
	remoteerrors "github.com/containerd/containerd/v2/core/remotes/errors"
)

// authorizer gives requests their credentials. It is containerd's, twice: with the
// user's credentials for token servers that are the registry's own, without any for
// others, where any registry may send its clients.
type authorizer struct {
	r              *Registry
	client         *http.Client
	creds          func(string) (string, string, error)
	open, secretly docker.Authorizer

	mu     sync.Mutex
	chosen map[string]docker.Authorizer // by the registry's host:port
}

func newAuthorizer(r *Registry, client *http.Client, h http.Header, creds func(string) (string, string, error)) *authorizer {
	opts := []docker.AuthorizerOpt{docker.WithAuthClient(client)}
	if r.UserAgent != "" {
		opts = append(opts, docker.WithAuthHeader(http.Header{"User-Agent": {r.UserAgent}}))
	}
	if len(h) > 0 {
		opts = append(opts, docker.WithAuthHeader(h))
	}
	return &authorizer{
		r: r, client: client, creds: creds, chosen: map[string]docker.Authorizer{},
		open:     docker.NewDockerAuthorizer(opts...),
		secretly: docker.NewDockerAuthorizer(append(opts, docker.WithAuthCreds(creds))...),
	}
}

// Authorize implements docker.Authorizer.
func (a *authorizer) Authorize(ctx context.Context, req *http.Request) error {
	a.mu.Lock()
	use := a.chosen[req.URL.Host]
	a.mu.Unlock()
	if use == nil {
		return nil
	}
	err := use.Authorize(ctx, req)
	if err != nil && req.Body != nil {
		// The request is not sent now. containerd's pusher would go on to write its
		// body into a pipe that nobody reads, without end.
		_ = req.Body.Close()
	}
	return err
}

// AddResponses implements docker.Authorizer.
func (a *authorizer) AddResponses(ctx context.Context, responses []*http.Response) error {
	last := responses[len(responses)-1]
	use := a.secretly
	for _, realm := range realms(last.Header) {
		if err := checkRealm(last.Request.URL, realm); err != nil {
			return err
		}
		u, err := url.Parse(realm)
		if err != nil {
			return err
		}
		if !a.r.trusts(last.Request.URL, u) {
			use = a.open
			if user, secret, err := a.creds(last.Request.URL.Host); err == nil && (user != "" || secret != "") {
				a.r.withheld.Store(last.Request.URL.Host, u.Host)
			}
		}
	}
	a.mu.Lock()
	a.chosen[last.Request.URL.Host] = use
	a.mu.Unlock()
	return use.AddResponses(ctx, responses)
}

// told adds to err that credentials for a registry were not sent to the token server
// that it named, where that is so. Without that it is err itself.
func (r *Registry) told(host string, err error) error {
	where, ok := r.withheld.Load(host)
	if !ok {
		return err
	}
	return &WithheldError{Registry: host, Server: where.(string), Err: err}
}

// WithheldError says that a registry's token server was asked without the user's
// credentials, and why.
type WithheldError struct {
	Registry string
	Server   string // HOST:PORT of the token server
	Err      error  // what came of it; may be nil
}

// Error implements error.
func (e *WithheldError) Error() string {
	text := fmt.Sprintf("%s sends for tokens to %s, which is another host and did not get your credentials; if it may have them, add %q to \"auths\" in Docker's config.json, or make a folder of that name among those of hosts.toml", e.Registry, e.Server, e.Server)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap implements errors.Unwrap.
func (e *WithheldError) Unwrap() error { return e.Err }

// Token is what a token server gave.
type Token struct {
	Token   string
	Issued  time.Time // zero if it does not say
	Expires int       // seconds; 0 if it does not say
}

// Token asks a token server for access to a registry, for a builder that was sent
// there. The registry's credentials go along under the same rule as for pulls.
func (r *Registry) Token(ctx context.Context, host, realm, service string, scopes []string) (Token, error) {
	hosts, err := r.Hosts(ctx)(host)
	if err != nil {
		return Token{}, err
	}
	registry := &url.URL{Scheme: "https", Host: host}
	if _, plain := r.plain.Load(host); plain {
		registry.Scheme = "http"
	}
	var client *http.Client
	for _, h := range hosts {
		if a, ok := h.Authorizer.(*authorizer); ok {
			client = a.client
			if h.Host == host {
				registry.Scheme = h.Scheme
				break
			}
		}
	}
	if client == nil {
		return Token{}, fmt.Errorf("no host is configured for %s", host)
	}
	if loopback(registry.Hostname()) {
		registry.Scheme = "http" // with TLS or without: BuildKit does not say
	}
	if err := checkRealm(registry, realm); err != nil {
		return Token{}, err
	}
	u, err := url.Parse(realm)
	if err != nil {
		return Token{}, err
	}
	to := auth.TokenOptions{Realm: u.String(), Service: service, Scopes: scopes}
	user, secret, err := r.Credentials(host)
	if err != nil {
		return Token{}, err
	}
	if r.trusts(registry, u) {
		to.Username, to.Secret = user, secret
		if t := r.registryToken(host); t != "" {
			return Token{Token: t}, nil
		}
	} else if user != "" || secret != "" {
		r.withheld.Store(host, u.Host)
	}
	t, err := fetchToken(ctx, client, to)
	if err != nil {
		return Token{}, r.told(host, plain(err))
	}
	return t, nil
}

func (r *Registry) registryToken(host string) string {
	if r.DockerConfig == nil {
		return ""
	}
	c, err := r.DockerConfig.GetAuthConfig(ConfigKey(host))
	if err != nil {
		return ""
	}
	return c.RegistryToken
}

// fetchToken asks with POST if there are credentials, and with GET where that is not
// known, as containerd and BuildKit do.
func fetchToken(ctx context.Context, client *http.Client, to auth.TokenOptions) (Token, error) {
	if to.Secret != "" {
		t, err := auth.FetchTokenWithOAuth(ctx, client, nil, "tare", to)
		var status remoteerrors.ErrUnexpectedStatus
		switch {
		case err == nil:
			return Token{Token: t.AccessToken, Issued: t.IssuedAt, Expires: t.ExpiresInSeconds}, nil
		case !errors.As(err, &status):
			return Token{}, err
		}
		switch status.StatusCode {
		case http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound, http.StatusMethodNotAllowed:
		default:
			return Token{}, err
		}
	}
	t, err := auth.FetchToken(ctx, client, nil, to)
	if err != nil {
		return Token{}, err
	}
	return Token{Token: t.Token, Issued: t.IssuedAt, Expires: t.ExpiresInSeconds}, nil
}
