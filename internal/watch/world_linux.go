package watch

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// world is the kernel as the container has it: once the watcher's thread has entered its
// mount namespace, names are resolved there as the container's programs resolve them.
type world struct {
	proc  int // the host's /proc
	upper int // the writable layer; -1 if there is none
}

// newWorld opens what cannot be opened any more from within the container.
func newWorld(upper string) (*world, error) {
	proc, err := unix.Open("/proc", unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	w := &world{proc: proc, upper: -1}
	if upper != "" {
		w.upper, err = unix.Open(upper, unix.O_PATH|unix.O_CLOEXEC|unix.O_DIRECTORY, 0)
	}
	return w, err
}

// look implements kernel.
func (w *world) look(thread int, path string) (state, string) {
	at, name, magic := unix.AT_FDCWD, path, false
	if rest, ok := strings.CutPrefix(path, "/proc/"); ok {
		who, what, _ := strings.Cut(rest, "/")
		if who == "self" || who == "thread-self" {
			if what == "" {
				return isDir, ""
			}
			at, name = w.proc, strconv.Itoa(thread)+"/"+what
		}
		magic = isMagic(what)
	}
	var st unix.Stat_t
	if unix.Fstatat(at, name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil {
		return absent, ""
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return isDir, ""
	case unix.S_IFLNK:
		to := readlink(at, name)
		if !magic {
			return isLink, to
		}
		if !strings.HasPrefix(to, "/") || strings.HasSuffix(to, " (deleted)") {
			to = ""
		}
		return jump, to
	}
	return isFile, ""
}

// isMagic tells whether a path below /proc/PID is a link that leads to what a process has
// open, and not to the name that it shows.
func isMagic(what string) bool {
	if rest, ok := strings.CutPrefix(what, "task/"); ok {
		_, what, _ = strings.Cut(rest, "/")
	}
	switch dir, _, _ := strings.Cut(what, "/"); dir {
	case "exe", "cwd", "root", "fd", "map_files", "ns":
		return true
	}
	return false
}

func readlink(at int, name string) string {
	buf := make([]byte, longest)
	n, err := unix.Readlinkat(at, name, buf)
	if err != nil {
		return ""
	}
	return string(buf[:n])
}

// own implements kernel: what the run made lies in the writable layer.
func (w *world) own(path string) bool {
	if w.upper < 0 {
		return false
	}
	rel := strings.TrimPrefix(path, "/")
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_NOFOLLOW | unix.O_CLOEXEC, Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS}
	fd, err := unix.Openat2(w.upper, rel, &how)
	if err != nil {
		return false
	}
	defer func() { _ = unix.Close(fd) }()
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return false
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return true
	}
	// A directory that was only changed lies there, too, and shows what is below.
	dir, err := unix.Openat(fd, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return true
	}
	defer func() { _ = unix.Close(dir) }()
	for _, attr := range []string{"trusted.overlay.opaque", "user.overlay.opaque"} {
		var v [1]byte
		if n, err := unix.Fgetxattr(dir, attr, v[:]); err == nil && n == 1 && v[0] == 'y' {
			return true
		}
	}
	return false
}

// interpreterOf reads what a program names as its interpreter.
func (w *world) interpreterOf(path string) (i interpreter, ok bool) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return interpreter{}, false
	}
	defer func() { _ = unix.Close(fd) }()
	return readInterpreter(reader(fd)), true
}

// reader reads a descriptor without the runtime's poller.
type reader int

// ReadAt implements io.ReaderAt.
func (r reader) ReadAt(b []byte, off int64) (int, error) {
	n, err := unix.Pread(int(r), b, off)
	return max(0, n), err
}
