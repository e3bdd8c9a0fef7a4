package advice_test

import (
	"fmt"
	"testing"

	"tare/internal/advice"
	"tare/internal/testkit"
	"tare/internal/weigh"
)

func TestSecretFile(t *testing.T) {
	const rule = "secret-file"
	copied := func(paths ...string) *advice.Image {
		s := step{by: "COPY . /app"}
		for _, p := range paths {
			s.entries = append(s.entries, kib(p, 2))
		}
		return image(t, distribution(), s)
	}
	with := func(path, text string) *advice.Image {
		return image(t, distribution(), step{"COPY . /", []E{testkit.File(path, text)}})
	}
	for path, want := range map[string]string{
		"root/.ssh/id_rsa":             "/root/.ssh/id_rsa looks like a private key by its name",
		"app/id_ed25519":               "a private key",
		"etc/ssh/ssh_host_ed25519_key": "ssh-keygen -A",
		"root/.aws/credentials":        "a file of credentials",
		"root/.netrc":                  "credentials",
		"root/.git-credentials":        "credentials",
		"home/me/.kube/config":         "credentials",
	} {
		f := one(t, copied(path), rule, 2, 2, want, "by its name")
		if f.Severity != weigh.Secret {
			t.Errorf("%s: %+v", path, f)
		}
	}
	// What the first bytes show is said for sure, and none of it is printed.
	const value = "hunter2hunter2"
	for path, c := range map[string][2]string{
		"app/server.key":           {"-----BEGIN RSA PRIVATE KEY-----\n" + value + "\n", "/app/server.key holds a private key"},
		"root/.aws/credentials":    {"[x]\naws_secret_access_key = " + value + "\n", "holds credentials for a cloud"},
		"root/.kube/config":        {"apiVersion: v1\ntoken: " + value + "\n", "holds credentials for a Kubernetes cluster"},
		"root/.docker/config.json": {`{"auths":{"x":{"auth":"` + value + `"}}}`, "holds the login of a registry"},
		"etc/x/.npmrc":             {"//r/:_authToken=" + value + "\n", "holds a token or a password"},
		"app/.git/config":          {"url = https://u:" + value + "@git.example/x\n", "holds a token or a password"},
		"root/.netrc":              {"machine x login u password " + value + "\n", "holds a token or a password"},
		"app/.env":                 {"DB_PASSWORD=" + value + "\n", "has a value for a variable that is named like a secret"},
	} {
		f := one(t, with(path, c[0]), rule, 2, 0, c[1], "RUN --mount=type=secret")
		if f.Severity != weigh.Secret || contains(fmt.Sprintf("%+v", f), value) {
			t.Errorf("%s: %+v", path, f)
		}
	}
	for _, path := range []string{"app/.env", "home/me/.env", ".env"} {
		f := one(t, with(path, "PORT=80\n"), rule, 2, 0, path+": a file of this name often holds a token or a password")
		if f.Severity != weigh.Warning {
			t.Errorf("%s: %+v", path, f)
		}
	}
	// What is public, empty, a template, or has no secret where one would be.
	for path, text := range map[string]string{
		"etc/ssl/certs/ca-certificates.crt": "-----BEGIN CERTIFICATE-----\nMIIE\n", "app/.env": "", "srv/.env": "API_KEY=\nDB_PASSWORD=${DB_PASSWORD}\n", "root/.npmrc": "registry=https://r/\n",
		"root/.docker/config.json": `{"auths":{}}`, "root/.pypirc": "[pypi]\n", "usr/share/doc/x/key.pem": "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n", "usr/local/lib/x/tests/key.pem": "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n",
		"app/test-data/key.pem": "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n", "etc/ssl/private/ssl-cert-snakeoil.key": "-----BEGIN PRIVATE KEY-----\nMIIE\n", "go/pkg/mod/x/testdata/key.pem": "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n",
		"app/node_modules/x/key.pem": "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n", "etc/.env": "PORT=80\n",
	} {
		none(t, with(path, text), rule)
	}
	// "latest" is no directory of tests.
	one(t, with("app/latest/key.pem", "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n"), rule, 2, 0, "holds a private key")
	// What the base image brings is said where its bytes show it, and not to be changed here.
	base := func(path, text string) *advice.Image {
		return image(t, distribution(testkit.File(path, text)), step{"COPY x /x", []E{kib("x", 1)}})
	}
	one(t, base("opt/key.pem", "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n"), rule, 1, 0, "the base image brings it")
	none(t, base("root/.ssh/id_rsa", "something"), rule)
	none(t, base("app/.env", "PORT=80\n"), rule)
	one(t, copied("root/.ssh/id_rsa", "root/.ssh/id_ecdsa"), rule, 2, 4, "/root/.ssh/id_ecdsa and /root/.ssh/id_rsa look like private keys by their names")
	// Public halves, certificates, tests, and what others ship.
	for _, path := range []string{
		"root/.ssh/id_rsa.pub", "root/.ssh/authorized_keys", "etc/ssl/certs/ca-certificates.crt", "etc/ssl/certs/x.pem", "usr/share/ca-certificates/x.pem", "app/server.pem", "app/key.pem",
		"app/tests/id_rsa", "app/testdata/id_rsa", "app/node_modules/x/.npmrc", "usr/lib/python3/site-packages/x/id_rsa", "usr/share/doc/id_rsa", "usr/lib/node/.npmrc",
		"app/.env.example", "app/credentials", "app/config", "etc/.env", "usr/local/lib/node_modules/npm/.npmrc", "app/id_rsa/readme",
	} {
		none(t, copied(path), rule)
	}
	none(t, image(t, distribution(), step{"COPY", []E{testkit.File("root/.netrc", "")}}), rule)
	one(t, copied("root/.config/gcloud/application_default_credentials.json"), rule, 2, 2, "a file of credentials")
	// A package's own files are no one's secret.
	none(t, image(t, distribution(), step{"RUN apk add x", []E{kib("opt/x/id_rsa", 2), testkit.File("lib/apk/db/installed", "P:x\nV:1\nF:opt/x\nR:id_rsa\n\n")}}), rule)
	// Deleted, it is still there.
	key := step{"COPY id_rsa /root/.ssh/", []E{kib("root/.ssh/id_rsa", 2)}}
	one(t, image(t, distribution(), key, step{"RUN rm /root/.ssh/id_rsa", []E{whiteout("root/.ssh/id_rsa")}}), rule, 2, 2, "a later layer hides it, and it can still be read from this layer")
	if f := one(t, image(t, distribution(), key), rule, 2, 2); contains(f.Text, "hides") {
		t.Error(f.Text)
	}
	// Copied by a chown, it is one secret in two layers.
	one(t, image(t, distribution(), key, step{"RUN chown", []E{owned(kib("root/.ssh/id_rsa", 2))}}), rule, 2, 4)
	// Secrets come before all else.
	l := image(t, distribution(), step{"COPY . /app", []E{kib("app/.git/x", 900), testkit.File("app/.env", "PORT=80\n"), kib("app/.ssh/id_rsa", 1)}})
	list := advice.Find(l)
	if s := advice.Total(l, list[:2]); s.Tar != 0 || s.Places != 0 {
		t.Errorf("secrets are not there to save bytes: %+v", s)
	}
	if len(list) != 3 || list[0].Severity != weigh.Secret || list[1].Severity != weigh.Warning || list[2].Rule != "vcs-data" {
		t.Errorf("%+v", list)
	}
}
