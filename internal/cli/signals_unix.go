//go:build !windows

package cli

import (
	"os"
	"syscall"
)

// forwarded are the signals that `run` passes on to the program.
var forwarded = []os.Signal{
	syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH,
}
