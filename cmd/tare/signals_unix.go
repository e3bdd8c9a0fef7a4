//go:build !windows

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// endings are the signals that end a command in order. A terminal that is closed sends
// HUP, unless nohup keeps it away.
func endings() []os.Signal {
	list := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		list = append(list, syscall.SIGHUP)
	}
	return list
}
