package source_test

import (
	"os"
	"path/filepath"
	"testing"

	"tare/internal/source"
)

func FuzzScheme(f *testing.F) {
	for _, s := range []string{"", "a", "oci:x:y", "docker-archive:x", "registry://a", "docker://a", "-", "-:x", "oci-dir://", "x://y", "daemon://a@b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		scheme, rest, err := schemeOf(s)
		if err == nil && scheme == "" && rest != s {
			t.Fatalf("%q lost something: %q", s, rest)
		}
	})
}

// hosts.toml and Docker's configuration are read, or refused.
func FuzzConfigs(f *testing.F) {
	f.Add([]byte("server = \"http://a\"\n[host.\"http://b\"]\n  capabilities = [\"pull\"]\n  skip_verify = true\n"), []byte(`{"auths":{"a":{"auth":"YTpi"}}}`))
	f.Add([]byte("[host]\n"), []byte(`{"credHelpers":{"a":"../x"}}`))
	f.Fuzz(func(t *testing.T, hosts, docker []byte) {
		dir := t.TempDir()
		for name, body := range map[string][]byte{"r.example/hosts.toml": hosts, "config.json": docker} {
			p := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(p, body, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		cfg, err := source.LoadDockerConfig(dir)
		if err != nil {
			return
		}
		r := source.Registry{HostsDirs: []string{dir}, DockerConfig: cfg}
		_, _ = r.Hosts(t.Context())("r.example")
	})
}
