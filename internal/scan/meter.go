package scan

import (
	"io"
	"sync"

	"tare/internal/progress"
)

// meter counts the bytes of a shard's layers that are done. Its end is known from the plan; what is read in vain is taken back.
type meter struct {
	events progress.Func

	mu   sync.Mutex
	e    progress.Event
	told int64
}

// reading is what one layer has added to a meter so far, in bytes.
type reading struct{ read int64 }

// add counts n bytes more of a layer.
func (m *meter) add(r *reading, n int64) {
	m.mu.Lock()
	r.read += n
	m.e.Done += n
	tell := m.e.Done-m.told >= 256<<10 || m.e.Done < m.told || m.e.Done == m.e.Total
	if tell {
		m.told = m.e.Done
	}
	e := m.e
	m.mu.Unlock()
	if tell {
		m.events.Report(e)
	}
}

// settle makes bytes what a layer counts.
func (m *meter) settle(r *reading, bytes int64) { m.add(r, bytes-r.read) }

// at is how many bytes are done.
func (m *meter) at() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.e.Done
}

// reader counts what is read of a layer.
func (m *meter) reader(of io.Reader, r *reading) io.Reader { return &metered{of, m, r} }

type metered struct {
	io.Reader
	m *meter
	r *reading
}

func (x *metered) Read(p []byte) (int, error) {
	n, err := x.Reader.Read(p)
	x.m.add(x.r, int64(n))
	return n, err
}
