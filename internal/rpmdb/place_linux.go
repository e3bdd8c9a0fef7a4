package rpmdb

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// place gives the database a name in memory: nothing is left after a kill, and it needs
// no disk that can be written.
func place(name string, b []byte) (file string, done func(), err error) {
	fd, err := unix.MemfdCreate("tare-rpm", unix.MFD_CLOEXEC)
	if err != nil {
		return temporary(name, b)
	}
	f := os.NewFile(uintptr(fd), name)
	done = func() { _ = f.Close() }
	file = fmt.Sprintf("/proc/self/fd/%d", fd)
	if _, err := f.Write(b); err != nil {
		done()
		return "", nil, err
	}
	if _, err := os.Stat(file); err != nil { // /proc is not mounted
		done()
		return temporary(name, b)
	}
	return file, done, nil
}
