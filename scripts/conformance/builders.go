package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/tonistiigi/fsutil"

	"tare/internal/testkit"
)

// buildTime is how long one build may take. What takes longer has failed.
const buildTime = 60 * time.Second

// outcome is what came of one build.
type outcome struct {
	images []imageFacts // of a success
	err    string       // of a failure, without what differs from run to run
	lines  string       // the lines of the Dockerfile that the failure is at
}

// pair is one tare and one buildkitd, each with state of its own. A pair builds inputs
// one after the other, so that both builders have the same cache at each.
type pair struct {
	tare, dir string
	env       []string
	daemon    *testkit.Buildkitd
	client    *client.Client
	causes    []cause
	began     time.Time
	n         int
}

func startPair(ctx context.Context, tare, buildkitd, dir, id string, b *bases, hosts []string) (*pair, error) {
	causes, err := parseCauses(causesText)
	if err != nil {
		return nil, err
	}
	p := &pair{tare: tare, dir: dir, causes: causes, began: time.Now().Add(-time.Minute)}
	for _, d := range []string{"daemon", "docker", "certs.d/_default"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return nil, err
		}
	}
	// tare finds every registry by hosts.toml; buildkitd by plain http through a proxy.
	toml := fmt.Sprintf("server = %q\n[host.%q]\ncapabilities = [\"pull\", \"resolve\"]\n", b.URL, b.URL)
	if err := os.WriteFile(filepath.Join(dir, "certs.d/_default/hosts.toml"), []byte(toml), 0o644); err != nil {
		return nil, err
	}
	proxy := []string{"HTTP_PROXY=" + b.URL, "HTTPS_PROXY=" + b.URL, "http_proxy=", "https_proxy=", "NO_PROXY=", "no_proxy="}
	p.env = append(os.Environ(), proxy...)
	p.env = append(p.env, "TARE_HOME="+filepath.Join(dir, "home"), "TARE_HOSTS_DIR="+filepath.Join(dir, "certs.d"),
		"DOCKER_CONFIG="+filepath.Join(dir, "docker"), "TARE_BUILDER=", "BUILDKIT_HOST=", "SOURCE_DATE_EPOCH=")
	config := ""
	for _, h := range hosts {
		config += fmt.Sprintf("[registry.%q]\nhttp = true\n", h)
	}
	p.daemon, err = testkit.StartBuildkitd(buildkitd, filepath.Join(dir, "daemon"), "tare-conformance-"+id, config, proxy...)
	if err != nil {
		return nil, err
	}
	if p.client, err = client.New(ctx, p.daemon.Addr); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

func (p *pair) stop() {
	if p.client != nil {
		_ = p.client.Close()
	}
	p.daemon.Stop()
}

// byTare builds with the program.
func (p *pair) byTare(ctx context.Context, in *input) (outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, buildTime)
	defer cancel()
	flags, err := in.flags()
	if err != nil {
		return outcome{}, err
	}
	p.n++
	meta := filepath.Join(p.dir, "meta.json")
	args := append([]string{"build", "-q", "-t", fmt.Sprintf("conformance:%d", p.n), "--metadata-file", meta,
		"-f", filepath.Join(in.dockerfile, in.file)}, flags...)
	c := exec.CommandContext(ctx, p.tare, append(args, in.context)...)
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = 15 * time.Second
	c.Env = p.env
	var said bytes.Buffer
	c.Stderr = &said
	err = c.Run()
	if ctx.Err() != nil {
		return outcome{err: timedOut}, nil
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		lines, msg := splitFailure(said.String())
		return outcome{err: p.normal(in, msg), lines: lines}, nil
	}
	if err != nil {
		return outcome{}, err
	}
	b, err := os.ReadFile(meta)
	if err != nil {
		return outcome{}, err
	}
	var facts struct {
		Digest string `json:"containerimage.digest"`
	}
	if err := json.Unmarshal(b, &facts); err != nil {
		return outcome{}, err
	}
	images, err := readImages(filepath.Join(p.dir, "home"), facts.Digest)
	return outcome{images: images}, err
}

const timedOut = "took longer than a build may"

// splitFailure takes the lines of the Dockerfile and the message out of what tare says.
func splitFailure(said string) (lines, msg string) {
	at := strings.LastIndex(said, "\ntare: ")
	switch {
	case at >= 0:
		at++
	case strings.HasPrefix(said, "tare: "):
		at = 0
	default:
		return "", "no message: " + said
	}
	lines, msg = said[:at], strings.TrimPrefix(said[at:], "tare: ")
	// Output of a step and warnings stand before the lines.
	if i := strings.Index(lines, "\n--------------------\n"); i >= 0 {
		lines = lines[strings.LastIndex(lines[:i], "\n")+1:]
	} else {
		lines = ""
	}
	return lines, msg
}

