//go:build !amd64 && !arm64

package watch

import specs "github.com/opencontainers/runtime-spec/specs-go"

// native and compat are the architectures whose calls the kernel takes here: none that is
// known.
const (
	native = 0
	compat = 0
)

var architectures []specs.Arch

// Flags of open, which differ by architecture.
const (
	oDirectory = 0o200000
	oNofollow  = 0o400000
)
