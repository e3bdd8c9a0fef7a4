//go:build !windows

package buildkit

import (
	"os"
	"syscall"
)

func isResize(s os.Signal) bool { return s == syscall.SIGWINCH }
