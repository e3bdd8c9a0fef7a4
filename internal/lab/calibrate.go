package lab

import (
	"crypto/sha256"
	"runtime"
	"sync"
	"time"
)

// calibration is the work by which the machine's speed is measured in every round, in
// bytes hashed on each core: about 30 ms.
const calibration = 48 << 20

// calibrate times a fixed piece of work on all cores. It tells a slower machine, or one
// that others use, from a slower build.
func calibrate() time.Duration {
	begin := time.Now()
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			block := make([]byte, 1<<20)
			h := sha256.New()
			for range calibration / len(block) {
				_, _ = h.Write(block)
			}
			h.Sum(nil)
		})
	}
	wg.Wait()
	return time.Since(begin)
}
