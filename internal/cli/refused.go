package cli

import (
	"fmt"

	"github.com/spf13/pflag"

	"tare/internal/engine"
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
