package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/gofrs/flock"
	"github.com/moby/buildkit/identity"
	"golang.org/x/sys/unix"

	"tare/internal/engine"
	"tare/internal/store"
	"tare/internal/watch"
)

// Refuse says what of a run cannot be done here, instead of ignoring it.
func Refuse(r engine.Run) error {
	if Rootless() && (r.Memory != 0 || r.NanoCPUs != 0) {
		return errors.New("limits of memory and CPU (-m, --cpus) need root: rootless containers have no control group here")
	}
	return nil
}

// Run starts a container below root over the mounts of an image, and waits for its end.
// begin is when the run began, for its cost. It returns the program's exit code; a
// *engine.StartError tells that it did not start.
func Run(ctx context.Context, root string, rt Runtime, lower []mount.Mount, r engine.Run, begin time.Time) (int, error) {
	b, err := newBundle(root, rt)
	if err != nil {
		return 0, &engine.StartError{Code: 125, Err: fmt.Errorf("prepare the container: %w", err)}
	}
	defer b.remove()
	if r.Watch != nil {
		if b.watched, err = watch.Launch(); err != nil {
			return 0, &engine.StartError{Code: 125, Err: err}
		}
		defer func() { _, _ = b.watched.End() }()
	}
	if err := b.mount(lower); err != nil {
		return 0, &engine.StartError{Code: 125, Err: fmt.Errorf("mount the image: %w", err)}
	}
	release, err := b.writeSpec(ctx, r)
	if err != nil {
		return 0, &engine.StartError{Code: 125, Err: err}
	}
	defer release()
	if r.Watch != nil {
		return b.watch(ctx, r, begin)
	}
	return b.run(ctx, r, begin)
}

// run starts the container and waits for it.
func (b *bundle) run(ctx context.Context, r engine.Run, begin time.Time) (int, error) {
	if r.Cost == nil {
		return b.start(ctx, r)
	}
	m := NewMeter(&r)
	r.Cost.Prepare = m.begin.Sub(begin)
	code, err := b.start(ctx, r)
	m.Stop(r.Cost)
	r.Cost.Peak = peakMemory(b.id)
	return code, err
}

// bundle is the directory of one container: run/ID below the engine's.
type bundle struct {
	id, dir, root string
	rt            Runtime
	lock          *flock.Flock
	copied        bool     // there is no overlayfs: what the container writes lies in its root
	covered       []string // where in the container something else is mounted
	watched       *watch.Watcher
}

// newBundle sweeps what killed runs left and makes a fresh directory. Its lock
// tells the sweeps of others that this run lives.
func newBundle(root string, rt Runtime) (*bundle, error) {
	all := filepath.Join(root, "run")
	if err := PrivateDir(all); err != nil {
		return nil, err
	}
	sweep := flock.New(filepath.Join(root, "sweep.lock"))
	if err := sweep.Lock(); err != nil {
		return nil, err
	}
	defer func() { _ = sweep.Unlock() }()
	sweepRuns(root, rt)
	b := &bundle{id: "tare-" + identity.NewID()[:12], root: root, rt: rt}
	b.dir = filepath.Join(all, b.id)
	if err := os.Mkdir(b.dir, 0o700); err != nil {
		return nil, err
	}
	// The image's root directory decides about the mode of "upper".
	for _, d := range []string{"upper", "work", "rootfs", "lower"} {
		if err := os.Mkdir(b.path(d), 0o755); err != nil {
			return nil, err
		}
		if err := os.Chmod(b.path(d), 0o755); err != nil { // whatever the umask: it becomes the container's root
			return nil, err
		}
	}
	b.lock = flock.New(filepath.Join(b.dir, "lock"))
	return b, b.lock.Lock()
}

// PrivateDir makes a directory which nobody else can enter, and closes one that was
// made before: root file systems lie below, whose setuid programs would be theirs.
func PrivateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	_, err := store.Private(dir)
	return err
}

func (b *bundle) path(name string) string { return filepath.Join(b.dir, name) }

func (b *bundle) remove() {
	RemoveRun(b.root, b.rt, b.dir)
	_ = b.lock.Unlock()
}

// mount puts a writable layer of its own over the image's layers.
func (b *bundle) mount(lower []mount.Mount) error {
	m := mount.Mount{Type: "overlay", Source: "overlay", Options: []string{"upperdir=" + b.path("upper"), "workdir=" + b.path("work")}}
	switch {
	case len(lower) == 0:
		m.Options = append(m.Options, "lowerdir="+b.path("lower"))
	case len(lower) == 1 && lower[0].Type == "bind":
		m.Options = append(m.Options, "lowerdir="+lower[0].Source)
		if err := sameMode(lower[0].Source, b.path("upper")); err != nil {
			return err
		}
	case len(lower) == 1 && lower[0].Type == "overlay":
		for _, o := range lower[0].Options {
			if o == "ro" || strings.HasPrefix(o, "upperdir=") || strings.HasPrefix(o, "workdir=") {
				continue
			}
			m.Options = append(m.Options, o)
			if dirs, ok := strings.CutPrefix(o, "lowerdir="); ok {
				top, _, _ := strings.Cut(dirs, ":")
				if err := sameMode(top, b.path("upper")); err != nil {
					return err
				}
			}
		}
	default:
		return fmt.Errorf("unexpected mounts of the image: %v", lower)
	}
	if Rootless() {
		m.Options = append(m.Options, "userxattr")
	}
	err := mount.All([]mount.Mount{m}, b.path("rootfs"))
	if err != nil && len(lower) == 1 && lower[0].Type == "bind" {
		b.copied = true
		return copyRootfs(lower[0].Source, b.path("rootfs")) // no overlayfs here
	}
	return err
}

// sameMode gives the upper directory the mode and owner of the image's root
// directory, which would otherwise be hidden by it.
func sameMode(from, to string) error {
	var st unix.Stat_t
	if err := unix.Stat(from, &st); err != nil {
		return err
	}
	if err := os.Chown(to, int(st.Uid), int(st.Gid)); err != nil {
		return err
	}
	return os.Chmod(to, os.FileMode(st.Mode&0o777)|modeBits(st.Mode))
}

func modeBits(m uint32) os.FileMode {
	var f os.FileMode
	if m&unix.S_ISVTX != 0 {
		f |= os.ModeSticky
	}
	if m&unix.S_ISUID != 0 {
		f |= os.ModeSetuid
	}
	if m&unix.S_ISGID != 0 {
		f |= os.ModeSetgid
	}
	return f
}
