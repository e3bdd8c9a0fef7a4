// Package ports finds out whether a port of this machine is free before a container that
// shares its network is to serve there, and keeps two tares from using one at once.
package ports

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"time"
)

// Claim makes the port of a URL the caller's until release, and fails if something answers
// there already, on any of the addresses that the URL's host has. A claim of another tare
// is waited for, at most for patience.
func Claim(ctx context.Context, address string, patience time.Duration) (release func(), err error) {
	host, port, err := parts(address)
	if err != nil {
		return nil, err
	}
	if release, err = wait(ctx, port, patience); err != nil {
		return nil, err
	}
	list, err := addresses(ctx, host, port)
	if err != nil { // nobody answers under a name that does not exist
		return release, ctx.Err()
	}
	for _, at := range list {
		if !held(ctx, at) {
			continue
		}
		release()
		by := holder(at)
		if by == "" {
			by = "another program"
		}
		return nil, fmt.Errorf("%s is held by %s, which answered before the container was started: end it, or let the check use another port", at, by)
	}
	return release, ctx.Err()
}

// parts are the host and the port of a URL.
func parts(address string) (host string, port uint16, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", 0, err
	}
	p := u.Port()
	switch {
	case p != "":
	case u.Scheme == "https":
		p = "443"
	default:
		p = "80"
	}
	n, err := strconv.ParseUint(p, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("%s: %q is no port", address, p)
	}
	return u.Hostname(), uint16(n), nil
}

// addresses are all that a client may ask for a host.
func addresses(ctx context.Context, host string, port uint16) ([]netip.AddrPort, error) {
	list, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	var out []netip.AddrPort
	for _, a := range list {
		out = append(out, netip.AddrPortFrom(a.Unmap(), port))
	}
	return out, nil
}

// held tells whether something listens at an address.
func held(ctx context.Context, at netip.AddrPort) bool {
	if listens(at) {
		return true
	}
	d := net.Dialer{Timeout: time.Second}
	c, err := d.DialContext(ctx, "tcp", at.String())
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

// wait takes a port among the tares of this machine.
func wait(ctx context.Context, port uint16, patience time.Duration) (func(), error) {
	end := time.Now().Add(patience)
	for {
		release, err := take(port)
		if err == nil {
			return release, nil
		}
		if !errors.Is(err, errTaken) {
			return func() {}, nil // it cannot be taken here: the port itself is looked at
		}
		if time.Now().After(end) {
			return nil, fmt.Errorf("another tare checks a program at port %d, for longer than %s: let one of them use another port", port, patience)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// errTaken says that another tare has a port.
var errTaken = errors.New("taken")
