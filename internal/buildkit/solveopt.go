package buildkit

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/moby/buildkit/client"
	bkbuild "github.com/moby/buildkit/cmd/buildctl/build"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/sshforward/sshprovider"
	"github.com/tonistiigi/fsutil"

	"tare/internal/engine"
	"tare/internal/outfile"
)

// solve is a request in BuildKit's terms.
type solve struct {
	client.SolveOpt
	keep    bool // the result goes to tare's store
	files   []*outfile.File
	cleanup func()
}

// solveOpt translates a request. Errors are the user's to mend and name the flag.
func (b *builder) solveOpt(ctx context.Context, r engine.Build) (*solve, error) {
	s := &solve{cleanup: func() {}}
	s.Frontend = "dockerfile.v0"
	s.FrontendAttrs = map[string]string{
		// A "# syntax=" line would pull a frontend image for what is built in.
		"cmdline": "builtin",
		// Local images first, as docker build does; --pull asks the registry.
		"image-resolve-mode": "local",
	}
	s.LocalMounts = map[string]fsutil.FS{}
	s.OCIStores = map[string]content.Store{}
	steps := []func(context.Context, engine.Build, *solve) error{
		b.contextAttrs, b.plainAttrs, b.namedContexts, b.credentials, b.caches, b.exports,
	}
	for _, step := range steps {
		if err := step(ctx, r, s); err != nil {
			s.cleanup()
			return nil, err
		}
	}
	// What is not UTF-8 cannot be sent to a builder: it would be tried for seconds.
	for k, v := range s.FrontendAttrs {
		if !utf8.ValidString(k) || !utf8.ValidString(v) {
			s.cleanup()
			return nil, fmt.Errorf("build: the value of %s is not UTF-8: %q", strings.Replace(k, ":", " ", 1), v)
		}
	}
	return s, nil
}

// plainAttrs are the flags that map one to one.
func (b *builder) plainAttrs(_ context.Context, r engine.Build, s *solve) error {
	a := s.FrontendAttrs
	set := func(k, v string) {
		if v != "" {
			a[k] = v
		}
	}
	set("target", r.Target)
	set("platform", strings.Join(r.Platforms, ","))
	set("add-hosts", strings.Join(hostPairs(r.AddHosts), ","))
	set("ulimit", strings.Join(r.Ulimits, ","))
	set("cgroup-parent", r.CgroupParent)
	for k, v := range r.Args {
		a["build-arg:"+k] = v
	}
	for k, v := range r.Labels {
		a["label:"+k] = v
	}
	if r.ShmSize > 0 {
		a["shm-size"] = strconv.FormatInt(r.ShmSize, 10)
	}
	switch {
	case r.NoCache:
		a["no-cache"] = ""
	case len(r.NoCacheFilter) > 0:
		a["no-cache"] = strings.Join(r.NoCacheFilter, ",")
	}
	if r.Pull {
		a["image-resolve-mode"] = "pull"
	}
	for _, att := range r.Attests {
		kind, rest := attestation(att)
		if kind == "" {
			return fmt.Errorf("--attest %q: want type=sbom or type=provenance", att)
		}
		a["attest:"+kind] = rest
	}
	s.AllowedEntitlements = append(s.AllowedEntitlements, r.Allow...)
	switch r.Network {
	case "", "default":
	case "host", "none":
		a["force-network-mode"] = r.Network
		if r.Network == "host" {
			s.AllowedEntitlements = append(s.AllowedEntitlements, "network.host")
		}
	default:
		return fmt.Errorf("--network %q: tare knows host (the default) and none", r.Network)
	}
	return nil
}

func hostPairs(list []string) []string {
	var out []string
	for _, h := range list {
		if name, ip, ok := strings.Cut(h, ":"); ok && !strings.Contains(name, "=") {
			h = name + "=" + ip
		}
		out = append(out, h)
	}
	return out
}

func attestation(s string) (kind, rest string) {
	var other []string
	for _, f := range strings.Split(s, ",") {
		if k, v, _ := strings.Cut(f, "="); k == "type" {
			kind = v
		} else {
			other = append(other, f)
		}
	}
	return kind, strings.Join(other, ",")
}

// credentials attaches registry logins, secrets and ssh agents to the session.
func (b *builder) credentials(_ context.Context, r engine.Build, s *solve) error {
	if b.opt.Config != nil {
		s.Session = append(s.Session, newLogins(b.opt))
	}
	if len(r.Secrets) > 0 {
		p, err := bkbuild.ParseSecret(r.Secrets)
		if err != nil {
			return fmt.Errorf("--secret: %w", err)
		}
		s.Session = append(s.Session, p)
	}
	if len(r.SSH) > 0 {
		c, err := bkbuild.ParseSSH(r.SSH)
		if err != nil {
			return fmt.Errorf("--ssh: %w", err)
		}
		var p session.Attachable
		if p, err = sshprovider.NewSSHAgentProvider(c); err != nil {
			return fmt.Errorf("--ssh: %w", err)
		}
		s.Session = append(s.Session, p)
	}
	return nil
}

func (b *builder) caches(_ context.Context, r engine.Build, s *solve) (err error) {
	if s.CacheImports, err = bkbuild.ParseImportCache(typed(r.CacheFrom)); err != nil {
		return fmt.Errorf("--cache-from: %w", err)
	}
	if s.CacheExports, err = bkbuild.ParseExportCache(typed(r.CacheTo)); err != nil {
		return fmt.Errorf("--cache-to: %w", err)
	}
	return nil
}

// typed makes Docker's shorthand NAME the type=registry,ref=NAME that it means.
func typed(list []string) []string {
	var out []string
	for _, v := range list {
		if !strings.Contains(v, "=") {
			v = "type=registry,ref=" + v
		}
		out = append(out, v)
	}
	return out
}
