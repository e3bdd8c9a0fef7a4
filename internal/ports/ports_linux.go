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
	s, ok := answering(at)
	if !ok {
		return ""
	}
	return said(s, processes(s.inode))
}

func said(s socket, pids []string) string {
	if len(pids) == 0 {
		return "a program of the user with ID " + s.uid
	}
	comm, _ := os.ReadFile(filepath.Join("/proc", pids[0], "comm"))
	if name := strings.TrimSpace(string(comm)); name != "" {
		return fmt.Sprintf("%s (PID %s)", name, pids[0])
	}
	return "the process " + pids[0]
}

// owner is whose socket answers at an address, and who that is in words. One that several
// processes have is ours if one of them is. A program in another file system than ours may be
// a container's that a builder elsewhere on this machine runs for us.
func owner(at netip.AddrPort) (Owner, string) {
	s, ok := answering(at)
	if !ok {
		return Unknown, ""
	}
	pids := processes(s.inode)
	who := Unknown
	for _, pid := range pids {
		switch {
		case descends(pid):
			return Own, said(s, []string{pid})
		case sameFiles(pid):
			who = Foreign
		}
	}
	return who, said(s, pids)
}

// descends tells whether a process is this one, or was started by it or by what it started.
func descends(pid string) bool {
	own := strconv.Itoa(os.Getpid())
	for range 100 {
		if pid == own {
			return true
		}
		b, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
		if err != nil {
			return false
		}
		// "7 (any (name)) S 1 …": the parent is the second word behind the name.
		f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
		if len(f) < 2 || f[1] == "0" {
			return false
		}
		pid = f[1]
	}
	return false
}

// sameFiles tells whether a process sees the file systems that this one sees.
func sameFiles(pid string) bool {
	own, err := os.Readlink("/proc/self/ns/mnt")
	other, oerr := os.Readlink(filepath.Join("/proc", pid, "ns", "mnt"))
	return err == nil && oerr == nil && own == other
}

// answering is the socket that answers at an address: one that listens at it and nowhere
// else goes before one that listens everywhere.
func answering(at netip.AddrPort) (best socket, ok bool) {
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
	return best, rank > 0
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

// processes are those that have a socket open, as far as they can be seen.
func processes(inode string) (out []string) {
	want := "socket:[" + inode + "]"
	procs, _ := os.ReadDir("/proc")
	for _, p := range procs {
		if _, err := strconv.Atoi(p.Name()); err != nil {
			continue
		}
		dir := filepath.Join("/proc", p.Name(), "fd")
		fds, _ := os.ReadDir(dir)
		for _, fd := range fds {
			if to, err := os.Readlink(filepath.Join(dir, fd.Name())); err == nil && to == want {
				out = append(out, p.Name())
				break
			}
		}
	}
	return out
}
