//go:build unix

package revision

import (
	"time"

	"golang.org/x/sys/unix"
)

// linkTime sets when a symbolic link was changed last, not what it leads to.
func linkTime(name string, at time.Time) {
	ts := unix.NsecToTimespec(at.UnixNano())
	_ = unix.UtimesNanoAt(unix.AT_FDCWD, name, []unix.Timespec{ts, ts}, unix.AT_SYMLINK_NOFOLLOW)
}
