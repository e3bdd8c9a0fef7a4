// Package garbage says how often memory is looked through for what nobody uses any more.
package garbage

import (
	"os"
	"runtime"
	"runtime/debug"
)

// Percents of the live heap by which it may grow until it is looked through: Go's own, and that until the first time, which is
// at 4 MiB with Go's own and at 16 MiB with it.
const (
	usual = 100
	young = 400
)

// tuned tells whether the user has chosen.
func tuned() bool { return os.Getenv("GOGC") != "" }

// Late puts off the first look: a short command ends before it, an unchanged build has one instead of four, 10 ms of 90. It costs no
// memory: most of what is resident are pages of the program. A ballast would do the same, but stay in the way of Often.
func Late() {
	if tuned() {
		return
	}
	debug.SetGCPercent(young)
	runtime.AddCleanup(new([16]byte), func(struct{}) {
		if now := debug.SetGCPercent(usual); now != young {
			debug.SetGCPercent(now) // somebody has asked for another since
		}
	}, struct{}{})
}

// Often has the heap looked through when it has grown by a percentage, until done is called: for what stays in memory for long, or to keep
// a peak low. Whoever asked for a lower one before gets that, and what the user has chosen with GOGC stays.
func Often(percent int) (done func()) {
	if tuned() {
		return func() {}
	}
	was := debug.SetGCPercent(percent)
	if was >= 0 && was < percent {
		debug.SetGCPercent(was)
	}
	if was == young {
		was = usual // the first look is over when much has been read
	}
	return func() { debug.SetGCPercent(was) }
}
