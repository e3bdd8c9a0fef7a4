package main

import (
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"tare/internal/testkit"
)

// firstWithHooks is the first major version of the docker command that asks plugins.
const firstWithHooks = 26

// dockerCommands are the docker commands of this machine, with their major versions: a
// newer one often stands before Debian's.
func dockerCommands(t *testing.T) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/local/bin", "/usr/bin") {
		path := filepath.Join(dir, "docker")
		b, err := exec.Command(path, "--version").Output()
		m := regexp.MustCompile(`version (\d+)\.`).FindSubmatch(b)
		if err != nil || m == nil {
			continue
		}
		version, _ := strconv.Atoi(string(m[1]))
		if !slices.Contains(slices.Collect(maps.Values(out)), version) {
			out[path] = version
		}
	}
	if len(out) == 0 {
		t.Skip("needs docker (Debian: docker.io)")
	}
	return out
}

// screenOf runs a program on a terminal and returns all that it showed.
func screenOf(t *testing.T, c *exec.Cmd) (text string, code int) {
	t.Helper()
	f, err := pty.StartWithSize(c, &pty.Winsize{Cols: 200, Rows: 50})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	timer := time.AfterFunc(patience, func() { _ = c.Process.Kill() })
	defer timer.Stop()
	b, _ := io.ReadAll(f) // it ends with an error, as terminals do
	var exit *exec.ExitError
	if err := c.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(b), c.ProcessState.ExitCode()
}

// shows runs a docker command on a terminal, and checks that docker shows the line under
// "What's next", or none if it is "".
func (h *home) shows(t *testing.T, program, line string, args ...string) {
	t.Helper()
	c := exec.Command(program, args...)
	c.Dir, c.Env = h.dir, h.env
	text, code := screenOf(t, c)
	text = regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(text, "")
	has := strings.Contains(text, "What's next:")
	if line == "" && has || line != "" && !strings.Contains(text, "What's next:\r\n    "+line) {
		t.Errorf("docker %s (exit code %d): want %q in\n%s", strings.Join(args, " "), code, line, text)
	}
}

// TestHooks: after tare plugin install the real docker command says after builds and pulls
// what the image weighs; not after a failure, and not after tare plugin remove. A docker
// command that knows no hooks is not disturbed.
func TestHooks(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a Docker daemon")
	}
	commands := dockerCommands(t)
	socket, _ := testkit.Dockerd(t)
	registry := testkit.NewRegistry(t)
	registry.Push(t, "team/pulled", "1", testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, testkit.File("f", strings.Repeat("x", 3_000_000)))}}))
	for path, version := range commands {
		t.Run(strconv.Itoa(version), func(t *testing.T) {
			h := newHome(t)
			h.set("DOCKER_HOST", "unix://"+socket)
			h.set("DOCKER_BUILDKIT", "0") // buildx is another module, see TestBuildx
			h.set("DOCKER_CLI_HOOKS", "") // as on most machines
			h.set("DOCKER_CLI_HINTS", "")
			dir := h.write(t, "app/Dockerfile", "FROM scratch\nCOPY data /data\n")
			h.write(t, "app/data", strings.Repeat("tare\n", 300_000))
			name := "hooked" + strconv.Itoa(version)
			docker := func(line string, args ...string) { t.Helper(); h.shows(t, path, line, args...) }
			want := func(line string) string {
				if version < firstWithHooks {
					return ""
				}
				return line
			}
			docker("", "build", "-t", name, dir) // not installed
			h.tare(t, "plugin", "install")
			docker(want(name+" is 1.5MB. Where it comes from: docker tare weigh "+name+"\r\n"), "build", "-t", name, dir)
			docker(want(name+" is 1.5MB, the same image as before."), "build", "-t", name, dir)
			h.write(t, "app/Dockerfile", "FROM scratch\nCOPY data /data\nCOPY data /more\n")
			docker(want(name+" is 3MB, 1.5MB more than before (1 of its 2 layers is new)."), "image", "build", "--tag="+name, dir)
			docker("", "build", dir) // without a name
			h.write(t, "app/Dockerfile", "FROM scratch\nCOPY none /data\n")
			docker("", "build", "-t", name, dir)
			pulled := registry.Host + "/team/pulled:1"
			docker(want(pulled+" is 3MB. Where"), "pull", pulled)
			docker(want(pulled+" is 3MB, the same image as before."), "--host", "unix://"+socket, "image", "pull", "-q", pulled)
			docker("", "pull", registry.Host+"/team/none:1")
			docker("", "images")
			// The daemon that docker's own flags name is the one that is asked.
			h.set("DOCKER_HOST", "unix:///nowhere")
			docker(want(pulled+" is 3MB, the same image as before."), "-H", "unix://"+socket, "pull", pulled)
			h.set("DOCKER_HOST", "unix://"+socket)

			c := exec.Command(path, "tare", "weigh", name)
			c.Dir, c.Env = h.dir, h.env
			if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "in /more") {
				t.Errorf("docker tare weigh: %v: %s", err, out)
			}
			c = exec.Command(path, "pull", pulled) // no terminal
			c.Dir, c.Env = h.dir, h.env
			if out, err := c.CombinedOutput(); err != nil || strings.Contains(string(out), "next") {
				t.Errorf("docker pull: %v: %s", err, out)
			}
			h.tare(t, "plugin", "remove")
			docker("", "pull", pulled)
		})
	}
}
