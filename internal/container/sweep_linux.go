package container

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/gofrs/flock"
	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"

	"tare/internal/infile"
)

// SweepBundles removes the containers and mounts that a killed tare left in dir.
// The caller holds the lock of dir, so nothing in it can belong to a live one.
// states are the runtime's own directories, "" for its default.
func SweepBundles(dir string, rt Runtime, states ...string) {
	left, _ := os.ReadDir(dir)
	for _, d := range left {
		if d.IsDir() {
			for _, s := range states {
				RemoveContainer(rt, s, d.Name())
			}
		}
		_ = RemoveTree(filepath.Join(dir, d.Name())) // without config.json it may be mounted already
	}
}

// RemoveTree removes what a killed tare left, with whatever is mounted on it or below.
// While anything is mounted there, nothing is deleted: those files are others'.
func RemoveTree(dir string) error {
	at, err := filepath.EvalSymlinks(filepath.Dir(dir))
	if err != nil {
		return err
	}
	at = filepath.Join(at, filepath.Base(dir)) // as the kernel lists it
	for range 10 {                             // one mount may lie over another
		list, err := mountinfo.GetMounts(mountinfo.PrefixFilter(at))
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return os.RemoveAll(dir)
		}
		for n := len(list) - 1; n >= 0; n-- {
			if err = unix.Unmount(list[n].Mountpoint, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW); err != nil && !errors.Is(err, unix.EINVAL) {
				return fmt.Errorf("unmount %s: %w", list[n].Mountpoint, err)
			}
		}
	}
	return fmt.Errorf("%s is mounted again and again", dir)
}

// RemoveContainer has the runtime kill and forget a container; state is the runtime's own
// directory, "" for its default. One that is not there is no error.
func RemoveContainer(rt Runtime, state, id string) {
	args := []string{"delete", "--force", id}
	if state != "" {
		args = append([]string{"--root", state}, args...)
	}
	_ = exec.Command(rt.Path, args...).Run()
}

// UseTempDir makes BuildKit and containerd mount what they look into below the
// engine's own directory, not in /tmp, where nobody would find what a killed tare
// left; and removes what is left there. Where the path of that directory is too long for
// sockets, a short one in the directory for temporary files stands for it, by a name that
// the next tare finds again. The caller owns the engine.
func UseTempDir(root string) error {
	tmp := filepath.Join(root, "tmp")
	empty(tmp)
	if err := mount.SetTempMountLocation(tmp); err != nil {
		return err
	}
	if len(tmp) > maxTempDir {
		sum := sha256.Sum256([]byte(tmp))
		tmp = filepath.Join(os.TempDir(), fmt.Sprintf("tare-%d-%x", os.Geteuid(), sum[:5]))
		if len(tmp) > maxTempDir || !private(tmp) {
			return nil
		}
		empty(tmp)
	}
	return os.Setenv("TMPDIR", tmp)
}

// empty removes what a killed tare left in a directory.
func empty(dir string) {
	left, _ := os.ReadDir(dir)
	for _, d := range left {
		_ = RemoveTree(filepath.Join(dir, d.Name()))
	}
}

// private makes a directory, and tells whether it is this user's alone: everybody may make
// one of that name first.
func private(dir string) bool {
	_ = os.Mkdir(dir, 0o700)
	var st unix.Stat_t
	return unix.Lstat(dir, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR && st.Mode&0o077 == 0 && int(st.Uid) == os.Geteuid()
}

// maxTempDir is how long a TMPDIR may be: sockets for RUN --mount=type=ssh are made
// in it, whose paths the kernel limits to 108 bytes.
const maxTempDir = 108 - len("/.buildkit-ssh-sock1234567890/ssh_auth_sock") - 1

// sweepRuns removes what killed `tare run`s left behind. A run that lives holds
// the lock in its directory.
func sweepRuns(root string, rt Runtime) {
	dirs, _ := infile.Glob(root, "run", "*")
	for _, d := range dirs {
		l := flock.New(filepath.Join(d, "lock"))
		if ok, err := l.TryLock(); err != nil || !ok {
			continue
		}
		RemoveRun(root, rt, d)
		_ = l.Unlock()
	}
}

// RemoveRun removes a container of `tare run`, by its directory, with its mounts and control
// groups. The caller holds the lock in that directory.
func RemoveRun(root string, rt Runtime, dir string) {
	RemoveContainer(rt, filepath.Join(root, "runc"), filepath.Base(dir))
	RemoveCgroups(filepath.Base(dir)) // a runtime killed in the middle recorded nothing to delete
	_ = RemoveTree(dir)
}
