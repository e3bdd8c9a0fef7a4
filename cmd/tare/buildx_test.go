//go:build buildx

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"tare/internal/testkit"
)

// clients compiles docker buildx and buildctl into TARE_TEST_CLIENTS, where they stay for
// the next time, or into a directory of the test.
func clients(t *testing.T) (buildx, buildctl string) {
	t.Helper()
	dir := os.Getenv("TARE_TEST_CLIENTS")
	if dir == "" {
		dir = t.TempDir()
	}
	buildx, buildctl = filepath.Join(dir, "buildx-"+testkit.BuildxVersion), filepath.Join(dir, "buildctl-"+buildkitVersion())
	if _, err := os.Stat(buildx); err != nil {
		if err := testkit.CompileBuildx(t.TempDir(), buildx); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(buildctl); err != nil {
		if err := testkit.CompileBuildKit(t.TempDir(), "buildctl", buildctl); err != nil {
			t.Fatal(err)
		}
	}
	return buildx, buildctl
}

// TestBuildx lets the real docker buildx and buildctl build on tare serve.
func TestBuildx(t *testing.T) {
	needEngine(t)
	buildx, buildctl := clients(t)
	s := mustWorld(t)
	h := newHome(t)
	h.tare(t, "load", "-i", s.archive)
	app := h.write(t, "app/Dockerfile", "FROM probe AS first\nARG WHO=nobody\nCOPY greeting /g\nRUN --mount=type=secret,id=s probe cat /run/secrets/s && probe write /n $WHO\nFROM probe\nCOPY --from=first /n /g /\nCMD [\"probe\", \"cat\", \"/n\", \"/g\"]\n")
	h.write(t, "app/greeting", "hello\n")
	h.write(t, "secret", "a secret\n")
	p, socket := served(t, h)
	// call runs a client in the work directory.
	call := func(want int, program string, args ...string) string {
		t.Helper()
		c := exec.Command(program, args...)
		c.Dir, c.Env = h.dir, append(h.env, "DOCKER_HOST=unix:///nowhere", "DOCKER_CONFIG="+filepath.Join(h.dir, "docker"))
		out, err := c.CombinedOutput()
		if got := c.ProcessState.ExitCode(); got != want {
			t.Errorf("%s %v: exit code %d, want %d: %v\n%s", filepath.Base(program), args, got, want, err, out)
		}
		return string(out)
	}
	has := func(text string, words ...string) {
		t.Helper()
		for _, w := range words {
			if !strings.Contains(text, w) {
				t.Errorf("no %q in\n%s", w, text)
			}
		}
	}
	// runs loads an archive and runs its image.
	runs := func(archive, name, want string) {
		t.Helper()
		h.tare(t, "load", "-i", filepath.Join(h.dir, archive))
		if got := h.tare(t, "run", name); got != want {
			t.Errorf("%s: %q", archive, got)
		}
	}

	t.Run("buildx", func(t *testing.T) {
		// The line that serve prints, as docker runs its plugin.
		words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(p.out.String()), "docker buildx "))
		call(0, buildx, words...)
		has(call(0, buildx, "inspect", "--bootstrap", "tare"), "Status:", "running", "BuildKit version: v0.", "Driver:        remote")
		build := func(want int, args ...string) string {
			return call(want, buildx, append([]string{"build", "--builder", "tare", "--progress", "plain"}, args...)...)
		}
		has(build(0, "--secret", "id=s,src=secret", "--build-arg", "WHO=buildx", "-t", "app:x", "-o", "type=docker,dest=x.tar", app), "probe write /n", "DONE")
		runs("x.tar", "app:x", "buildx\nhello\n")
		has(build(0, "--secret", "id=s,src=secret", "--build-arg", "WHO=buildx", "-t", "app:x", "-o", "type=oci,dest=y.tar", app), "CACHED")
		build(0, "--secret", "id=s,src=secret", "-o", "type=local,dest=files", app)
		if b, err := os.ReadFile(filepath.Join(h.dir, "files/n")); err != nil || string(b) != "nobody\n" {
			t.Errorf("%q, %v", b, err)
		}
		// Pushed to a registry, and pulled from there.
		name := host(s.registry) + "/served:1"
		build(0, "--secret", "id=s,src=secret", "--build-arg", "WHO=pushed", "-t", name, "--push", app)
		h.tare(t, "pull", "-q", name)
		if got := h.tare(t, "run", name); got != "pushed\nhello\n" {
			t.Errorf("%q", got)
		}
		h.write(t, "bad/Dockerfile", "FROM probe\nRUN probe exit 42\n")
		has(build(1, filepath.Join(h.dir, "bad")), "Dockerfile:2", "exit code: 42")
		h.write(t, "both/docker-bake.hcl", "group \"default\" { targets = [\"a\", \"b\"] }\ntarget \"a\" { dockerfile-inline = \"FROM probe\\nRUN probe echo one\" }\ntarget \"b\" { dockerfile-inline = \"FROM probe\\nRUN probe echo two\" }\n")
		has(call(0, buildx, "bake", "--builder", "tare", "--progress", "plain", "-f", filepath.Join(h.dir, "both/docker-bake.hcl")), "one", "two")
		has(call(0, buildx, "du", "--builder", "tare"), "Total:")
		has(call(0, buildx, "prune", "--builder", "tare", "-af"), "Total:")
	})
	t.Run("buildctl", func(t *testing.T) {
		at := []string{"--addr", "unix://" + socket}
		has(call(0, buildctl, append(at, "debug", "workers")...), "linux/")
		has(call(0, buildctl, append(at, "build", "--progress", "plain", "--frontend", "dockerfile.v0", "--local", "context=app", "--local", "dockerfile=app",
			"--opt", "build-arg:WHO=buildctl", "--secret", "id=s,src=secret", "--output", "type=docker,name=app:ctl,dest=ctl.tar")...), "DONE")
		runs("ctl.tar", "app:ctl", "buildctl\nhello\n")
		run := h.start(t, "run", "probe", "probe", "lines", "400")
		run.expect("line 0")
		has(call(1, buildctl, append(at, "prune", "--all")...), "a tare run is using the build cache")
		run.signal(syscall.SIGTERM)
		run.wait()
		has(call(0, buildctl, append(at, "prune", "--all")...), "Total:")
	})
	p.stop(syscall.SIGTERM, 0)
	has(call(1, buildctl, "--addr", "unix://"+socket, "debug", "workers"), "no such file")
	nothing(t, filepath.Dir(socket))
}

