package watch

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// witness is the kernel's own list of the files of a file system that are opened and
// executed. It knows neither looks nor the links on the way; what it knows and the
// notifications do not is a hole.
type witness struct {
	fd     int
	prefix string // the mounted root file system
	began  bool   // the container's command has been executed
	seen   map[string]int
	lost   int64
	quit   atomic.Bool
	done   chan struct{}
}

// drained is how often the list is emptied. It has no bound, so nothing is lost between.
const drained = 50 * time.Millisecond

// newWitness begins to watch the file system that is mounted at a path. It needs root.
func newWitness(rootfs string) (*witness, error) {
	fd, err := unix.FanotifyInit(unix.FAN_CLASS_NOTIF|unix.FAN_UNLIMITED_QUEUE|unix.FAN_UNLIMITED_MARKS|unix.FAN_CLOEXEC|unix.FAN_NONBLOCK, unix.O_RDONLY|unix.O_LARGEFILE|unix.O_CLOEXEC|unix.O_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("fanotify_init: %w", err)
	}
	if err := unix.FanotifyMark(fd, unix.FAN_MARK_ADD|unix.FAN_MARK_FILESYSTEM, unix.FAN_OPEN|unix.FAN_OPEN_EXEC, unix.AT_FDCWD, rootfs); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("fanotify_mark: %w", err)
	}
	w := &witness{fd: fd, prefix: rootfs, seen: map[string]int{}, done: make(chan struct{})}
	go w.run()
	return w, nil
}

func (w *witness) run() {
	defer close(w.done)
	buf := make([]byte, 1<<18)
	for !w.quit.Load() {
		w.drain(buf)
		time.Sleep(drained)
	}
	w.drain(buf)
}

// stop ends the watch, with all that was seen.
func (w *witness) stop() {
	w.quit.Store(true)
	<-w.done
	_ = unix.Close(w.fd)
}

// often is how often a file must be opened before the kernel is told to keep quiet about it.
const often = 3

func (w *witness) drain(buf []byte) {
	self, size := int32(os.Getpid()), int(unsafe.Sizeof(unix.FanotifyEventMetadata{}))
	var link [longest]byte
	for {
		n, err := unix.Read(w.fd, buf)
		if n <= 0 || err != nil {
			return
		}
		for b := buf[:n]; len(b) >= size; {
			ev := (*unix.FanotifyEventMetadata)(unsafe.Pointer(&b[0]))
			if int(ev.Event_len) < size || int(ev.Event_len) > len(b) {
				break
			}
			b = b[ev.Event_len:]
			if ev.Mask&unix.FAN_Q_OVERFLOW != 0 {
				w.lost++
				continue
			}
			w.began = w.began || ev.Mask&unix.FAN_OPEN_EXEC != 0
			if w.began && ev.Pid != self {
				k, err := unix.Readlink("/proc/self/fd/"+strconv.Itoa(int(ev.Fd)), link[:])
				if err == nil {
					w.note(link[:k], int(ev.Fd))
				}
			}
			_ = unix.Close(int(ev.Fd))
		}
	}
}

func (w *witness) note(path []byte, fd int) {
	n := w.seen[string(path)] + 1
	if n == often {
		// It is known: no more of it. The mark lives as long as this descriptor.
		_ = unix.FanotifyMark(w.fd, unix.FAN_MARK_ADD|unix.FAN_MARK_IGNORED_MASK|unix.FAN_MARK_IGNORED_SURV_MODIFY, unix.FAN_OPEN, fd, "")
	}
	w.seen[string(path)] = n
}

// holes are the files of the image that were opened and not notified.
func (w *witness) holes(t *names) []string {
	var out []string
	for p := range w.seen {
		if strings.HasSuffix(p, " (deleted)") {
			continue
		}
		if rest, ok := strings.CutPrefix(p, w.prefix); ok && strings.HasPrefix(rest, "/") {
			p = rest
		}
		at := t.stand(p)
		if at.n == nil || !at.n.image || at.n.use&(opened|followed) != 0 {
			continue
		}
		out = append(out, p)
	}
	return out
}
