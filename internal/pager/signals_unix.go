//go:build !windows

package pager

import (
	"os"
	"syscall"
)

// endings are the signals that end a program.
func endings() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} }
