package ports

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// take takes a port among the tares of this network namespace: the abstract sockets of
// Linux belong to one as ports do, and go with their process.
func take(port uint16) (func(), error) {
	l, err := net.Listen("unix", fmt.Sprintf("@tare-port-%d", port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, errTaken
	}
	if err != nil {
		return nil, err
	}
	return func() { _ = l.Close() }, nil
}

// listens tells whether a socket listens at an address, or at all of its kind.
func listens(at netip.AddrPort) bool {
	for _, s := range listening(at.Port()) {
		if s.at == at.Addr() || s.at.IsUnspecified() && s.at.Is4() == at.Addr().Is4() {
			return true
		}
	}
	return false
}

// holder says which program listens at an address: "nginx (PID 7)", or whose it is if that
// cannot be seen; "" if not even that is known.
func holder(at netip.AddrPort) string {
	var best socket
	rank := 0
	for _, s := range listening(at.Port()) {
		n := 0
		switch {
		case s.at == at.Addr():
			n = 3
		case s.at.IsUnspecified() && s.at.Is4() == at.Addr().Is4():
			n = 2
		case s.at.IsUnspecified() && s.at.Is6(): // that serves IPv4 as well
			n = 1
		}
		if n > rank {
			best, rank = s, n
		}
	}
	if rank == 0 {
		return ""
	}
	if name := program(best.inode); name != "" {
		return name
	}
	return "a program of the user with ID " + best.uid
}

// socket is one that listens.
type socket struct {
	at         netip.Addr
	uid, inode string
}

// listening are the sockets that listen at a port, by the kernel's own list.
func listening(port uint16) (out []socket) {
	for _, name := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(name)
		if err != nil {
			continue
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if s, p, ok := parse(lines.Text()); ok && p == port {
				out = append(out, s)
			}
		}
		_ = f.Close()
	}
	return out
}

// parse reads a line of /proc/net/tcp: of a socket that listens.
func parse(line string) (s socket, port uint16, ok bool) {
	const state, uid, inode, listen = 3, 7, 9, "0A"
	f := strings.Fields(line)
	if len(f) <= inode || f[state] != listen {
		return s, 0, false
	}
	a, p, _ := strings.Cut(f[1], ":")
	raw, err := hex.DecodeString(a)
	n, perr := strconv.ParseUint(p, 16, 16)
	if err != nil || perr != nil || len(raw)%4 != 0 {
		return s, 0, false
	}
	for i := 0; i < len(raw); i += 4 { // words, as numbers of this machine
		binary.NativeEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
	}
	addr, ok := netip.AddrFromSlice(raw)
	return socket{at: addr.Unmap(), uid: f[uid], inode: f[inode]}, uint16(n), ok
}

// program is the one that has a socket open; "" if nobody may see that.
func program(inode string) string {
	want := "socket:[" + inode + "]"
	procs, _ := os.ReadDir("/proc")
	for _, p := range procs {
		if _, err := strconv.Atoi(p.Name()); err != nil {
			continue
		}
		dir := filepath.Join("/proc", p.Name())
		fds, _ := os.ReadDir(filepath.Join(dir, "fd"))
		for _, fd := range fds {
			if to, err := os.Readlink(filepath.Join(dir, "fd", fd.Name())); err != nil || to != want {
				continue
			}
			comm, _ := os.ReadFile(filepath.Join(dir, "comm"))
			if name := strings.TrimSpace(string(comm)); name != "" {
				return fmt.Sprintf("%s (PID %s)", name, p.Name())
			}
			return "the process " + p.Name()
		}
	}
	return ""
}
