package help

import (
	"fmt"

	"github.com/spf13/pflag"
)

// IgnoredBuildFlags defines the flags of the builder before BuildKit, which Docker still takes
// and which have no effect there either. Where that is worth a word, buildx's is said.
func IgnoredBuildFlags(f *pflag.FlagSet) {
	f.Bool("rm", true, "")
	f.Bool("force-rm", false, "")
	f.Bool("compress", false, "")
	f.Bool("disable-content-trust", true, "")
	f.StringP("memory", "m", "", "")
	f.String("memory-swap", "", "")
	f.Int64P("cpu-shares", "c", 0, "")
	f.Int64("cpu-period", 0, "")
	f.Int64("cpu-quota", 0, "")
	f.String("cpuset-cpus", "", "")
	f.String("cpuset-mems", "", "")
	f.String("isolation", "", "")
	f.StringSlice("security-opt", nil, "")
	f.Bool("squash", false, "")
	for name, note := range map[string]string{
		"rm": "", "force-rm": "", "compress": "", "disable-content-trust": "", "memory": "no effect with BuildKit", "memory-swap": "no effect with BuildKit",
		"cpu-shares": "no effect with BuildKit", "cpu-period": "no effect with BuildKit", "cpu-quota": "no effect with BuildKit",
		"cpuset-cpus": "no effect with BuildKit", "cpuset-mems": "no effect with BuildKit",
		"isolation":    "no effect with BuildKit",
		"security-opt": `no effect with BuildKit: use "RUN --security=insecure"`,
		"squash":       "no effect with BuildKit: squash inside the build, with a multi-stage Dockerfile",
	} {
		_ = f.MarkHidden(name)
		if note != "" {
			_ = f.SetAnnotation(name, "note", []string{note})
		}
	}
}

// CompatibleRunFlags defines the flags of docker run that have no effect here, and those
// that are refused with what to do instead: see Refused.
func CompatibleRunFlags(f *pflag.FlagSet) {
	// What only matters to a daemon, or to a container that stays.
	f.StringArrayP("attach", "a", nil, "accepted for Docker compatibility; no effect")
	f.StringArray("expose", nil, "accepted for Docker compatibility; no effect")
	f.StringArray("log-opt", nil, "accepted for Docker compatibility; no effect")
	f.StringArray("annotation", nil, "accepted for Docker compatibility; no effect")
	for _, name := range []string{"log-driver", "stop-signal", "stop-timeout", "detach-keys"} {
		f.String(name, "", "accepted for Docker compatibility; no effect")
		_ = f.MarkHidden(name)
	}
	for _, name := range []string{"no-healthcheck", "disable-content-trust", "sig-proxy"} {
		f.Bool(name, true, "accepted for Docker compatibility; no effect")
		_ = f.MarkHidden(name)
	}
	for _, name := range []string{"attach", "expose", "log-opt", "annotation"} {
		_ = f.MarkHidden(name)
	}
	for _, r := range refused {
		if r.boolean {
			f.BoolP(r.name, r.short, false, "refused: "+r.instead)
		} else {
			f.StringArrayP(r.name, r.short, nil, "refused: "+r.instead)
		}
		_ = f.MarkHidden(r.name)
	}
}

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

// Refused is the error for a flag of docker run that was given and that tare does not
// have, with what to do instead; nil if there is none.
func Refused(f *pflag.FlagSet) error {
	for _, r := range refused {
		if f.Changed(r.name) {
			flag := "--" + r.name
			if r.short != "" {
				flag = "-" + r.short
			}
			return fmt.Errorf("run %s: %s", flag, r.instead)
		}
	}
	return nil
}
