package watch

import specs "github.com/opencontainers/runtime-spec/specs-go"

// native and compat are the architectures whose calls the kernel takes here.
const (
	native = archARM64
	compat = archARM
)

var architectures = []specs.Arch{specs.ArchAARCH64, specs.ArchARM}

// Flags of open, which differ by architecture.
const (
	oDirectory = 0o40000
	oNofollow  = 0o100000
)
