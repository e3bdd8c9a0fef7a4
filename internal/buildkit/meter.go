package buildkit

import (
	"io"
	"sync"
	"time"

	"tare/internal/engine"
)

// meter takes the time of a run.
type meter struct {
	begin time.Time
	once  sync.Once
	first time.Duration
}

// newMeter starts the clock, and looks out for the run's first output.
func newMeter(r *engine.Run) *meter {
	m := &meter{begin: time.Now()}
	if r.Stdout != nil {
		r.Stdout = &metered{r.Stdout, m}
	}
	if r.Stderr != nil {
		r.Stderr = &metered{r.Stderr, m}
	}
	return m
}

func (m *meter) stop(c *engine.Cost) {
	c.Took = time.Since(m.begin)
	m.once.Do(func() {})
	c.First = m.first
}

type metered struct {
	io.Writer
	m *meter
}

func (w *metered) Write(b []byte) (int, error) {
	if len(b) > 0 {
		w.m.once.Do(func() { w.m.first = time.Since(w.m.begin) })
	}
	return w.Writer.Write(b)
}
