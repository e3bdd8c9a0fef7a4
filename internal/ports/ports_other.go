//go:build !linux

package ports

import (
	"errors"
	"net/netip"
)

// take is not possible here: what holds a port is only seen when it is asked.
func take(uint16) (func(), error) { return nil, errors.ErrUnsupported }

func listens(netip.AddrPort) bool { return false }

// holder is not known here.
func holder(netip.AddrPort) string { return "" }

// owner is not known here.
func owner(netip.AddrPort) (Owner, string) { return Unknown, "" }
