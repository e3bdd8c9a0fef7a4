package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// maxSilence is how long a daemon may send nothing of an image. Docker with graph drivers
// writes the whole archive to its own disk before the first byte: that takes time.
var maxSilence = 5 * time.Minute

var errStalled = errors.New("it sends nothing")

// watched is a clock that cancels what it watches when nothing came for too long.
type watched struct{ t *time.Timer }

func watch(cancel context.CancelCauseFunc) *watched {
	silence := maxSilence
	return &watched{time.AfterFunc(silence, func() { cancel(fmt.Errorf("%w for %s", errStalled, silence)) })}
}

func (w *watched) came() { w.t.Reset(maxSilence) }
func (w *watched) stop() { w.t.Stop() }

// saving is an image that a daemon sends.
type saving struct {
	r      io.ReadCloser
	w      *watched
	d      *Daemon
	ctx    context.Context
	cancel context.CancelCauseFunc
	n      int64
}

// Read implements io.Reader. Its errors say whose stream ended, and after how much.
func (s *saving) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.n += int64(n)
	if n > 0 {
		s.w.came()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		if cause := context.Cause(s.ctx); cause != nil {
			err = cause
		}
		err = fmt.Errorf("%s broke off after %d bytes: %w", s.d, s.n, err)
	}
	return n, err
}

// Close implements io.Closer.
func (s *saving) Close() error {
	s.w.stop()
	s.cancel(nil)
	return s.r.Close()
}
