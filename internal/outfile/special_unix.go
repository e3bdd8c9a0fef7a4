//go:build !windows

package outfile

import (
	"os"
	"syscall"
)

const nonblock = syscall.O_NONBLOCK

// noReader is the error of opening a pipe that nobody reads.
var noReader error = syscall.ENXIO

// umask is the user's: what the program was started with. While a build engine is open
// the process has none, since what an image holds must not depend on it.
var umask = func() os.FileMode {
	m := syscall.Umask(0)
	syscall.Umask(m)
	return os.FileMode(m)
}()

// duplicate opens a descriptor of this process once more.
func duplicate(fd int, name string) (*os.File, error) {
	n, err := syscall.Dup(fd)
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(n)
	return os.NewFile(uintptr(n), name), nil
}
