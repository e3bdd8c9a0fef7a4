package main

import (
	"os"
	"syscall"
)

// endings are the signals that end a command in order.
func endings() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }
