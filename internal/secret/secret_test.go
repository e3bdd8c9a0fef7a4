package secret_test

import (
	"strings"
	"testing"

	"tare/internal/secret"
)

// pem is a block of text between marks, made up.
func pem(label, body string) string {
	return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n"
}

var body = strings.Repeat("b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ\n", 5)

// Each file is what the mark says; none of those under None is accused.
func TestLook(t *testing.T) {
	const json = `{"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----\n"}`
	type file struct{ path, text string }
	for want, list := range map[secret.Mark][]file{
		secret.Key: {
			{"root/.ssh/id_rsa", pem("OPENSSH PRIVATE KEY", body)}, {"app/anything", pem("RSA PRIVATE KEY", body)}, {"etc/tls/tls.key", pem("EC PRIVATE KEY", body)},
			{"app/server.pem", pem("CERTIFICATE", body) + pem("PRIVATE KEY", body)}, {"x/y.key", "# key of x\n" + pem("PRIVATE KEY", body)},
			{"app/k", "\r\n\xef\xbb\xbf"[:2] + pem("ENCRYPTED PRIVATE KEY", body)}, {"app/k", "\xef\xbb\xbf" + strings.ReplaceAll(pem("DSA PRIVATE KEY", body), "\n", "\r\n")},
			{"app/ec.pem", pem("EC PARAMETERS", "BggqhkjOPQMBBw==") + pem("EC PRIVATE KEY", body)}, {"app/k", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n" + body},
			{"app/bag", "Bag Attributes\n    localKeyID: 01\nKey Attributes: <No Attributes>\n" + pem("PRIVATE KEY", body)},
			{"root/me.asc", pem("PGP PRIVATE KEY BLOCK", "Version: 2\n\n"+body)}, {"root/x.ppk", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n"},
			{"root/.gnupg/private-keys-v1.d/AB.key", "(21:protected-private-key(3:rsa"}, {"root/.gnupg/private-keys-v1.d/AB.key", "Created: 2020\nKey: (private-key (rsa"},
			{"root/.gnupg/secring.gpg", "\x95\x03\xbe"}, {"app/short", "-----BEGIN PRIVATE KEY-----\nMIIE\n"}, {"app/cut", "-----BEGIN OPENSSH PRIVATE KEY-----"},
			{"app/client.ovpn", "client\n<key>\n" + pem("PRIVATE KEY", body) + "</key>\n"}, {"app/key.json", `{"private_key": "-----BEGIN PRIVATE KEY-----\nMII"}`},
		},
		secret.KeyName: {{"root/.ssh/id_ed25519", "something"}, {"etc/ssh/ssh_host_rsa_key", "\x00\x01"}},
		secret.Cloud: {
			{"root/.aws/credentials", "[default]\naws_access_key_id = A\naws_secret_access_key = abc/def+\n"}, {"root/.aws/config", "[default]\naws_secret_access_key=x1\n"},
			{"root/.config/gcloud/application_default_credentials.json", `{"client_secret": "a", "refresh_token": "1//0x", "type": "authorized_user"}`}, {"app/sa.json", json},
			{"root/.azure/msal_token_cache.json", `{"RefreshToken": {"x": {"secret": "0.AX"}}}`}, {"root/.azure/accessTokens.json", `[{"accessToken": "ey"}]`},
			{"root/.aws/sso/cache/ab.json", `{"accessToken": "x1", "region": "y"}`}, {"root/.s3cfg", "secret_key = abc\n"}, {"root/.boto", "[Credentials]\ngs_oauth2_refresh_token = 1/x\n"},
		},
		secret.Cluster: {
			{"root/.kube/config", "apiVersion: v1\nusers:\n- user:\n    client-key-data: TFMw\n"}, {"app/kubeconfig", "users:\n- user:\n    token: eyJ\n"},
			{"app/prod.kubeconfig", `{"users":[{"user":{"password":"x1"}}]}`}, {"etc/kubernetes/admin.conf", "client-key-data: TFMw\n"},
		},
		secret.Registry: {{"root/.docker/config.json", `{"auths": {"registry.example": {"auth": "dTpw"}}}`}, {"kaniko/.docker/config.json", "{\n\t\"auths\": {\n\t\t\"x\": {\n\t\t\t\"auth\": \"dTpw\"\n"}, {"run/containers/auth.json", `{"auths":{"x":{"identitytoken":"a1"}}}`}},
		secret.Token: {
			{"app/.npmrc", "registry=https://r.example/\n//r.example/:_authToken=npm_abc\n"}, {"root/.npmrc", "_auth = \"dTpw\"\n"}, {"root/.pypirc", "[pypi]\nusername = __token__\npassword = pypi-abc\n"},
			{"etc/pip.conf", "[global]\nindex-url = https://u:p1@r.example/simple\n"}, {"app/.git/config", "[remote \"origin\"]\n\turl = https://x-access-token:ghs_1@git.example/a\n"},
			{"app/.git/config", "[http \"https://git.example/\"]\n\textraheader = AUTHORIZATION: basic eA==\n"}, {"root/.composer/auth.json", `{"http-basic": {"r.example": {"username": "u", "password": "p"}}}`},
			{"root/.m2/settings.xml", "<server><password>p1</password></server>"}, {"root/.cargo/credentials.toml", "[registry]\ntoken = \"a1\"\n"}, {"root/.gem/credentials", ":rubygems_api_key: a1\n"},
			{"app/NuGet.Config", `<add key="ClearTextPassword" value="p1" />`}, {"root/.vault-token", "s.abc\n"}, {"root/.config/gh/hosts.yml", "x:\n  oauth_token: gho_1\n"}, {"app/.yarnrc.yml", "npmAuthToken: a1\n"},
		},
		secret.Password: {{"root/.netrc", "machine r.example login u password p1\n"}, {"root/.netrc", "machine x\n  login u\n  password p1\n"}, {"root/.git-credentials", "https://u:p1@git.example\n"},
			{"root/.pgpass", "db:5432:*:u:p1\n"}, {"root/.my.cnf", "[client]\npassword=p1\n"}},
		secret.Variables: {
			{"app/.env", "PORT=3000\nDB_PASSWORD=hunter2\n"}, {".env", "export API_KEY='abc'\n"}, {"app/.env.production", "DATABASE_URL=postgres://u:p1@db/x\n"}, {"app/prod.env", "SECRET_KEY=x1 # comment\n"},
			{"app/.env.local", "SECRET_KEY_BASE=abc\n"}, {"app/.env", "GITHUB_TOKEN=ghp_1"}, {"app/.env", "AWS_SECRET_ACCESS_KEY=a/b"},
		},
		secret.Settings:       {{"app/.env", "PORT=3000\n"}, {"app/.env", "TOKEN_TTL=3600\nPUBLIC_KEY=abc\n"}, {"app/.env", "something else\n"}},
		secret.CredentialName: {{"root/.aws/credentials", "abc"}, {"root/.netrc", "abc"}, {"home/me/.kube/config", "abc"}, {"root/.git-credentials", "abc"}, {"root/.pgpass", "abc"}},
		secret.None: {
			// Public halves, certificates, templates.
			{"root/.ssh/id_rsa.pub", "ssh-rsa AAAA"}, {"root/.ssh/id_rsa", "ssh-rsa AAAA me\n"}, {"root/.ssh/id_rsa", pem("PUBLIC KEY", body)}, {"root/.ssh/id_rsa", ""}, {"root/.ssh/id_rsa", " \n"},
			{"etc/ssl/certs/ca-certificates.crt", strings.Repeat(pem("CERTIFICATE", body), 20)}, {"app/x.pem", pem("PUBLIC KEY", body)}, {"app/x.key", pem("PGP PUBLIC KEY BLOCK", body)},
			{"app/k.pem", pem("PRIVATE KEY", "...")}, {"app/k.pem", pem("RSA PRIVATE KEY", "<your key here>")}, {"app/k", pem("RSA PRIVATE KEY", "xxxxxxxx")}, {"root/.ssh/id_rsa", pem("RSA PRIVATE KEY", "YOUR KEY HERE")},
			{"app/README.md", "Begin with\n" + pem("PRIVATE KEY", body)}, {"app/key.js", "const k = `" + pem("PRIVATE KEY", body)}, {"app/x.json", `{"private_key": ""}`}, {"app/x.gpg", "\x85\x02"}, {"usr/share/keyrings/x.gpg", "\x99\x02"},
			{"app/.env", ""}, {"app/.env", "# nothing\n\n"}, {"app/.env", "API_KEY=\nDB_PASSWORD=\"\"\n"}, {"app/.env", "DB_PASSWORD=${DB_PASSWORD}\nTOKEN=<token>\nSECRET=changeme\n"}, {"app/.env.example", "DB_PASSWORD=x1\n"},
			{"app/.env.sample", "API_KEY=x1"}, {"app/x.env", "PORT=1234\n"}, {"app/.envrc", "x"}, {"app/.environment", "TOKEN=x1"},
			{"app/.npmrc", "registry=https://r.example/\nalways-auth=true\n"}, {"app/.npmrc", "//r.example/:_authToken=${NPM_TOKEN}\n"}, {"app/.npmrc", "# //r.example/:_authToken=abc\n"},
			{"root/.pypirc", "[distutils]\nindex-servers = pypi\n"}, {"root/.pypirc", "[pypi]\npassword =\nrepository = x\n"}, {"etc/pip.conf", "[global]\nindex-url = https://r.example/simple\n"},
			{"root/.docker/config.json", `{"auths": {"r.example": {}}, "credsStore": "pass"}`}, {"root/.docker/config.json", "{}"}, {"app/config.json", `{"auth": "dTpw"}`},
			{"root/.aws/config", "[default]\nregion = x\n"}, {"root/.aws/credentials", "[default]\ncredential_process = x\n"}, {"root/.aws/credentials", "# none\n"}, {"app/credentials", "aws_secret_access_key = x1"},
			{"root/.kube/config", "apiVersion: v1\nclusters: []\nusers:\n- user:\n    exec:\n      command: aws\n    tokenFile: /run/x\n"}, {"app/config", "token: x1"},
			{"root/.netrc", "machine r.example login anonymous\n"}, {"root/.git-credentials", "https://git.example\n"}, {"app/.git/config", "[remote \"origin\"]\n\turl = https://git.example/a\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n"},
			{"app/.git/config", "url = git@git.example:a/b.git\n"}, {"root/.m2/settings.xml", "<password>${env.PW}</password>"}, {"usr/bin/x", "\x7fELF"}, {"x", ""}, {"root/.config/gcloud/application_default_credentials.json", `{"type": "external_account"}`},
		},
	} {
		for _, f := range list {
			if got := secret.Look(f.path, []byte(f.text)); got != want {
				t.Errorf("%s with %.60q is %d, want %d", f.path, f.text, got, want)
			}
		}
		if want.Shown() != (want >= secret.Key && want <= secret.Variables) || !want.Valid() {
			t.Errorf("%d", want)
		}
	}
	if secret.Mark(200).Valid() {
		t.Error("200 is no mark")
	}
}

// Whatever a file has, looking ends, and says one of the marks.
func FuzzLook(f *testing.F) {
	for _, name := range []string{"app/.env", "root/.ssh/id_rsa", "x.pem", "root/.docker/config.json", "root/.netrc", "x.gpg", "a.json"} {
		f.Add(name, []byte(pem("PRIVATE KEY", body)))
		f.Add(name, []byte("machine x password y\n_authToken=z\nA=b"))
	}
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		if m := secret.Look(name, b); !m.Valid() {
			t.Error(m)
		}
	})
}

// Most files are nothing: that must cost next to nothing.
func BenchmarkLook(b *testing.B) {
	text := []byte(strings.Repeat("const x = require('y')\n", 3000))[:secret.Head]
	for b.Loop() {
		secret.Look("app/node_modules/x/lib/index.js", text)
	}
}
