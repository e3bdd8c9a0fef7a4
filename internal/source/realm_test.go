package source

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/types"
)

func TestTrustedTokenServers(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{"folder.example", "_default"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	r := &Registry{HostsDirs: []string{dir}, DockerConfig: &configfile.ConfigFile{
		AuthConfigs:       map[string]types.AuthConfig{"auth.example:8443": {Username: "me"}, "https://keyed.example": {}},
		CredentialHelpers: map[string]string{"helped.example": "x"},
	}}
	for _, c := range []struct {
		registry, realm string
		want            bool
	}{
		{"https://registry-1.docker.io", "https://auth.docker.io/token", true},
		{"https://registry.gitlab.com", "https://gitlab.com/jwt/auth", true},
		{"https://ghcr.io", "https://ghcr.io/token", true},
		{"https://quay.io", "https://quay.io/v2/auth", true},
		{"https://registry.digitalocean.com", "https://api.digitalocean.com/v2/registry/auth", true},
		{"https://registry.example.co.uk:5000", "https://auth.example.co.uk:5001/x", true},
		{"https://registry.example.com", "https://REGISTRY.example.com:443/x", true},
		{"https://registry.example.com:5000", "https://registry.example.com:5001/x", true},
		{"https://192.0.2.7:5000", "https://192.0.2.7:5001/x", true},
		{"http://127.0.0.1:5000", "http://127.0.0.1:5000/token", true},
		{"http://localhost:5000", "http://localhost:5000/token", true},
		{"https://registry.example.com", "https://auth.example:8443/x", true},
		{"https://registry.example.com", "https://keyed.example/x", true},
		{"https://registry.example.com", "https://helped.example/x", true},
		{"https://registry.example.com", "https://folder.example/x", true},

		{"https://registry.example.com", "https://folder.example:444/x", false},
		{"https://registry.example.com", "http://registry.example.com/x", false},
		{"https://registry.example.com", "http://registry.example.com:443/x", false},
		{"https://registry.example.com", "https://example.org/x", false},
		{"https://registry.example.com", "https://example.com.evil.org/x", false},
		{"https://registry.example.com", "https://evilexample.com/x", false},
		{"https://a.co.uk", "https://b.co.uk/x", false},
		{"https://alice.github.io", "https://bob.github.io/x", false}, // one provider, several owners
		{"https://registry.com", "https://com/x", false},
		{"https://192.0.2.7", "https://192.0.2.8/x", false},
		{"https://[2001:db8::1]", "https://[2001:db8::2]/x", false},
		{"https://registry.lan", "https://auth.lan/x", false},
		{"http://127.0.0.1:5000", "http://127.0.0.1:5001/x", false},
		{"http://127.0.0.1:5000", "http://127.0.0.2:5000/x", false},
		{"http://localhost:5000", "http://127.0.0.1:5000/x", false},
		{"https://registry.example.com", "https://127.0.0.1/x", false},
		{"https://registry.example.com", "https://localhost/x", false},
		{"https://registry.example.com", "https://169.254.169.254/x", false},
		{"https://bücher.example", "https://xn--bcher-kva.example.evil.org/x", false},
	} {
		a, err := url.Parse(c.registry)
		if err != nil {
			t.Fatal(err)
		}
		b, err := url.Parse(c.realm)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.trusts(a, b); got != c.want {
			t.Errorf("%s sends to %s: trusted %v", c.registry, c.realm, got)
		}
	}
}

func TestCheckRealm(t *testing.T) {
	for realm, ok := range map[string]bool{
		"https://auth.example/token": true, "https://auth.example:8443/token?a=b": true,
		"": false, "auth.example/token": false, "//auth.example/token": false, "https:///token": false, "https://:443/x": false,
		"http://auth.example/token": false, "HTTP://auth.example/token": false, "http://127.0.0.1/token": false,
		"https://me:secret@auth.example/": false, "https://registry.example@evil.example/": false,
		"ftp://auth.example/": false, "file:///etc/passwd": false, "https:auth.example": false, "https://a b/": false, "\x00": false, "https://[::1": false,
	} {
		if err := checkRealm(&url.URL{Scheme: "https", Host: "registry.example"}, realm); (err == nil) != ok {
			t.Errorf("%q: %v", realm, err)
		}
	}
	// What the client's parser makes of a header is what is checked.
	for header, want := range map[string]string{
		`Bearer realm="\http://a/x"`:                  "http://a/x",
		`Bearer realm="h\t\t\p\:\/\/a"`:               "http://a",
		`Bearer realm="https://b",realm="http://a/x"`: "http://a/x",
		`bEARER REALM="http://a/x"`:                   "http://a/x",
		`Bearer service="x", realm="http://a/x"`:      "http://a/x",
	} {
		if got := realms(http.Header{"Www-Authenticate": {header}}); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q", header, got)
		}
	}
}
