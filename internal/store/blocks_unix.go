//go:build unix

package store

import (
	"io/fs"
	"syscall"
)

// onDisk is what a file takes there.
type onDisk struct {
	bytes    int64 // in blocks, as du counts
	links    uint64
	dev, ino uint64
}

func diskOf(fi fs.FileInfo) onDisk {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return onDisk{bytes: fi.Size(), links: 1}
	}
	return onDisk{bytes: int64(st.Blocks) * 512, links: uint64(st.Nlink), dev: uint64(st.Dev), ino: uint64(st.Ino)}
}
