package lab

import (
	"crypto/sha256"
	"runtime"
	"slices"
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

// speed is how long the fixed work takes in b as a part of what it takes in a; 1 where
// one of them has no figures.
func speed(a, b *Record) float64 {
	if len(a.Calibration) == 0 || len(b.Calibration) == 0 {
		return 1
	}
	return median(b.Calibration) / median(a.Calibration)
}

func median(list []float64) float64 {
	s := slices.Sorted(slices.Values(list))
	n := len(s)
	if n%2 == 1 {
		return s[n/2]
	}
	return (s[n/2-1] + s[n/2]) / 2
}
