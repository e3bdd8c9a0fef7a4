package container

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/cap"
	ctdoci "github.com/containerd/containerd/v2/pkg/oci"
	"github.com/containerd/continuity/fs"
	"github.com/moby/buildkit/executor"
	"github.com/moby/buildkit/executor/oci"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/network"
	"github.com/moby/buildkit/util/rootless/specconv"
	"github.com/moby/sys/user"
	"github.com/moby/sys/userns"
	specs "github.com/opencontainers/runtime-spec/specs-go"

	"tare/internal/engine"
	"tare/internal/watch"
)

// writeSpec makes config.json: BuildKit's default (capabilities, seccomp, masked
// paths), changed as the request asks.
func (b *bundle) writeSpec(ctx context.Context, r engine.Run) (func(), error) {
	rootfs := b.path("rootfs")
	root, err := os.OpenRoot(b.dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	mode, provider := pb.NetMode_HOST, NewHostNetwork()
	if r.Network == "none" {
		mode, provider = pb.NetMode_NONE, network.NewNoneProvider()
	}
	ns, err := provider.New(ctx, r.Hostname, network.NamespaceOptions{})
	if err != nil {
		return nil, err
	}
	extra, err := extraHosts(r.ExtraHosts)
	if err != nil {
		return nil, err
	}
	resolv, err := oci.GetResolvConf(ctx, root, nil, nil, mode)
	if err != nil {
		return nil, err
	}
	hosts, _, err := oci.GetHostsFile(ctx, root, extra, nil, r.Hostname)
	if err != nil {
		return nil, err
	}
	uid, gid, groups, err := oci.GetUser(rootfs, r.User)
	if err != nil {
		return nil, fmt.Errorf("user %q: %w", r.User, err)
	}
	if err := makeDir(rootfs, r.Dir, int(uid), int(gid)); err != nil {
		return nil, err
	}
	meta := executor.Meta{Args: r.Args, Env: r.Env, User: r.User, Cwd: r.Dir, Hostname: r.Hostname, Tty: r.TTY, NetMode: mode}
	if r.Init {
		mounts, start, err := initFiles()
		if err != nil {
			return nil, err
		}
		r.Mounts = slices.Concat(r.Mounts, mounts)
		meta.Args = slices.Concat(start, r.Args)
	}
	spec, release, err := oci.GenerateSpec(ctx, meta, nil, b.id, b.path(resolv), b.path(hosts), ns, "", oci.ProcessSandbox, nil, "", false, "", nil,
		oci.WithUIDGID(uid, gid, groups))
	if err != nil {
		return nil, err
	}
	done := func() { release(); _ = ns.Close() }
	spec.Root.Path = rootfs
	spec.Process.Terminal = r.TTY
	spec.Linux.CgroupsPath = "/" + b.id // no parent of ours that would stay behind
	if r.Cost != nil {
		// The runtime removes the container's group with all that it has counted; one
		// above it is read, and removed with the bundle.
		spec.Linux.CgroupsPath += "/run"
	}
	if err := adjust(ctx, spec, r); err != nil {
		done()
		return nil, err
	}
	if Rootless() {
		if _, err := specconv.ToRootless(spec); err != nil {
			done()
			return nil, err
		}
	}
	for _, m := range spec.Mounts {
		b.covered = append(b.covered, m.Destination)
	}
	if r.Watch != nil {
		at, close, err := b.listener()
		if err != nil {
			done()
			return nil, err
		}
		spec.Linux.Seccomp = watch.Notify(spec.Linux.Seccomp, at)
		release := done
		done = func() { release(); close() }
	}
	f, err := json.Marshal(spec)
	if err == nil {
		err = os.WriteFile(b.path("config.json"), f, 0o600)
	}
	if err != nil {
		done()
		return nil, err
	}
	return done, nil
}

// adjust changes the default spec as the flags of `run` ask.
func adjust(ctx context.Context, spec *specs.Spec, r engine.Run) error {
	var opts []ctdoci.SpecOpts
	if r.ReadOnly {
		opts = append(opts, ctdoci.WithRootFSReadonly())
	}
	if r.Memory > 0 {
		opts = append(opts, ctdoci.WithMemoryLimit(uint64(r.Memory)))
	}
	if r.NanoCPUs > 0 {
		const period = 100_000 // microseconds, as Docker
		opts = append(opts, ctdoci.WithCPUCFS(r.NanoCPUs*period/1e9, period))
	}
	add, err := capabilities(r.CapAdd)
	if err != nil {
		return fmt.Errorf("--cap-add: %w", err)
	}
	drop, err := capabilities(r.CapDrop)
	if err != nil {
		return fmt.Errorf("--cap-drop: %w", err)
	}
	if contains(drop, "ALL") {
		opts = append(opts, ctdoci.WithCapabilities(nil))
		drop = nil
	}
	if contains(add, "ALL") {
		opts = append(opts, ctdoci.WithAllCurrentCapabilities)
		add = nil
	}
	opts = append(opts, ctdoci.WithDroppedCapabilities(drop), ctdoci.WithAddedCapabilities(add))
	c := &containers.Container{}
	for _, o := range opts {
		if err := o(ctx, nil, c, spec); err != nil {
			return err
		}
	}
	for _, m := range r.Mounts {
		spec.Mounts = append(spec.Mounts, ociMount(m))
	}
	for i := range spec.Mounts {
		if r.ShmSize > 0 && spec.Mounts[i].Destination == "/dev/shm" {
			spec.Mounts[i].Options = append(spec.Mounts[i].Options, fmt.Sprintf("size=%d", r.ShmSize))
		}
	}
	if len(r.Labels) > 0 {
		if spec.Annotations == nil {
			spec.Annotations = map[string]string{}
		}
		for k, v := range r.Labels {
			spec.Annotations[k] = v
		}
	}
	return nil
}

func ociMount(m engine.Mount) specs.Mount {
	out := specs.Mount{Destination: m.Target, Type: m.Type, Source: m.Source, Options: m.Options}
	switch m.Type {
	case "bind":
		out.Options = append([]string{"rbind", "rprivate"}, m.Options...)
		out.Options = append(out.Options, lockedFlags(m.Source)...)
	case "tmpfs":
		out.Source = "tmpfs"
		out.Options = append([]string{"nosuid", "nodev", "noexec"}, m.Options...)
	}
	if m.ReadOnly {
		out.Options = append(out.Options, "ro")
	}
	return out
}

// lockedFlags are the flags of the source's file system, which a user namespace
// may not take off.
func lockedFlags(source string) []string {
	if !userns.RunningInUserNS() {
		return nil
	}
	var out []string
	flags, err := mountFlags(source)
	if err != nil {
		return nil
	}
	for _, f := range []struct {
		bit  int64
		name string
	}{{2, "nosuid"}, {4, "nodev"}, {8, "noexec"}, {1, "ro"}} { // ST_* of statvfs(3)
		if flags&f.bit != 0 {
			out = append(out, f.name)
		}
	}
	return out
}

// capabilities spells names as the kernel does. One that it does not know is an
// error here, since the runtime would only drop it.
func capabilities(names []string) ([]string, error) {
	known := append(cap.Known(), "ALL")
	var out []string
	for _, n := range names {
		c := strings.ToUpper(n)
		if c != "ALL" && !strings.HasPrefix(c, "CAP_") {
			c = "CAP_" + c
		}
		if !contains(known, c) {
			return nil, fmt.Errorf("there is no capability %q", n)
		}
		out = append(out, c)
	}
	return out, nil
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

// makeDir makes the working directory if the image has it not, as Docker does.
func makeDir(rootfs, dir string, uid, gid int) error {
	p, err := fs.RootPath(rootfs, dir)
	if err != nil {
		return fmt.Errorf("working directory %s: %w", dir, err)
	}
	if fi, err := os.Stat(p); err == nil {
		if !fi.IsDir() {
			return fmt.Errorf("working directory %s is not a directory", dir)
		}
		return nil
	}
	if err := user.MkdirAllAndChown(p, 0o755, uid, gid); err != nil {
		return fmt.Errorf("working directory %s: %w", dir, err)
	}
	return nil
}

func extraHosts(list []string) ([]executor.HostIP, error) {
	var out []executor.HostIP
	for _, h := range list {
		name, addr, ok := strings.Cut(h, ":")
		if !ok {
			name, addr, ok = strings.Cut(h, "=")
		}
		ip := net.ParseIP(strings.Trim(addr, "[]"))
		if !ok || name == "" || ip == nil {
			return nil, fmt.Errorf("--add-host %q: want HOST:IP", h)
		}
		out = append(out, executor.HostIP{Host: name, IP: ip})
	}
	return out, nil
}

// copyRootfs is the writable layer where there is no overlayfs.
func copyRootfs(from, to string) error {
	if err := fs.CopyDir(to, filepath.Clean(from)); err != nil {
		return fmt.Errorf("copy the image (this machine has no overlayfs): %w", err)
	}
	return nil
}
