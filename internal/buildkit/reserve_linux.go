package buildkit

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
	"golang.org/x/sys/unix"

	"tare/internal/container"
)

// On a full disk BuildKit cannot start (a socket, files for its containers) nor forget
// anything (its databases are written again before they shrink), and so a prune could
// make no room. Therefore the engine keeps some bytes and inodes, which only a prune may
// use. (docs/decisions/0063-full-disk.md)
const reserveFiles = 32

// reserveBytes is a fiftieth of the disk, within bounds.
func reserveBytes(root string) uint64 {
	const least, most = 512 << 10, 4 << 20
	var st unix.Statfs_t
	if unix.Statfs(root, &st) != nil {
		return least
	}
	return min(max(st.Blocks*uint64(st.Bsize)/50, least), most)
}

func reserveDir(root string) string { return filepath.Join(root, "reserve") }

// makeReserve makes the reserve where it is missing and the disk has plenty. After a
// prune whatever came back is for the next one first, even if that is too little.
func makeReserve(root string, pruned bool) {
	dir, size := reserveDir(root), reserveBytes(root)
	if whole(dir, size) || !pruned && short(root, 4*size, 4*reserveFiles) {
		return
	}
	_ = os.RemoveAll(dir)
	tmp, err := os.MkdirTemp(root, ".reserve-")
	if err != nil {
		return
	}
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{}).Read(b) // a file system may compress
	err = os.WriteFile(filepath.Join(tmp, "0"), b, 0o600)
	for n := 1; n < reserveFiles; n++ {
		err = errors.Join(err, os.WriteFile(filepath.Join(tmp, fmt.Sprint(n)), nil, 0o600))
	}
	if err == nil || pruned {
		err = os.Rename(tmp, dir)
	}
	if err != nil {
		_ = os.RemoveAll(tmp)
	}
}

// whole tells whether the reserve is what it should be.
func whole(dir string, size uint64) bool {
	list, _ := os.ReadDir(dir)
	fi, err := os.Stat(filepath.Join(dir, "0"))
	return err == nil && uint64(fi.Size()) >= size && len(list) >= reserveFiles
}

// giveUpReserve makes its room free if there is little else. The engine that is closed
// next makes it again.
func giveUpReserve(root string) {
	if short(root, 2*reserveBytes(root), 2*reserveFiles) {
		_ = os.RemoveAll(reserveDir(root))
	}
}

// short tells whether the disk has less than these bytes or inodes.
func short(root string, bytes, inodes uint64) bool {
	var st unix.Statfs_t
	if unix.Statfs(root, &st) != nil {
		return false
	}
	return st.Bavail*uint64(st.Bsize) < bytes || st.Files > 0 && st.Ffree < inodes
}

// full tells whether a disk or a quota has no room. The error may have come from the
// engine of another process, as text.
func full(err error) bool {
	if err == nil {
		return false
	}
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) ||
		strings.Contains(err.Error(), unix.ENOSPC.Error()) || strings.Contains(err.Error(), unix.EDQUOT.Error())
}

// Wipe removes the whole build cache without BuildKit, for a disk so full that it cannot
// start, and returns what the disk got back. Nobody may be using it.
func Wipe(root string) (int64, error) {
	for _, name := range []string{"runs.lock", "engine.lock"} {
		l := flock.New(filepath.Join(root, name))
		ok, err := l.TryLock()
		if err == nil && !ok {
			err = errors.New("another tare is using it; try again when it has ended")
		}
		if err != nil {
			return 0, fmt.Errorf("remove the build cache: %w", err)
		}
		defer func() { _ = l.Unlock() }()
	}
	l := &leftovers{root: root, remove: true}
	l.rt, l.rtErr = container.FindRuntime("")
	l.builds()
	l.mounts(nil)
	before := blocks(root)
	err := l.removeCache()
	return max(0, before-blocks(root)), err
}
