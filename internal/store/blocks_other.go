//go:build !unix

package store

import "io/fs"

// onDisk is what a file takes there.
type onDisk struct {
	bytes    int64
	links    uint64
	dev, ino uint64
}

// diskOf takes the length of a file for what it takes: Windows tells neither blocks nor
// links without opening it.
func diskOf(fi fs.FileInfo) onDisk { return onDisk{bytes: fi.Size(), links: 1} }
