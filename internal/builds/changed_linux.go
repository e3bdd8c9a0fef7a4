package builds

import (
	"io/fs"
	"syscall"
)

// changed is a file's ctime in nanoseconds, which no program can set, and its inode.
func changed(fi fs.FileInfo) (ctime int64, inode uint64) {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return st.Ctim.Nano(), st.Ino
	}
	return 0, 0
}
