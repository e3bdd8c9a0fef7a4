package store

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// writeback makes the kernel write a growing file out while it is being
// downloaded, so that the fsync at its end has little left to wait for. It returns
// how to stop. Failure does not matter: the fsync is what counts.
func writeback(path string) (stop func()) {
	done := make(chan struct{})
	go func() {
		var f *os.File
		tick := time.NewTicker(25 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				if f != nil {
					_ = f.Close()
				}
				return
			case <-tick.C:
			}
			if f == nil {
				if f, _ = os.Open(path); f == nil {
					continue
				}
			}
			_ = unix.SyncFileRange(int(f.Fd()), 0, 0, unix.SYNC_FILE_RANGE_WRITE)
		}
	}()
	return func() { close(done) }
}
