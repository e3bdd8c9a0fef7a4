package trimmer

import (
	"sync"
	"time"

	"tare/internal/trim"
)

// work is what time is spent with.
type work int

const (
	building work = iota
	checking
	works // their number
)

// clock tells what the time of a run was spent with. While something is built, the time is
// the builds', whatever else is done at the same time; of the rest, checks have theirs, and
// what is left is tare's own.
type clock struct {
	mu    sync.Mutex
	now   func() time.Time
	began time.Time
	last  time.Time
	open  [works]int
	spent [works]time.Duration
}

// start begins to count.
func (c *clock) start() {
	if c.now == nil {
		c.now = time.Now
	}
	c.began = c.now()
	c.last = c.began
}

// enter notes that work begins, and returns what notes its end.
func (c *clock) enter(w work) (leave func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.account()
	c.open[w]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.account()
		c.open[w]--
	}
}

// account gives the time since the last change to the work that was going on.
func (c *clock) account() {
	now := c.now()
	for w := range works {
		if c.open[w] > 0 {
			c.spent[w] += now.Sub(c.last)
			break
		}
	}
	c.last = now
}

// seconds are those up to now.
func (c *clock) seconds() trim.Seconds {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.account()
	s := trim.Seconds{Total: c.last.Sub(c.began).Seconds(), Builds: c.spent[building].Seconds(), Checks: c.spent[checking].Seconds()}
	s.Own = max(0, s.Total-s.Builds-s.Checks)
	return s
}
