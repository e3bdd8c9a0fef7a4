// Package runner puts together what `tare run` runs: an image's configuration and what
// the user chose, by Docker's rules.
package runner

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/cli/pkg/kvfile"

	"tare/internal/engine"
	"tare/internal/image"
	"tare/internal/request"
	"tare/internal/units"
)

// Options are what `docker run` lets one choose of a container; the zero value is its
// default.
type Options struct {
	Interactive, TTY, ReadOnly, Init bool
	Env, EnvFiles                    []string // NAME=VALUE, or NAME to take it from here; files of them
	Volumes, Mounts, Tmpfs           []string // as -v, --mount and --tmpfs have them
	CapAdd, CapDrop                  []string
	AddHosts                         []string // HOST:IP
	Labels                           []string // KEY=VALUE
	Workdir, User, Hostname          string
	Entrypoint                       string // replaces the image's if EntrypointSet, even if empty
	EntrypointSet                    bool
	Network                          string // host or none
	Memory, CPUs, ShmSize            string // 256m, 1.5, 64m; "" for no limit
}

// Spec puts an image and what was asked for together. Streams are the caller's to add.
func Spec(ref string, img *image.Image, args []string, o Options) (engine.Run, error) {
	cfg := img.Config.Config
	r := engine.Run{
		Image: img, Name: ref, User: cfg.User, Dir: cfg.WorkingDir, TTY: o.TTY,
		Network: o.Network, ReadOnly: o.ReadOnly, Init: o.Init, CapAdd: o.CapAdd, CapDrop: o.CapDrop,
		ExtraHosts: o.AddHosts, Hostname: o.Hostname,
	}
	if o.User != "" {
		r.User = o.User
	}
	if o.Workdir != "" {
		r.Dir = o.Workdir
	}
	if r.Dir == "" {
		r.Dir = "/"
	}
	if !path.IsAbs(r.Dir) {
		return r, request.Errorf("-w %q: the working directory must be an absolute path", r.Dir)
	}
	if r.Hostname == "" {
		r.Hostname, _ = os.Hostname()
	}
	entry, command := cfg.Entrypoint, cfg.Cmd
	if o.EntrypointSet {
		entry, command = nil, nil
		if o.Entrypoint != "" {
			entry = []string{o.Entrypoint}
		}
	}
	if len(args) > 0 {
		command = args
	}
	r.Args = append(slices.Clone(entry), command...)
	if len(r.Args) == 0 {
		return r, &engine.StartError{Code: 125, Err: fmt.Errorf("run %s: no command: the image has neither ENTRYPOINT nor CMD, and none was given", ref)}
	}
	return r, limits(&r, o)
}

// limits fills in environment, mounts and resource limits.
func limits(r *engine.Run, o Options) (err error) {
	if r.Env, err = environment(r.Image.Config.Config.Env, r.Hostname, o); err != nil {
		return err
	}
	if r.Mounts, err = mounts(o); err != nil {
		return err
	}
	if o.Memory != "" {
		if r.Memory, err = units.ParseBytes(o.Memory); err != nil {
			return request.Errorf("-m: %w", err)
		}
		if r.Memory < 6<<20 {
			return request.Errorf("-m %s: the least that a container can start with is 6m", o.Memory)
		}
	}
	if o.ShmSize != "" {
		if r.ShmSize, err = units.ParseBytes(o.ShmSize); err != nil {
			return request.Errorf("--shm-size: %w", err)
		}
	}
	if o.CPUs != "" {
		n, err := strconv.ParseFloat(o.CPUs, 64)
		if err != nil || n < 0.01 || n > 1e4 {
			return request.Errorf("--cpus %q: want a number of at least 0.01", o.CPUs)
		}
		r.NanoCPUs = int64(n * 1e9)
	}
	r.Labels = map[string]string{}
	for _, l := range o.Labels {
		k, v, _ := strings.Cut(l, "=")
		if k == "" {
			return request.Errorf("-l %q: want KEY=VALUE", l)
		}
		r.Labels[k] = v
	}
	return nil
}

// environment is Docker's, in Docker's order: its defaults, the files' and the flags'
// (later ones win), and what the image has beside. A NAME that is not set here removes
// the variable, whoever set it. HOME is the runtime's.
func environment(img []string, hostname string, o Options) ([]string, error) {
	env := []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=" + hostname}
	if o.TTY {
		env = append(env, "TERM=xterm")
	}
	var user []string
	set := func(kv string) {
		k, _, valued := strings.Cut(kv, "=")
		at := slices.IndexFunc(env, func(e string) bool { return strings.HasPrefix(e, k+"=") })
		switch {
		case !valued && at >= 0:
			env = slices.Delete(env, at, at+1)
		case !valued:
		case at >= 0:
			env[at] = kv
		default:
			env = append(env, kv)
		}
	}
	for _, f := range o.EnvFiles {
		list, err := kvfile.Parse(f, os.LookupEnv)
		if err != nil {
			return nil, fmt.Errorf("--env-file: %w", err)
		}
		user = append(user, list...)
	}
	for _, e := range o.Env {
		k, _, ok := strings.Cut(e, "=")
		if k == "" {
			return nil, request.Errorf("-e %q: want NAME=VALUE", e)
		}
		if !ok {
			if v, has := os.LookupEnv(e); has {
				e += "=" + v
			}
		}
		user = append(user, e)
	}
	named := map[string]bool{}
	for _, kv := range user {
		k, _, _ := strings.Cut(kv, "=")
		named[k] = true
		set(kv)
	}
	for _, kv := range img {
		if k, _, _ := strings.Cut(kv, "="); !named[k] {
			set(kv)
		}
	}
	return env, nil
}
