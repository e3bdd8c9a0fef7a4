// Package container runs one container: the directory that it lives in, the OCI runtime's
// specification, the process with its streams and signals, control groups, and what is
// left of containers whose tare was killed. Also what it takes to do that without root.
package container

import (
	"io"
	"sync"
	"time"

	"tare/internal/engine"
)

// Meter takes the time of a run.
type Meter struct {
	begin time.Time
	once  sync.Once
	first time.Duration
}

// NewMeter starts the clock, and looks out for the run's first output.
func NewMeter(r *engine.Run) *Meter {
	m := &Meter{begin: time.Now()}
	if r.Stdout != nil {
		r.Stdout = &metered{r.Stdout, m}
	}
	if r.Stderr != nil {
		r.Stderr = &metered{r.Stderr, m}
	}
	return m
}

// Stop writes down what the run took.
func (m *Meter) Stop(c *engine.Cost) {
	c.Took = time.Since(m.begin)
	m.once.Do(func() {})
	c.First = m.first
}

type metered struct {
	io.Writer
	m *Meter
}

func (w *metered) Write(b []byte) (int, error) {
	if len(b) > 0 {
		w.m.once.Do(func() { w.m.first = time.Since(w.m.begin) })
	}
	return w.Writer.Write(b)
}