// byBuildkit builds with the daemon, through BuildKit's own client and no code of tare.
func (p *pair) byBuildkit(ctx context.Context, in *input, fresh bool) (outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, buildTime)
	defer cancel()
	attrs := map[string]string{"cmdline": "builtin"} // "# syntax=" would pull a frontend
	maps.Copy(attrs, in.attrs)
	attrs["filename"] = in.file
	if fresh {
		attrs["no-cache"] = ""
	}
	contextFS, err := fsutil.NewFS(in.context)
	if err != nil {
		return outcome{}, err
	}
	dockerfileFS, err := fsutil.NewFS(in.dockerfile)
	if err != nil {
		return outcome{}, err
	}
	out := filepath.Join(p.dir, "out")
	if fresh { // layers of the first build are still to be read
		out += "-again"
	}
	if err := os.RemoveAll(out); err != nil {
		return outcome{}, err
	}
	opt := client.SolveOpt{
		Frontend: "dockerfile.v0", FrontendAttrs: attrs,
		LocalMounts: map[string]fsutil.FS{"context": contextFS, "dockerfile": dockerfileFS},
		// As buildx does. Without it all contexts are sent over one another, and fsutil then
		// leaves the time of now on a directory that an earlier context had, too.
		SharedKey: in.context,
		Exports:   []client.ExportEntry{{Type: client.ExporterOCI, OutputDir: out, Attrs: map[string]string{"tar": "false", "compression": "uncompressed"}}},
	}
	if in.attrs["force-network-mode"] == "host" {
		opt.AllowedEntitlements = []string{"network.host"}
	}
	events := make(chan *client.SolveStatus)
	go func() {
		for range events { //nolint:revive // only the result counts
		}
	}()
	_, err = p.client.Solve(ctx, nil, opt, events)
	if ctx.Err() != nil {
		return outcome{err: timedOut}, nil
	}
	if err != nil {
		var lines bytes.Buffer
		for _, s := range errdefs.Sources(err) {
			_ = s.Print(&lines)
		}
		return outcome{err: p.normal(in, err.Error()), lines: lines.String()}, nil
	}
	images, err := readImages(out, "")
	return outcome{images: images}, err
}

var (
	snapshot = regexp.MustCompile(`\b[0-9a-z]{25}(::[0-9a-z]{25})?\b`)
	address  = regexp.MustCompile(`127\.0\.0\.1:\d+`)
	query    = regexp.MustCompile(`\?ns=[^"\s]*`)
	scratch  = regexp.MustCompile(`/[^\s":]*/(executor|runc-overlayfs|snapshots|cachemounts|buildkit-mount|buildkit)[-/0-9][^\s":]*`)
	local    = regexp.MustCompile(`(failed to resolve source metadata for localhost[^\s]*): .*`)
)

// normal drops from a message what is this run's alone: names of snapshots, addresses,
// folders. The words stay.
func (p *pair) normal(in *input, msg string) string {
	msg = strings.TrimPrefix(strings.TrimSpace(msg), "failed to build: ")
	msg = strings.TrimPrefix(msg, "failed to solve: ")
	for _, d := range []string{in.context, in.dockerfile, p.dir} {
		msg = strings.ReplaceAll(msg, d, "DIR")
	}
	msg = snapshot.ReplaceAllString(msg, "SNAPSHOT")
	msg = query.ReplaceAllString(msg, "")
	msg = address.ReplaceAllString(msg, "REGISTRY")
	msg = scratch.ReplaceAllString(msg, "STATE")
	return local.ReplaceAllString(msg, "$1: not had")
}

var registryName = regexp.MustCompile(`([a-zA-Z0-9-]+\.)+[a-zA-Z]{2,}(:\d+)?/`)

// registries lists what may be a registry in any Dockerfile: buildkitd wants to be told
// which ones have plain http.
func registries(inputs []input) []string {
	seen := map[string]bool{"docker.io": true}
	for _, in := range inputs {
		b, err := os.ReadFile(filepath.Join(in.dockerfile, in.file))
		if err != nil {
			continue
		}
		text := string(b)
		for _, v := range in.attrs {
			text += "\n" + v
		}
		for _, m := range registryName.FindAllString(text, -1) {
			seen[strings.TrimSuffix(m, "/")] = true
		}
	}
	return sortedKeys(seen)
}
