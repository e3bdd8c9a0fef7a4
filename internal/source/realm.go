package source

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/containerd/containerd/v2/core/remotes/docker/auth"
	"golang.org/x/net/publicsuffix"
)

// realms are the token servers that a registry's challenge names, read by the parser
// of the clients that will ask there: another reading would check another address.
func realms(h http.Header) []string {
	var out []string
	for _, c := range auth.ParseAuthHeader(h) {
		if c.Scheme == auth.BearerAuth {
			out = append(out, c.Parameters["realm"])
		}
	}
	return out
}

var errRealm = errors.New("that is not the address of a token server")

// checkRealm refuses token servers that nothing should be asked of.
func checkRealm(registry *url.URL, realm string) error {
	u, err := url.Parse(realm)
	if err != nil || len(realm) > maxAddress || u.Host == "" || u.Hostname() == "" || u.Opaque != "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%s sends for tokens to %.200s: %w", registry.Host, realm, errRealm)
	}
	if u.Scheme == "http" && registry.Scheme == "https" && (!loopback(registry.Hostname()) || !loopback(u.Hostname())) {
		return fmt.Errorf("%s wants credentials sent to %s without TLS: refused", registry.Host, u.Host)
	}
	return nil
}

// trusts tells whether a token server gets the credentials of a registry: it is at the
// registry's own address, or at another of the same domain with TLS, as
// auth.docker.io is for registry-1.docker.io, or the user has told of it.
func (r *Registry) trusts(registry, realm *url.URL) bool {
	if realm.Scheme != "https" && registry.Scheme == "https" {
		return false
	}
	if port(realm) == port(registry) && strings.EqualFold(realm.Hostname(), registry.Hostname()) {
		return true
	}
	if r.configured(realm.Host) {
		return true
	}
	// Any user of this machine may listen at another of its ports.
	if insider(realm.Hostname()) {
		return false
	}
	if strings.EqualFold(realm.Hostname(), registry.Hostname()) {
		return true
	}
	if net.ParseIP(realm.Hostname()) != nil || net.ParseIP(registry.Hostname()) != nil {
		return false
	}
	a, err := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(realm.Hostname()))
	b, err2 := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(registry.Hostname()))
	return err == nil && err2 == nil && a == b
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "http" {
		return "80"
	}
	return "443"
}

// configured tells whether the user has told of a host: Docker's configuration has
// credentials for it, or a folder of hosts.toml bears its name.
func (r *Registry) configured(host string) bool {
	if c := r.DockerConfig; c != nil {
		for _, key := range []string{host, "https://" + host, "http://" + host} {
			if _, ok := c.AuthConfigs[key]; ok {
				return true
			}
			if _, ok := c.CredentialHelpers[key]; ok {
				return true
			}
		}
	}
	dir, err := r.hostDir(host)
	return err == nil && dir != "" && filepath.Base(dir) != "_default"
}
