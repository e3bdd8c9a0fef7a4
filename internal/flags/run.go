// Package flags defines the flags that Docker's commands have, and those that several of
// tare's have in common.
package flags

import (
	"github.com/spf13/pflag"

	"tare/internal/help"
	"tare/internal/runner"
)

// Run defines the flags of docker run that choose what the container is like.
func Run(f *pflag.FlagSet, o *runner.Options) {
	f.SetInterspersed(false)
	f.Bool("rm", true, "remove the container when it ends (always on)")
	f.BoolVarP(&o.Interactive, "interactive", "i", false, "keep standard input open")
	f.BoolVarP(&o.TTY, "tty", "t", false, "allocate a terminal")
	f.StringArrayVarP(&o.Env, "env", "e", nil, "set a variable (NAME=VALUE, or NAME from the environment)")
	f.StringArrayVar(&o.EnvFiles, "env-file", nil, "read variables from a file")
	f.StringArrayVarP(&o.Volumes, "volume", "v", nil, "bind mount (HOST:CONTAINER[:ro])")
	f.StringArrayVar(&o.Mounts, "mount", nil, "mount (type=bind,src=HOST,dst=PATH[,readonly] or type=tmpfs,dst=PATH)")
	f.StringArrayVar(&o.Tmpfs, "tmpfs", nil, "mount a tmpfs (CONTAINER[:OPTIONS])")
	f.StringVarP(&o.Workdir, "workdir", "w", "", "working directory in the container")
	f.StringVarP(&o.User, "user", "u", "", "user (NAME|UID[:GROUP|GID])")
	f.StringVar(&o.Entrypoint, "entrypoint", "", "replace the image's entrypoint")
	f.StringVar(&o.Network, "network", "host", "network: host or none")
	f.StringVar(&o.Network, "net", "host", "network: host or none")
	_ = f.MarkHidden("net")
	f.BoolVar(&o.ReadOnly, "read-only", false, "make the container's root file system read-only")
	f.BoolVar(&o.Init, "init", false, "run a small init as PID 1 that forwards signals and reaps processes")
	f.StringVarP(&o.Memory, "memory", "m", "", "memory limit (256m, 2g)")
	f.StringVar(&o.CPUs, "cpus", "", "number of CPUs (1.5)")
	f.StringVar(&o.ShmSize, "shm-size", "", "size of /dev/shm (64m)")
	f.StringArrayVar(&o.CapAdd, "cap-add", nil, "add a capability (NET_ADMIN, ALL)")
	f.StringArrayVar(&o.CapDrop, "cap-drop", nil, "drop a capability (NET_RAW, ALL)")
	f.StringArrayVar(&o.AddHosts, "add-host", nil, "add a line to /etc/hosts (HOST:IP)")
	f.StringArrayVarP(&o.Labels, "label", "l", nil, "label the container (KEY=VALUE)")
	f.StringVarP(&o.Hostname, "hostname", "h", "", "host name in the container")
	f.Bool("help", false, "help for run")
	help.CompatibleRunFlags(f)
}
