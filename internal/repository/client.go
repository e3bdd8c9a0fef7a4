// Package repository reads what a registry lists and has: catalogues, tags, manifests, configurations, blobs. Requests for many
// repositories share the connections to their registry.
package repository

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	remoteerrors "github.com/containerd/containerd/v2/core/remotes/errors"
	"github.com/containerd/errdefs"
	"github.com/distribution/reference"

	"tare/internal/source"
)

// Host is one registry, with the mirrors that are configured for it. It may be used by several goroutines.
type Host struct {
	registry *source.Registry
	domain   string
	// many says that repositories with different rights are read: what one is refused must not be asked for with another's token.
	many bool

	mu      sync.Mutex
	hosts   []docker.RegistryHost
	greeted bool
}

// At is the registry of a domain, such as docker.io, to read many of its repositories. Nothing is asked for yet.
func At(ctx context.Context, registry *source.Registry, domain string) (*Host, error) {
	h := &Host{registry: registry, domain: domain, many: true}
	_, err := h.current(ctx)
	return h, err
}

// Repository is one repository of a registry, read over one login: hundreds of tags would each ask for a token if they were opened one
// by one.
type Repository struct {
	host  *Host
	named reference.Named
}

// Open is the repository of a name; its tag or digest does not matter. Nothing is asked for yet.
func Open(ctx context.Context, registry *source.Registry, named reference.Named) (*Repository, error) {
	h := &Host{registry: registry, domain: reference.Domain(named)}
	_, err := h.current(ctx)
	return h.Repository(named), err
}

// Repository is a repository of the registry.
func (h *Host) Repository(named reference.Named) *Repository {
	return &Repository{host: h, named: reference.TrimNamed(named)}
}

// current are the hosts to ask, mirrors first.
func (h *Host) current(ctx context.Context) ([]docker.RegistryHost, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.hosts != nil {
		return h.hosts, nil
	}
	hosts, err := h.registry.Hosts(ctx)(h.domain)
	if err != nil {
		return nil, err
	}
	h.hosts, h.greeted = hosts, !h.many
	return hosts, nil
}

// accepting are the headers of a request for documents of some types.
func accepting(types string) http.Header { return http.Header{"Accept": {types}} }

// greet learns from each host how it wants to be logged in to, before a repository is asked for: tokens then name no repository but the
// one that they are for. Some token servers refuse a token for two repositories if one of them is private.
func (h *Host) greet(ctx context.Context) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.greeted {
		return
	}
	h.greeted = true
	for _, at := range h.hosts {
		req, err := h.request(ctx, at, "", nil)
		if err != nil || at.Authorizer == nil {
			continue
		}
		resp, err := at.Client.Do(req)
		if err != nil {
			continue // whoever asks for something will see why
		}
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
		_ = resp.Body.Close()
		if resp.StatusCode == http.StatusUnauthorized {
			_ = at.Authorizer.AddResponses(ctx, []*http.Response{resp})
		}
	}
}

// refused forgets the logins after one was refused: its scope would be part of those that follow.
func (h *Host) refused(err error) {
	if !h.many || !Denied(err) {
		return
	}
	h.mu.Lock()
	h.hosts = nil
	h.mu.Unlock()
}

// Denied tells whether an error is that a registry wants other rights.
func Denied(err error) bool {
	s := status(err)
	return errors.Is(err, source.ErrUnauthorized) || errors.Is(err, docker.ErrInvalidAuthorization) || s == http.StatusUnauthorized || s == http.StatusForbidden
}

// status is the HTTP status of an answer that was an error; 0 of anything else.
func status(err error) int {
	var s remoteerrors.ErrUnexpectedStatus
	if errors.As(err, &s) {
		return s.StatusCode
	}
	return 0
}

// get asks the mirrors and the registry in their order, until one answers. path begins below /v2/.
func (h *Host) get(ctx context.Context, path string, header http.Header) (*http.Response, error) {
	hosts, err := h.current(ctx)
	if err != nil {
		return nil, err
	}
	h.greet(ctx)
	err = fmt.Errorf("no host is configured for %s", h.domain)
	var first error
	for _, at := range hosts {
		if !at.Capabilities.Has(docker.HostCapabilityPull) {
			continue
		}
		var resp *http.Response
		if resp, err = h.ask(ctx, at, path, header); err == nil {
			return resp, nil
		}
		if first == nil || errdefs.IsNotFound(first) {
			first = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	if first != nil {
		err = first
	}
	h.refused(err)
	return nil, err
}

// Hosts are the mirrors and the registry, in the order in which they are asked, for Ask.
func (r *Repository) Hosts(ctx context.Context) ([]docker.RegistryHost, error) {
	return r.host.current(ctx)
}

// Ask sends a GET to one host, with a login if it wants one. path begins below the repository. The error of any answer but 200 has its
// status (ErrUnexpectedStatus of containerd's remotes), and wraps errdefs.ErrNotFound for 404.
func (r *Repository) Ask(ctx context.Context, at docker.RegistryHost, path, accept string) (*http.Response, error) {
	return r.host.ask(r.scope(ctx), at, reference.Path(r.named)+"/"+path, http.Header{"Accept": {accept}})
}

// request is a GET to one host.
func (h *Host) request(ctx context.Context, at docker.RegistryHost, path string, header http.Header) (*http.Request, error) {
	where := at.Scheme + "://" + at.Host + at.Path + "/" + path
	if at.Host != h.domain && !(h.domain == "docker.io" && at.Host == "registry-1.docker.io") {
		sep := "?"
		if strings.Contains(where, "?") {
			sep = "&"
		}
		where += sep + "ns=" + url.QueryEscape(h.domain) // a mirror of several registries
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, where, nil)
	if err != nil {
		return nil, err
	}
	for k, v := range at.Header {
		req.Header[k] = v
	}
	for k, v := range header {
		req.Header[k] = v
	}
	if h.registry.UserAgent != "" {
		req.Header.Set("User-Agent", h.registry.UserAgent)
	}
	return req, nil
}

// ask sends a request to one host, with a login if it wants one.
func (h *Host) ask(ctx context.Context, at docker.RegistryHost, path string, header http.Header) (*http.Response, error) {
	var seen []*http.Response
	for range 3 {
		req, err := h.request(ctx, at, path, header)
		if err != nil {
			return nil, err
		}
		if at.Authorizer != nil {
			if err := at.Authorizer.Authorize(ctx, req); err != nil {
				return nil, err
			}
		}
		resp, err := at.Client.Do(req)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusPartialContent && header.Get("Range") != "" {
			return resp, nil
		}
		failed := remoteerrors.NewUnexpectedStatusErr(resp) // it reads and closes no more than a little
		_ = resp.Body.Close()
		seen = append(seen, resp)
		if resp.StatusCode == http.StatusUnauthorized && at.Authorizer != nil {
			if err := at.Authorizer.AddResponses(ctx, seen); err == nil {
				continue
			}
		}
		if resp.StatusCode == http.StatusNotFound {
			return nil, fmt.Errorf("%w: %w", errdefs.ErrNotFound, failed)
		}
		return nil, failed
	}
	return nil, source.ErrUnauthorized
}
