package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// sending watches the body of a request. Its timer runs while the connection takes
// nothing, and after the last byte while the registry makes up its mind; it rests while
// the bytes to send are being made.
type sending struct {
	timer          *time.Timer
	pause, answer  time.Duration
	sent, answered atomic.Bool
}

func newSending(host string, pause, answer time.Duration, cancel context.CancelCauseFunc) *sending {
	s := &sending{pause: pause, answer: answer}
	s.timer = time.AfterFunc(pause, func() {
		text := fmt.Sprintf("has taken nothing of what is sent to it for %s", pause)
		if s.sent.Load() {
			text = fmt.Sprintf("has not answered within %s", answer)
		}
		cancel(&stalledError{host: host, text: text})
	})
	return s
}

// sendingBody is the body itself; when a request is repeated there are several.
type sendingBody struct {
	io.ReadCloser
	s *sending
}

// Read implements io.Reader.
func (b *sendingBody) Read(p []byte) (int, error) {
	s := b.s
	s.timer.Stop()
	n, err := b.ReadCloser.Read(p)
	switch {
	case s.answered.Load():
	case errors.Is(err, io.EOF):
		s.sent.Store(true)
		s.timer.Reset(s.answer)
	default:
		s.sent.Store(false)
		s.timer.Reset(s.pause)
	}
	return n, err
}
