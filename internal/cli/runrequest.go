package cli

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/cli/pkg/kvfile"
	"github.com/spf13/pflag"

	"tare/internal/engine"
	"tare/internal/image"
	"tare/internal/screen"
	"tare/internal/units"
)

// refused are flags of Docker's that belong to a container manager, with what to
// do instead.
var refused = []struct {
	name, short, instead string
	boolean              bool
}{
	{"detach", "d", "tare runs in the foreground: use the shell's & (tare run app &), or nohup or systemd-run to outlive it", true},
	{"publish", "p", "the container uses the host's network: the program's port is open on this machine already", false},
	{"publish-all", "P", "the container uses the host's network: the program's ports are open on this machine already", true},
	{"name", "", "tare keeps no containers, so they need no names: leave it out", false},
	{"restart", "", "tare keeps no containers: let systemd or a loop in the shell start it again", false},
	{"security-opt", "", "the container always has the default seccomp profile and capabilities; see --cap-add and --cap-drop", false},
	{"privileged", "", "tare gives no container all rights; --cap-add adds single ones", true},
	{"device", "", "devices cannot be given to a container yet", false},
	{"dns", "", "the container has the host's resolv.conf; --add-host names single hosts", false},
	{"ipc", "", "the container always has an IPC namespace of its own", false},
	{"pid", "", "the container always has a PID namespace of its own", false},
	{"sysctl", "", "kernel parameters cannot be set for a container yet", false},
	{"ulimit", "", "limits cannot be set for a container yet", false},
	{"group-add", "", "further groups cannot be given yet: -u UID:GID sets the first one", false},
	{"gpus", "", "devices cannot be given to a container yet", false},
	{"health-cmd", "", "tare runs no health checks", false},
}

func refuse(f *pflag.FlagSet) error {
	for _, r := range refused {
		if f.Changed(r.name) {
			flag := "--" + r.name
			if r.short != "" {
				flag = "-" + r.short
			}
			return &engine.StartError{Code: 125, Err: fmt.Errorf("run %s: %s", flag, r.instead)}
		}
	}
	return nil
}

// request puts image and flags together.
func (a *app) request(ref string, img *image.Image, args []string, o runOptions) (engine.Run, error) {
	cfg := img.Config.Config
	r := engine.Run{
		Image: img, Name: ref, User: cfg.User, Dir: cfg.WorkingDir, TTY: o.tty, Stdout: screen.Raw(a.Out), Stderr: screen.Raw(a.Err),
		Network: o.network, ReadOnly: o.readOnly, Init: o.init, CapAdd: o.capAdd, CapDrop: o.capDrop,
		ExtraHosts: o.addHosts, Hostname: o.hostname,
	}
	if o.interactive {
		r.Stdin = a.In
	}
	if o.user != "" {
		r.User = o.user
	}
	if o.workdir != "" {
		r.Dir = o.workdir
	}
	if r.Dir == "" {
		r.Dir = "/"
	}
	if !path.IsAbs(r.Dir) {
		return r, usagef("-w %q: the working directory must be an absolute path", r.Dir)
	}
	if r.Hostname == "" {
		r.Hostname, _ = os.Hostname()
	}
	entry, command := cfg.Entrypoint, cfg.Cmd
	if o.entrypointSet {
		entry, command = nil, nil
		if o.entrypoint != "" {
			entry = []string{o.entrypoint}
		}
	}
	if len(args) > 0 {
		command = args
	}
	r.Args = append(slices.Clone(entry), command...)
	if len(r.Args) == 0 {
		return r, &engine.StartError{Code: 125, Err: fmt.Errorf("run %s: no command: the image has neither ENTRYPOINT nor CMD, and none was given", ref)}
	}
	return r, a.limits(&r, o)
}

// limits fills in environment, mounts and resource limits.
func (a *app) limits(r *engine.Run, o runOptions) (err error) {
	if r.Env, err = environment(r.Image.Config.Config.Env, r.Hostname, o); err != nil {
		return err
	}
	if r.Mounts, err = mounts(o); err != nil {
		return err
	}
	if o.memory != "" {
		if r.Memory, err = units.ParseBytes(o.memory); err != nil {
			return usagef("-m: %w", err)
		}
		if r.Memory < 6<<20 {
			return usagef("-m %s: the least that a container can start with is 6m", o.memory)
		}
	}
	if o.shm != "" {
		if r.ShmSize, err = units.ParseBytes(o.shm); err != nil {
			return usagef("--shm-size: %w", err)
		}
	}
	if o.cpus != "" {
		n, err := strconv.ParseFloat(o.cpus, 64)
		if err != nil || n < 0.01 || n > 1e4 {
			return usagef("--cpus %q: want a number of at least 0.01", o.cpus)
		}
		r.NanoCPUs = int64(n * 1e9)
	}
	r.Labels = map[string]string{}
	for _, l := range o.labels {
		k, v, _ := strings.Cut(l, "=")
		if k == "" {
			return usagef("-l %q: want KEY=VALUE", l)
		}
		r.Labels[k] = v
	}
	return nil
}

// environment is Docker's, in Docker's order: its defaults, the files' and the flags'
// (later ones win), and what the image has beside. A NAME that is not set here removes
// the variable, whoever set it. HOME is the runtime's.
func environment(img []string, hostname string, o runOptions) ([]string, error) {
	env := []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=" + hostname}
	if o.tty {
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
	for _, f := range o.envFiles {
		list, err := kvfile.Parse(f, os.LookupEnv)
		if err != nil {
			return nil, fmt.Errorf("--env-file: %w", err)
		}
		user = append(user, list...)
	}
	for _, e := range o.env {
		k, _, ok := strings.Cut(e, "=")
		if k == "" {
			return nil, usagef("-e %q: want NAME=VALUE", e)
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
