package socket

import (
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Counted is a listener on a path that counts its connections.
type Counted struct {
	net.Listener
	path string
	wg   sync.WaitGroup
	// ever counts connections, and here those that are open.
	ever, here atomic.Int64
}

// Visits is how many connections there ever were, and how many of them are open.
func (c *Counted) Visits() (ever, here int64) { return c.ever.Load(), c.here.Load() }

// Count makes one of a listener on path.
func Count(l net.Listener, path string) *Counted { return &Counted{Listener: l, path: path} }

// Accept implements net.Listener.
func (c *Counted) Accept() (net.Conn, error) {
	one, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c.wg.Add(1)
	c.ever.Add(1)
	c.here.Add(1)
	return &counted{Conn: one, done: sync.OnceFunc(func() { c.here.Add(-1); c.wg.Done() })}, nil
}

type counted struct {
	net.Conn
	done func()
}

func (c *counted) Close() error {
	defer c.done()
	return c.Conn.Close()
}

// Leave lets nobody connect any more and waits until those inside have finished, or now.
// It calls waiting, which may be nil, if that takes longer than a moment.
func (c *Counted) Leave(now <-chan struct{}, waiting func()) {
	_ = os.Remove(c.path)
	gone := make(chan struct{})
	go func() { c.wg.Wait(); close(gone) }()
	select {
	case <-gone:
		return
	case <-now:
		return
	case <-time.After(500 * time.Millisecond):
	}
	if waiting != nil {
		waiting()
	}
	select {
	case <-gone:
	case <-now:
	}
}
