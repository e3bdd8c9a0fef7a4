package outfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// nameless makes a file in dir that has no name: if the process dies, the kernel drops
// it. Where the file system has no such files, it gets one that sweep knows.
func nameless(dir string, mode os.FileMode) (*os.File, error) {
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, uint32(mode))
	if err == nil {
		return os.NewFile(uintptr(fd), ""), nil
	}
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EISDIR) || errors.Is(err, unix.EINVAL) {
		return named(dir, mode)
	}
	return nil, &os.PathError{Op: "create", Path: dir, Err: err}
}

// link gives f the name target, if nothing has it.
func link(f *os.File, target string) error {
	if f.Name() != "" {
		return os.Link(f.Name(), target)
	}
	return unix.Linkat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", f.Fd()), unix.AT_FDCWD, target, unix.AT_SYMLINK_FOLLOW)
}

// give makes f the file target. Linking cannot replace a name, so that there is one of
// ours for a moment: a lock tells sweeps of others that its writer lives.
func give(f *os.File, target string) error {
	if f.Name() != "" {
		return giveNamed(f, target)
	}
	err := link(f, target)
	if err == nil || !errors.Is(err, unix.EEXIST) {
		return err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return err
	}
	for {
		tmp := filepath.Join(filepath.Dir(target), temporary())
		err := link(f, tmp)
		if errors.Is(err, unix.EEXIST) {
			continue
		}
		if err == nil {
			if err = os.Rename(tmp, target); err != nil {
				err = errors.Join(err, os.Remove(tmp))
			}
		}
		return err
	}
}

// locked tells whether somebody holds the lock of a file, or takes it.
func locked(f *os.File) bool {
	return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil
}

// reserve makes room for size bytes, if the file system can.
func reserve(f *os.File, size int64) error {
	if size == 0 {
		return nil
	}
	err := unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, size)
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EFBIG) {
		return err
	}
	return nil
}

// likeOld gives a file the mode and, where this process may, the owner of the one that
// it will replace.
func likeOld(f *os.File, fi os.FileInfo) {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		_ = f.Chown(int(st.Uid), int(st.Gid))
	}
	_ = f.Chmod(fi.Mode().Perm())
}
