package garbage

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

// percent is the one that counts now: asked without setting another, which a cleanup could see.
func percent() int {
	s := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(s)
	return int(s[0].Value.Uint64())
}

// soon waits until a percentage counts.
func soon(t *testing.T, want int) {
	t.Helper()
	for range 1000 {
		if percent() == want {
			return
		}
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d, want %d", percent(), want)
}

func TestLate(t *testing.T) {
	t.Setenv("GOGC", "")
	defer debug.SetGCPercent(percent())
	Late()
	soon(t, usual) // after the first look
	Late()
	done := Often(30)
	for range 20 {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	if n := percent(); n != 30 {
		t.Errorf("a look has ended what was asked for: %d", n)
	}
	within := Often(50)
	if n := percent(); n != 30 {
		t.Errorf("somebody who asked for more got it: %d", n)
	}
	lower := Often(10)
	if n := percent(); n != 10 {
		t.Errorf("somebody who asked for less got %d", n)
	}
	lower()
	within()
	if n := percent(); n != 30 {
		t.Errorf("what was asked for first is forgotten: %d", n)
	}
	done()
	if n := percent(); n != usual {
		t.Errorf("afterwards %d", n)
	}
}

func TestWhatTheUserHasChosenStays(t *testing.T) {
	t.Setenv("GOGC", "77")
	defer debug.SetGCPercent(debug.SetGCPercent(77))
	Late()
	done := Often(30)
	if n := percent(); n != 77 {
		t.Errorf("%d", n)
	}
	if done(); percent() != 77 {
		t.Errorf("afterwards %d", percent())
	}
}
