package watch

import (
	"fmt"
	"runtime"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"

	"tare/internal/engine"
)

// notif and response are of linux/seccomp.h. PID is a thread's.
type notif struct {
	ID         uint64
	PID, Flags uint32
	Nr         int32
	Arch       uint32
	IP         uint64
	Args       [6]uint64
}

type response struct {
	ID           uint64
	Val          int64
	Error, Flags uint32
}

const (
	ioRecv, ioSend, ioSetFlags = 0xc0502100, 0xc0182101, 0x40082104
	flagContinue               = 1
	syncWakeUp                 = 1 // the watcher and the caller take turns: let them do so on one processor
)

// mark is a use of a name that counts once the call was let go on.
type mark struct {
	n   *node
	use engine.Use
}

// supervisor answers the notifications of one container. It is one thread: while it works,
// the thread that made the call waits.
type supervisor struct {
	listener, pid int // the descriptor of the notifications, the container's first process
	t             *names
	world         *world
	inside        bool // the container has begun, and this thread is in its mount namespace
	chrooted      bool

	n       notif
	walk    walk
	again   walk // for the second name of a call
	pending []mark
	room    [longest]byte // for the names of a call
	other   [longest]byte
	buf     [chunk]byte
	link    [longest]byte
	calls   int64
	lost    int64
	why     []string
}

// lose notes that something is not known.
func (s *supervisor) lose(why string) {
	s.lost++
	for _, w := range s.why {
		if w == why {
			return
		}
	}
	s.why = append(s.why, why)
}

// collect is how many calls there are between collections of garbage. The collector does
// not run by itself: it would wait for this thread, which waits for the container.
const collect = 1 << 17

// serve answers until no process has the filter any more.
func (s *supervisor) serve() {
	runtime.LockOSThread() // never unlocked: the thread dies with its namespaces
	s.t.lost = s.lose
	_, _, _ = unix.RawSyscall(unix.SYS_IOCTL, uintptr(s.listener), ioSetFlags, syncWakeUp) // since Linux 6.6
	for {
		s.n = notif{}
		if _, _, e := unix.RawSyscall(unix.SYS_IOCTL, uintptr(s.listener), ioRecv, uintptr(unsafe.Pointer(&s.n))); e != 0 {
			if s.over() {
				return
			}
			continue // the caller took a signal before it was asked about
		}
		if s.calls++; s.calls%collect == 0 {
			runtime.GC()
		}
		s.pending = s.pending[:0]
		if !s.inside && s.begins() {
			if err := s.enter(); err != nil {
				s.lose(fmt.Sprintf("the container's file system could not be entered: %v", err))
			}
		}
		if s.inside {
			s.resolve()
		}
		r := response{ID: s.n.ID, Flags: flagContinue}
		// It fails where the call was interrupted, which then comes again, or the caller
		// killed: what was read may be another's then.
		if _, _, e := unix.RawSyscall(unix.SYS_IOCTL, uintptr(s.listener), ioSend, uintptr(unsafe.Pointer(&r))); e == 0 {
			for _, m := range s.pending {
				m.n.use |= m.use
			}
		}
	}
}

// over tells whether all processes with the filter are gone.
func (s *supervisor) over() bool {
	p := []unix.PollFd{{Fd: int32(s.listener), Events: unix.POLLIN}}
	_, _ = unix.Poll(p, 0)
	return p[0].Revents&(unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) != 0
}

// begins tells whether the call is the runtime's last, with which the container begins.
func (s *supervisor) begins() bool {
	c := tables()[s.n.Arch][s.n.Nr]
	return c != nil && c.act == runs
}

// enter moves this thread into the container's mount namespace.
func (s *supervisor) enter() error {
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return err
	}
	ns, err := unix.Openat(s.world.proc, strconv.Itoa(s.pid)+"/ns/mnt", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(ns) }()
	if err := unix.Setns(ns, unix.CLONE_NEWNS); err != nil {
		return err
	}
	s.inside = true
	return nil
}

// thread is a path below /proc of the thread that made the call, as the kernel reads it.
func (s *supervisor) thread(what string, n int) string {
	b := strconv.AppendUint(make([]byte, 0, 40), uint64(s.n.PID), 10)
	b = append(b, what...)
	if n >= 0 {
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return string(b)
}

// leads is where a link of the calling thread leads; "" if it is gone.
func (s *supervisor) leads(what string, n int) string {
	k, err := unix.Readlinkat(s.world.proc, s.thread(what, n), s.link[:])
	if err != nil || k == 0 || s.link[0] != '/' {
		return ""
	}
	return string(s.link[:k])
}

// arg is an argument of the call; 0 for a number below 0.
func (s *supervisor) arg(n int) uint64 {
	if n < 0 {
		return 0
	}
	return s.n.Args[n]
}

// query reads a name from the caller's memory. It is false where the call fails, and where
// it names nothing: a descriptor alone.
func (s *supervisor) query(q *query, dir, path int) bool {
	name, ok := s.read(s.n.Args[path], q.name[:0])
	q.name = name
	if !ok || len(name) == 0 {
		return false
	}
	q.root, q.base, q.thread = "/", "/", int(s.n.PID)
	if s.chrooted {
		if q.root = s.leads("/root", -1); q.root == "" {
			return false
		}
	}
	if name[0] != '/' {
		if dir < 0 || int32(s.n.Args[dir]) == unix.AT_FDCWD {
			q.base = s.leads("/cwd", -1)
		} else {
			q.base = s.leads("/fd/", int(int32(s.n.Args[dir])))
		}
		return q.base != ""
	}
	return true
}

// chunk is how much of a name is read at first: most are shorter.
const chunk = 256

// read reads a name, at most up to the end of a page at a time: the next one may not be
// there.
func (s *supervisor) read(addr uint64, into []byte) ([]byte, bool) {
	if addr == 0 {
		return into, false
	}
	for len(into) < longest {
		want := min(chunk, 4096-int(addr&4095))
		local := unix.Iovec{Base: &s.buf[0]}
		local.SetLen(want)
		remote := unix.RemoteIovec{Base: uintptr(addr), Len: want}
		n, _, e := unix.RawSyscall6(unix.SYS_PROCESS_VM_READV, uintptr(s.n.PID), uintptr(unsafe.Pointer(&local)), 1, uintptr(unsafe.Pointer(&remote)), 1, 0)
		if e != 0 {
			if e != unix.EFAULT && e != unix.ESRCH {
				s.lose(fmt.Sprintf("the name in a call could not be read: %v", e))
			}
			return into, false
		}
		got := s.buf[:n]
		for i, b := range got {
			if b == 0 {
				return append(into, got[:i]...), true
			}
		}
		into = append(into, got...)
		addr += uint64(n)
	}
	return into, false // ENAMETOOLONG
}
