package progress

import (
	"sync"
	"time"
)

// Patience is how long work goes on before Slow shows it.
const Patience = 500 * time.Millisecond

// Slow shows what is being done to what, with what watch returns, once it takes longer
// than Patience. done ends that, and may be called again.
func Slow(watch func() (Func, func()), what, action string) (done func()) {
	var mu sync.Mutex
	over, clear := false, func() {}
	timer := time.AfterFunc(Patience, func() {
		mu.Lock()
		defer mu.Unlock()
		if !over && watch != nil {
			var events Func
			events, clear = watch()
			events.Report(Event{ID: what, Action: action})
		}
	})
	return func() {
		timer.Stop()
		mu.Lock()
		defer mu.Unlock()
		over = true
		clear()
		clear = func() {}
	}
}
