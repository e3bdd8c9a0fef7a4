package ports

import (
	"context"
	"fmt"
)

// Owner is whose program answered at an address.
type Owner int

// The owners. Unknown is one that cannot be seen, or that has ended meanwhile.
const (
	Unknown Owner = iota
	Own           // this process, or one that it started
	Foreign       // another program of this machine
)

// Answered tells whose program it is that listens where a URL leads, and who that is in
// words: a server that took the port after Claim looked at it answers like the one that
// was started.
func Answered(ctx context.Context, address string) (Owner, string) {
	host, port, err := parts(address)
	if err != nil {
		return Unknown, ""
	}
	list, err := addresses(ctx, host, port)
	if err != nil {
		return Unknown, ""
	}
	// A client tries the addresses of a host in their order: the first that is listened at
	// answered.
	for _, at := range list {
		if who, by := owner(at); by != "" {
			return who, fmt.Sprintf("%s is held by %s", at, by)
		}
	}
	return Unknown, ""
}
