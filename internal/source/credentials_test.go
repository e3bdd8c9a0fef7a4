package source_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"tare/internal/source"
	"tare/internal/testkit"
)

// thief is a server that notes whatever it gets.
type thief struct {
	*httptest.Server
	host string

	mu   sync.Mutex
	got  []string
	seen int
}

func newThief(t *testing.T) *thief {
	t.Helper()
	x := &thief{}
	x.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		x.mu.Lock()
		x.got = append(x.got, fmt.Sprintf("%s %s %v %s", r.Method, r.URL, r.Header, body))
		x.seen++
		x.mu.Unlock()
		_, _ = w.Write([]byte(`{"token":"anonymous","access_token":"anonymous"}`))
	}))
	x.host = strings.TrimPrefix(x.URL, "http://")
	t.Cleanup(x.Close)
	return x
}

// stole tells what of the secrets the thief has.
func (x *thief) stole(secrets ...string) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, g := range x.got {
		for _, s := range secrets {
			if strings.Contains(g, s) || strings.Contains(g, base64.StdEncoding.EncodeToString([]byte("me:"+s))) {
				return g
			}
		}
	}
	return ""
}

// TestCredentialsStayHome has a registry send for tokens wherever a thief would like.
func TestCredentialsStayHome(t *testing.T) {
	for name, c := range map[string]struct {
		challenges []string // THIEF and REG stand for hosts
		at         func(w http.ResponseWriter, r *http.Request, thief string) bool
	}{
		"another port":               {challenges: []string{`Bearer realm="http://THIEF/token",service="x"`}},
		"a backslash":                {challenges: []string{`Bearer realm="\http://THIEF/token",service="x"`}},
		"backslashes":                {challenges: []string{`Bearer realm="\h\t\t\p\:\/\/THIEF/token",service="x"`}},
		"capitals":                   {challenges: []string{`bearer Realm="HTTP://THIEF/token"`}},
		"the second realm":           {challenges: []string{`Bearer realm="https://REG/token",realm="http://THIEF/token"`}},
		"the first header":           {challenges: []string{`Bearer realm="http://THIEF/token"`, `Bearer realm="https://REG/token"`}},
		"the second header":          {challenges: []string{`Bearer realm="https://REG/token"`, `Bearer realm="http://THIEF/token"`}},
		"two in one header":          {challenges: []string{`Bearer realm="https://REG/token", Bearer realm="http://THIEF/token"`}},
		"basic and bearer":           {challenges: []string{`Digest realm="x"`, `Bearer realm="http://THIEF/token"`}},
		"userinfo":                   {challenges: []string{`Bearer realm="http://REG@THIEF/token"`}},
		"userinfo with a password":   {challenges: []string{`Bearer realm="http://a:b@THIEF/token"`}},
		"a fragment":                 {challenges: []string{`Bearer realm="http://THIEF#@REG/token"`}},
		"no scheme":                  {challenges: []string{`Bearer realm="//THIEF/token"`}},
		"spaces":                     {challenges: []string{`Bearer realm=" http://THIEF/token"`}},
		"another host by TLS":        {challenges: []string{`Bearer realm="https://THIEF/token"`}},
		"a redirect of the token":    {challenges: []string{`Bearer realm="https://REG/token",service="x"`}, at: tokenRedirect(http.StatusTemporaryRedirect)},
		"a permanent redirect":       {challenges: []string{`Bearer realm="https://REG/token",service="x"`}, at: tokenRedirect(http.StatusPermanentRedirect)},
		"a redirect by 302":          {challenges: []string{`Bearer realm="https://REG/token",service="x"`}, at: tokenRedirect(http.StatusFound)},
		"a redirect of a manifest":   {at: pathRedirect("/manifests/")},
		"a redirect of the ping":     {at: pathRedirect("/v2/")},
		"a place for an upload":      {at: location("http://THIEF/upload")},
		"a place with userinfo":      {at: location("http://me@THIEF/upload")},
		"a place without a scheme":   {at: location("THIEF/upload")},
		"a place by scheme-relative": {at: location("//THIEF/upload")},
	} {
		for _, login := range []string{"password", "identity token"} {
			t.Run(name+"/"+login, func(t *testing.T) {
				t.Parallel()
				x := newThief(t)
				reg := testkit.NewTLSRegistry(t)
				b := small(t, testkit.Options{})
				reg.Push(t, "app", "1", b)
				fill := strings.NewReplacer("THIEF", x.host, "REG", reg.Host)
				reg.Fault(func(w http.ResponseWriter, r *http.Request) bool {
					if c.at != nil && c.at(w, r, x.host) {
						return true
					}
					if r.URL.Path == "/token" {
						_, _ = w.Write([]byte(`{"token":"home","access_token":"home"}`))
						return true
					}
					if len(c.challenges) == 0 && r.Header.Get("Authorization") == "" {
						w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
						w.WriteHeader(http.StatusUnauthorized)
						return true
					}
					if len(c.challenges) > 0 && r.Header.Get("Authorization") != "Bearer home" {
						for _, h := range c.challenges {
							w.Header().Add("WWW-Authenticate", fill.Replace(h))
						}
						w.WriteHeader(http.StatusUnauthorized)
						return true
					}
					return false
				})
				config := fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, reg.Host, base64.StdEncoding.EncodeToString([]byte("me:sesame")))
				if login != "password" {
					config = fmt.Sprintf(`{"auths":{%q:{"auth":"bWU6","identitytoken":"sesame"}}}`, reg.Host)
				}
				r := registry(t, config)
				hostsTOML(t, r, reg.Host, fmt.Sprintf("server = %q\n[host.%q]\n  skip_verify = true\n  [host.%q.header]\n    x-secret = \"in-hosts-toml\"\n", reg.URL, reg.URL, reg.URL))
				_, _ = r.Pull(ctx, testkit.Store(t), reg.Host+"/app:1", nil, nil)
				s := testkit.Store(t)
				testkit.Put(t, s, reg.Host+"/new:1", "pulled", testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 9, 3000)}}))
				_, _ = r.Push(ctx, s, reg.Host+"/new:1", nil, nil)
				_ = r.Login(ctx, reg.Host, "me", "sesame")
				for _, h := range c.challenges {
					if _, rest, ok := strings.Cut(fill.Replace(h), `ealm="`); ok {
						realm, _, _ := strings.Cut(rest, `"`)
						_, _ = r.Token(ctx, reg.Host, strings.ReplaceAll(realm, `\`, ""), "x", []string{"repository:app:pull"})
					}
				}
				if got := x.stole("sesame", "in-hosts-toml", "Bearer home"); got != "" {
					t.Errorf("the thief got %s", got)
				}
			})
		}
	}
}

func tokenRedirect(code int) func(http.ResponseWriter, *http.Request, string) bool {
	return func(w http.ResponseWriter, r *http.Request, thief string) bool {
		if r.URL.Path != "/token" {
			return false
		}
		http.Redirect(w, r, "http://"+thief+"/token", code)
		return true
	}
}

func pathRedirect(part string) func(http.ResponseWriter, *http.Request, string) bool {
	return func(w http.ResponseWriter, r *http.Request, thief string) bool {
		if !strings.Contains(r.URL.Path, part) || r.Header.Get("Authorization") == "" {
			return false
		}
		http.Redirect(w, r, "http://"+thief+"/x", http.StatusTemporaryRedirect)
		return true
	}
}

func location(to string) func(http.ResponseWriter, *http.Request, string) bool {
	return func(w http.ResponseWriter, r *http.Request, thief string) bool {
		if r.Method != http.MethodPost || !strings.Contains(r.URL.Path, "/blobs/uploads/") || r.Header.Get("Authorization") == "" {
			return false
		}
		w.Header().Set("Location", strings.ReplaceAll(to, "THIEF", thief))
		w.WriteHeader(http.StatusAccepted)
		return true
	}
}

// TestTokenServers has honest registries with their token servers: those of their own
// get the password, others only if they are configured, and an image that everybody
// may have is pulled with a login that is not sent.
func TestTokenServers(t *testing.T) {
	auth := base64.StdEncoding.EncodeToString([]byte("me:sesame"))
	for name, c := range map[string]struct {
		apart, public, config bool
		password, ok          bool // what the token server gets, what becomes of the pull
	}{
		"its own":                     {password: true, ok: true},
		"another":                     {apart: true},
		"another, and a public image": {apart: true, public: true, ok: true},
		"another, configured":         {apart: true, config: true, password: true, ok: true},
	} {
		t.Run(name, func(t *testing.T) {
			reg := testkit.NewRegistry(t)
			reg.Push(t, "app", "1", small(t, testkit.Options{}))
			password := false
			tokens := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_ = r.ParseForm()
				if _, p, _ := r.BasicAuth(); p == "sesame" || r.PostForm.Get("password") == "sesame" {
					password = true
				} else if !c.public {
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				_, _ = w.Write([]byte(`{"token":"let-me-in","access_token":"let-me-in"}`))
			})
			server := httptest.NewServer(tokens)
			defer server.Close()
			realm := reg.URL
			if c.apart {
				realm = server.URL
			}
			inner := guard("Bearer let-me-in", fmt.Sprintf(`Bearer realm="%s/token",service="test"`, realm))
			reg.Fault(func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/token" {
					tokens(w, r)
					return true
				}
				return inner(w, r)
			})
			config := fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, reg.Host, auth)
			if c.config {
				config = fmt.Sprintf(`{"auths":{%q:{"auth":%q},%q:{}}}`, reg.Host, auth, strings.TrimPrefix(server.URL, "http://"))
			}
			for what, do := range map[string]func(*source.Registry) error{
				"pull": func(r *source.Registry) error {
					_, err := r.Pull(ctx, testkit.Store(t), reg.Host+"/app:1", nil, nil)
					return err
				},
				"token": func(r *source.Registry) error {
					_, err := r.Token(ctx, reg.Host, realm+"/token", "test", []string{"repository:app:pull"})
					return err
				},
				"login": func(r *source.Registry) error { return r.Login(ctx, reg.Host, "me", "sesame") },
			} {
				password = false
				err := do(registry(t, config))
				ok := c.ok && (what != "login" || c.password) // a login that is not sent proves nothing
				if password != c.password || (err == nil) != ok {
					t.Errorf("%s: the password was sent: %v; %v", what, password, err)
				}
				if err != nil && (!strings.Contains(err.Error(), "did not get your credentials") || !strings.Contains(err.Error(), strings.TrimPrefix(server.URL, "http://")) || strings.Contains(err.Error(), "sesame")) {
					t.Errorf("%s: the error does not say why, and what to do: %v", what, err)
				}
			}
		})
	}
}

// A registry elsewhere cannot make tare ask services of this machine, or of its link.
func TestStrangersDoNotSendHome(t *testing.T) {
	x := newThief(t)
	for name, to := range map[string]string{"loopback": "http://" + x.host, "a name": "http://localhost:" + x.host[strings.LastIndex(x.host, ":")+1:], "metadata": "http://169.254.169.254", "the same by IPv6": "http://[::ffff:169.254.169.254]", "link-local": "http://[fe80::1%25lo]", "unspecified": "http://0.0.0.0:1"} {
		for _, how := range []string{"realm", "redirect"} {
			t.Run(name+"/"+how, func(t *testing.T) {
				t.Parallel()
				server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if how == "redirect" {
						http.Redirect(w, r, to+"/v2/x", http.StatusTemporaryRedirect)
						return
					}
					w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s/token"`, to))
					w.WriteHeader(http.StatusUnauthorized)
				}))
				server.Listener = away(t)
				server.Start()
				defer server.Close()
				host := server.Listener.Addr().String()
				r := registry(t, "")
				hostsTOML(t, r, host, fmt.Sprintf("server = %q\n", server.URL))
				_, err := r.Pull(ctx, testkit.Store(t), host+"/app:1", nil, nil)
				if err == nil || !strings.Contains(err.Error(), "refused") {
					t.Errorf("%v", err)
				}
			})
		}
	}
	t.Cleanup(func() {
		if x.seen > 0 {
			t.Errorf("a service of this machine was asked: %v", x.got)
		}
	})
}
