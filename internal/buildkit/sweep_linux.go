package buildkit

import (
	"os"
	"os/exec"
	"path/filepath"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/gofrs/flock"
	"golang.org/x/sys/unix"
)

// sweepBundles removes the containers and mounts that a killed tare left in dir.
// The caller holds the lock of dir, so nothing in it can belong to a live one.
// states are the runtime's own directories, "" for its default.
func sweepBundles(dir string, rt ociRuntime, states ...string) {
	left, _ := os.ReadDir(dir)
	for _, d := range left {
		if d.IsDir() {
			for _, s := range states {
				removeContainer(rt, s, d.Name())
			}
			// A bundle that lacks config.json may be mounted already.
			if mount.UnmountAll(filepath.Join(dir, d.Name(), "rootfs"), unix.MNT_DETACH) != nil {
				continue // else we would delete a snapshot's files
			}
		}
		_ = os.RemoveAll(filepath.Join(dir, d.Name()))
	}
}

func removeContainer(rt ociRuntime, state, id string) {
	args := []string{"delete", "--force", id}
	if state != "" {
		args = append([]string{"--root", state}, args...)
	}
	_ = exec.Command(rt.path, args...).Run()
}

// useTempDir makes BuildKit and containerd mount what they look into below the
// engine's own directory, not in /tmp, where nobody would find what a killed tare
// left; and removes what is left there. The caller owns the engine.
func useTempDir(root string) error {
	tmp := filepath.Join(root, "tmp")
	left, _ := os.ReadDir(tmp)
	for _, d := range left {
		p := filepath.Join(tmp, d.Name())
		if mount.UnmountAll(p, unix.MNT_DETACH) == nil { // else we would delete a snapshot's files
			_ = os.RemoveAll(p)
		}
	}
	if err := mount.SetTempMountLocation(tmp); err != nil {
		return err
	}
	if len(tmp) > maxTempDir {
		return nil
	}
	return os.Setenv("TMPDIR", tmp)
}

// maxTempDir is how long a TMPDIR may be: sockets for RUN --mount=type=ssh are made
// in it, whose paths the kernel limits to 108 bytes.
const maxTempDir = 108 - len("/.buildkit-ssh-sock1234567890/ssh_auth_sock") - 1

// sweepRuns removes what killed `tare run`s left behind. A run that lives holds
// the lock in its directory.
func sweepRuns(root string, rt ociRuntime) {
	dirs, _ := filepath.Glob(filepath.Join(root, "run", "*"))
	for _, d := range dirs {
		l := flock.New(filepath.Join(d, "lock"))
		if ok, err := l.TryLock(); err != nil || !ok {
			continue
		}
		removeRun(root, rt, d)
		_ = l.Unlock()
	}
}

func removeRun(root string, rt ociRuntime, dir string) {
	removeContainer(rt, filepath.Join(root, "runc"), filepath.Base(dir))
	removeCgroups(filepath.Base(dir)) // a runtime killed in the middle recorded nothing to delete
	_ = mount.UnmountAll(filepath.Join(dir, "rootfs"), unix.MNT_DETACH)
	_ = os.RemoveAll(dir)
}