// TestHooksBuildx: the line is shown after docker build and docker buildx build, which
// docker gives to its plugin buildx.
func TestHooksBuildx(t *testing.T) {
	program := ""
	for path, version := range dockerCommands(t) {
		if version >= firstWithHooks {
			program = path
		}
	}
	if program == "" {
		t.Skipf("needs docker %d or newer", firstWithHooks)
	}
	buildx, _ := clients(t)
	socket, _ := testkit.Dockerd(t)
	h := newHome(t)
	h.set("DOCKER_HOST", "unix://"+socket)
	dir := h.write(t, "app/Dockerfile", "FROM scratch\nCOPY data /data\n")
	h.write(t, "app/data", strings.Repeat("tare\n", 300_000))
	h.tare(t, "plugin", "install")
	if err := os.Symlink(buildx, filepath.Join(h.dir, "docker", "cli-plugins", "docker-buildx")); err != nil {
		t.Fatal(err)
	}
	h.shows(t, program, "app is 1.5MB. Where it comes from", "build", "-t", "app", dir)
	h.shows(t, program, "app is 1.5MB, the same image as before.", "buildx", "build", "--load", "-t", "app", dir)
	h.shows(t, program, "app is 1.5MB, the same image as before.", "buildx", "b", "-t", "app", dir)
	h.shows(t, program, "", "buildx", "build", "-t", "app", "-o", "type=tar,dest=x.tar", dir)
	h.write(t, "app/Dockerfile", "FROM scratch\nCOPY none /data\n")
	h.shows(t, program, "", "build", "-t", "app", dir)
}
