package watch

import (
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"tare/internal/engine"
	"tare/internal/socket"
)

// Command is the hidden command that this program runs itself with to be a watcher.
const Command = "_watch"

// Main is the watcher: a process of its own, since its collector of garbage must be off
// while it waits for the kernel. It does nothing unless this program was started for that;
// then it does not return.
func Main() {
	if len(os.Args) != 2 || os.Args[1] != Command || os.Getenv(childEnv) != "1" {
		return
	}
	debug.SetGCPercent(-1)
	os.Exit(watcher(os.Stdin, os.Stdout))
}

// watcher is told over in what to watch, and tells over out what it saw.
func watcher(in, out *os.File) int {
	dec, enc := gob.NewDecoder(in), gob.NewEncoder(out)
	var c Config
	if err := dec.Decode(&c); err != nil {
		return 1 // whoever started it is gone
	}
	m, err := prepare(&c)
	if err != nil {
		_ = enc.Encode(reply{Err: err.Error()})
		return 1
	}
	if enc.Encode(reply{}) != nil {
		return 1
	}
	ended := make(chan bool, 1)
	go func() {
		var s stop
		err := dec.Decode(&s)
		ended <- err == nil && s.Ended
	}()
	served := make(chan struct{})
	go m.accept(served)
	select {
	case <-served:
		if !<-ended {
			return 1
		}
	case ok := <-ended:
		if !ok {
			m.kill()
			return 1
		}
		m.await(served)
	}
	if enc.Encode(m.seen()) != nil {
		return 1
	}
	return 0
}

// master is a watcher with what it has opened.
type master struct {
	listener *net.UnixListener
	witness  *witness
	refused  error // why there is no witness
	sup      supervisor
	came     chan struct{} // the runtime has handed over the notifications
}

func prepare(c *Config) (*master, error) {
	if native == 0 {
		return nil, errors.New("tracing knows the system calls of amd64 and arm64 only")
	}
	l, err := socket.Listen(c.Socket)
	if err != nil {
		return nil, err
	}
	m := &master{listener: l.(*net.UnixListener), came: make(chan struct{})}
	m.sup.listener = -1
	if m.sup.world, err = newWorld(c.Upper); err != nil {
		return nil, err
	}
	m.sup.t = newNames(c.Names, m.sup.world)
	for _, p := range c.Covered {
		m.sup.t.cover(p)
	}
	if c.Witness {
		m.witness, m.refused = newWitness(c.Rootfs)
	}
	return m, nil
}

// accept waits for the runtime and then serves its container.
func (m *master) accept(served chan<- struct{}) {
	for {
		conn, err := m.listener.AcceptUnix()
		if err != nil {
			return
		}
		fd, pid, err := receive(conn)
		_ = conn.Close()
		if err != nil {
			continue // the runtime failed before it sent anything
		}
		m.sup.listener, m.sup.pid = fd, pid
		close(m.came)
		go func() { m.sup.serve(); close(served) }()
		return // whoever comes later gets no answer: this program runs nothing else in there
	}
}

// receive takes the descriptor of the notifications from the runtime.
func receive(c *net.UnixConn) (fd, pid int, err error) {
	msg, oob := make([]byte, 1<<16), make([]byte, 256)
	n, on, _, _, err := c.ReadMsgUnix(msg, oob)
	if err != nil {
		return -1, 0, err
	}
	var st specs.ContainerProcessState
	if err := json.Unmarshal(msg[:n], &st); err != nil {
		return -1, 0, err
	}
	list, err := unix.ParseSocketControlMessage(oob[:on])
	if err != nil || len(list) == 0 {
		return -1, 0, fmt.Errorf("no descriptor came along: %w", err)
	}
	fds, err := unix.ParseUnixRights(&list[0])
	if err != nil {
		return -1, 0, err
	}
	if i := slices.Index(st.Fds, specs.SeccompFdName); i >= 0 && i < len(fds) {
		return fds[i], st.Pid, nil
	}
	return -1, 0, errors.New("none of the descriptors is seccomp's")
}

// await waits, when the runtime has ended, until the last process is gone. The kernels
// before 5.? leave the thread waiting then: the descriptor tells as well.
func (m *master) await(served <-chan struct{}) {
	select {
	case <-m.came:
	case <-time.After(10 * time.Millisecond):
		return // it never began
	}
	const patience = 5 * time.Second
	for begin := time.Now(); time.Since(begin) < patience; {
		p := []unix.PollFd{{Fd: int32(m.sup.listener)}}
		_, _ = unix.Poll(p, 20)
		select {
		case <-served:
			return
		default:
		}
		if p[0].Revents&unix.POLLHUP != 0 {
			select {
			case <-served:
			case <-time.After(100 * time.Millisecond): // it waits in the kernel, for nobody
			}
			return
		}
	}
}

// kill ends the container when whoever started it is gone: without answers its programs
// could do nothing.
func (m *master) kill() {
	select {
	case <-m.came:
		_ = unix.Kill(m.sup.pid, unix.SIGKILL)
	default:
	}
}

const (
	opened   = engine.Opened | engine.Executed | engine.Mapped
	followed = engine.Followed
)

// maxHoles is how many holes are named.
const maxHoles = 5

// seen is the outcome.
func (m *master) seen() engine.Seen {
	s := &m.sup
	if !s.inside {
		s.lose("the watch never began: the runtime handed no notifications over")
	}
	out := engine.Seen{Used: map[string]engine.Use{}, Calls: s.calls}
	if m.witness != nil {
		m.witness.stop()
		out.Witness = true
		if m.witness.lost > 0 {
			s.lose("the kernel's list of opened files overflowed")
		}
		if holes := m.witness.holes(s.t); len(holes) > 0 {
			slices.Sort(holes)
			n := len(holes)
			s.lost += int64(n) - 1
			s.lose(fmt.Sprintf("%d files were opened without a call that was notified: %s", n, strings.Join(holes[:min(n, maxHoles)], ", ")))
		}
	}
	s.t.root.each(func(path string, use engine.Use) { out.Used[path] = use })
	out.Lost, out.Why = s.lost, s.why
	return out
}
