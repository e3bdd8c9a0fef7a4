package advice_test

import (
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
	for path, want := range map[string]string{
		"root/.ssh/id_rsa":             "/root/.ssh/id_rsa looks like a private key by its name",
		"app/id_ed25519":               "a private key",
		"etc/ssh/ssh_host_ed25519_key": "a private key",
		"root/.aws/credentials":        "credentials",
		"root/.netrc":                  "credentials",
		"root/.git-credentials":        "credentials",
		"home/me/.kube/config":         "credentials",
	} {
		f := one(t, copied(path), rule, 2, 2, want, "by its name", "RUN --mount=type=secret")
		if f.Severity != weigh.Secret {
			t.Errorf("%s: %+v", path, f)
		}
	}
	for _, path := range []string{"app/.env", "root/.npmrc", "home/me/.pypirc", ".env"} {
		f := one(t, copied(path), rule, 2, 2, "a file of this name often holds a token or a password")
		if f.Severity != weigh.Warning {
			t.Errorf("%s: %+v", path, f)
		}
	}
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
	one(t, copied("root/.docker/config.json"), rule, 2, 2, "often holds a token")
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
	l := image(t, distribution(), step{"COPY . /app", []E{kib("app/.git/x", 900), kib("app/.env", 1), kib("app/.ssh/id_rsa", 1)}})
	list := advice.Find(l)
	if s := advice.Total(l, list[:2]); s.Tar != 0 || s.Places != 0 {
		t.Errorf("secrets are not there to save bytes: %+v", s)
	}
	if len(list) != 3 || list[0].Severity != weigh.Secret || list[1].Severity != weigh.Warning || list[2].Rule != "vcs-data" {
		t.Errorf("%+v", list)
	}
}
