package watch

import "tare/internal/engine"

// Config is what a watcher is told before a container starts.
type Config struct {
	Socket string // where the runtime hands over the notifications
	Names  []engine.Name
	// Covered are the paths in the container where something else is mounted.
	Covered []string
	Rootfs  string // the mounted root file system
	Upper   string // its writable layer; "" if it has none
	Witness bool   // hold fanotify's list against what was notified
}

// reply is what a watcher answers first: that it listens, or why it cannot.
type reply struct{ Err string }

// stop is the last thing that a watcher is told. If its input ends without, whoever started
// it is gone.
type stop struct{ Ended bool }
