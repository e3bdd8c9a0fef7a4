package container

import (
	"context"
	"slices"

	"github.com/moby/buildkit/util/network"
	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// hostNetwork lets containers use the host's network, as rootless BuildKit does, but
// without CAP_NET_RAW: with it a program would read what everybody on this machine
// sends, passwords included. In a network of its own it sees only its own packets.
type hostNetwork struct{ network.Provider }

// NewHostNetwork is the host's network for the containers of builds and runs.
func NewHostNetwork() network.Provider { return hostNetwork{network.NewHostProvider()} }

// New implements network.Provider.
func (h hostNetwork) New(ctx context.Context, hostname string, opt network.NamespaceOptions) (network.Namespace, error) {
	ns, err := h.Provider.New(ctx, hostname, opt)
	if err != nil {
		return nil, err
	}
	return deaf{ns}, nil
}

type deaf struct{ network.Namespace }

// Set implements network.Namespace. BuildKit calls it when the capabilities stand.
func (d deaf) Set(s *specs.Spec) error {
	if err := d.Namespace.Set(s); err != nil {
		return err
	}
	if s.Process == nil || s.Process.Capabilities == nil {
		return nil
	}
	c := s.Process.Capabilities
	if slices.Contains(c.Bounding, "CAP_SYS_ADMIN") {
		return nil // RUN --security=insecure, which was allowed: all of them
	}
	for _, set := range []*[]string{&c.Bounding, &c.Effective, &c.Inheritable, &c.Permitted, &c.Ambient} {
		*set = slices.DeleteFunc(*set, func(name string) bool { return name == "CAP_NET_RAW" })
	}
	return nil
}
