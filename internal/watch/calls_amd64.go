package watch

import specs "github.com/opencontainers/runtime-spec/specs-go"

// native and compat are the architectures whose calls the kernel takes here.
const (
	native = archAMD64
	compat = arch386
)

var architectures = []specs.Arch{specs.ArchX86_64, specs.ArchX86, specs.ArchX32}

// Flags of open, which differ by architecture.
const (
	oDirectory = 0o200000
	oNofollow  = 0o400000
)
