//go:build amd64

package watch

import (
	"testing"

	"golang.org/x/sys/unix"
)

// A few of each kind against the kernel's headers; the rest comes from the same place.
func TestNumbers(t *testing.T) {
	for name, want := range map[string]int32{"open": unix.SYS_OPEN, "openat2": unix.SYS_OPENAT2, "execveat": unix.SYS_EXECVEAT, "statx": unix.SYS_STATX, "newfstatat": unix.SYS_NEWFSTATAT,
		"renameat2": unix.SYS_RENAMEAT2, "faccessat2": unix.SYS_FACCESSAT2, "fchmodat2": unix.SYS_FCHMODAT2, "io_uring_setup": unix.SYS_IO_URING_SETUP, "mmap": unix.SYS_MMAP, "getxattrat": unix.SYS_GETXATTRAT} {
		if got := numbers[archAMD64][name]; got != want {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
}
