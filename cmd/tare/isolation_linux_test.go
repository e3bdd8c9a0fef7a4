package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// leastEscapes is how many ways out are tried at least.
const leastEscapes = 45

// TestEscapes tries ways out of containers: in a run, in a RUN of a build, and without
// root.
func TestEscapes(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	h.tare(t, "load", "-i", mustWorld(t).archive)
	hidden := filepath.Join(h.dir, "host-secret")
	put(t, hidden, "the host's")
	check := func(t *testing.T, out string) {
		t.Helper()
		for line := range strings.Lines(out) {
			if strings.Contains(line, "ESCAPED") || strings.Contains(line, "open, but for") {
				t.Error(strings.TrimSpace(line))
			}
		}
		if n := strings.Count(out, "held: "); n < leastEscapes {
			t.Errorf("only %d ways were tried\n%s", n, out)
		}
	}
	t.Run("run", func(t *testing.T) {
		out, err := h.command("run", "--rm", "probe", "probe", "escape", hidden).CombinedOutput()
		check(t, string(out))
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("run with an init", func(t *testing.T) {
		out, _ := h.command("run", "--rm", "--init", "--read-only", "probe", "probe", "escape", hidden).CombinedOutput()
		check(t, string(out))
	})
	t.Run("build", func(t *testing.T) {
		dir := filepath.Join(h.dir, "escape")
		put(t, filepath.Join(dir, "Dockerfile"), "FROM probe\nRUN probe escape "+hidden+"\n")
		out, err := h.command("build", "--progress", "plain", "--no-cache", dir).CombinedOutput()
		check(t, string(out))
		if err != nil {
			t.Error(err)
		}
	})
	if b, err := os.ReadFile(hidden); err != nil || string(b) != "the host's" {
		t.Errorf("the host's file: %q, %v", b, err)
	}
}

// TestEscapesRootless is the same for a user without rights.
func TestEscapesRootless(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	h.tare(t, "load", "-i", mustWorld(t).archive)
	hidden := filepath.Join(h.dir, "host-secret")
	put(t, hidden, "the host's")
	ordinary(t, h)
	out, _ := h.command("run", "--rm", "probe", "probe", "escape", hidden).CombinedOutput()
	if n := strings.Count(string(out), "held: "); n < leastEscapes-5 {
		t.Fatalf("only %d ways were tried\n%s", n, out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "ESCAPED") || strings.Contains(line, "open, but for") {
			t.Error(strings.TrimSpace(line))
		}
	}
}

// TestSecretsStaySecret looks for a build's secret and a registry's password wherever
// they could have been left.
func TestSecretsStaySecret(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	const secret = "s3cret-7f2a-of-the-build"
	h.tare(t, "load", "-i", mustWorld(t).archive)
	dir := filepath.Join(h.dir, "secrets")
	put(t, filepath.Join(dir, "Dockerfile"), "FROM probe\nRUN --mount=type=secret,id=token probe stat /run/secrets/token\nRUN --mount=type=secret,id=token probe exit 3\n")
	token := filepath.Join(t.TempDir(), "token") // outside of the context and the store
	put(t, token, secret)
	out, err := h.command("build", "--progress", "plain", "--secret", "id=token,src="+token, dir).CombinedOutput()
	if err == nil {
		t.Fatal("the second RUN should have failed")
	}
	if strings.Contains(string(out), secret) {
		t.Errorf("the secret is in the output:\n%s", out)
	}
	profiled, _ := h.command("profile", "--format", "json", "--secret", "id=token,src="+token, dir).CombinedOutput()
	if strings.Contains(string(profiled), secret) {
		t.Error("the secret is in a profile")
	}
	for _, where := range []string{h.store(), h.dir} {
		_ = filepath.WalkDir(where, func(p string, d os.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil
			}
			if b, err := os.ReadFile(p); err == nil && strings.Contains(string(b), secret) {
				t.Errorf("the secret is in %s", p)
			}
			return nil
		})
	}
}
