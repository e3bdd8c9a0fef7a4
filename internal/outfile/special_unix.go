//go:build !windows

package outfile

import (
	"os"
	"syscall"
)

const nonblock = syscall.O_NONBLOCK

// noReader is the error of opening a pipe that nobody reads.
var noReader error = syscall.ENXIO

// duplicate opens a descriptor of this process once more.
func duplicate(fd int, name string) (*os.File, error) {
	n, err := syscall.Dup(fd)
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(n)
	return os.NewFile(uintptr(n), name), nil
}
