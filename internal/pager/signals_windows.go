package pager

import "os"

// endings are the signals that end a program.
func endings() []os.Signal { return []os.Signal{os.Interrupt} }
