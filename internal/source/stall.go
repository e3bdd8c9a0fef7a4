package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// beganKey is where a request's context keeps when the first of its redirects began.
type beganKey struct{}

// bounded lets one request through to next, and bounds what comes back: its bytes, the
// time until it begins, its speed, and the time until it ends. Redirects share the time.
func bounded(next http.RoundTripper, req *http.Request, k kind, stall time.Duration) (*http.Response, error) {
	b := k.bounds(stall)
	began := time.Now()
	if req.Response != nil && req.Response.Request != nil {
		if t, ok := req.Response.Request.Context().Value(beganKey{}).(time.Time); ok {
			began = t
		}
	}
	ctx, cancel := context.WithCancelCause(context.WithValue(req.Context(), beganKey{}, began))
	host := req.URL.Host
	after := func(d time.Duration, text string) *time.Timer {
		return time.AfterFunc(d-time.Since(began), func() { cancel(&stalledError{host: host, text: text, again: k == blob}) })
	}
	out := req.WithContext(ctx)
	var begin *time.Timer
	var up *sending
	if req.Body == nil || req.Body == http.NoBody {
		begin = after(b.begin, fmt.Sprintf("has not answered within %s", b.begin))
	} else {
		up = newSending(host, min(4*stall, b.begin), b.begin, cancel)
		begin = up.timer
		out.Body = &sendingBody{req.Body, up}
		if req.GetBody != nil {
			out.GetBody = func() (io.ReadCloser, error) {
				body, err := req.GetBody()
				return &sendingBody{body, up}, err
			}
		}
	}
	resp, err := next.RoundTrip(out)
	begin.Stop()
	if up != nil {
		up.answered.Store(true)
	}
	if err != nil {
		var why *stalledError
		if errors.As(context.Cause(ctx), &why) {
			err = why
		}
		cancel(err)
		return nil, err
	}
	switch {
	case resp.StatusCode >= 400:
		b = failure.bounds(stall)
	case resp.StatusCode >= 300:
		b = moved.bounds(stall)
	}
	body := &watchedBody{ReadCloser: resp.Body, b: b, ctx: ctx, cancel: cancel, host: host}
	if !b.cut && b.bytes > 0 && resp.ContentLength > b.bytes {
		_ = body.Close()
		return nil, &tooMuchError{host: host, b: b}
	}
	if b.whole > 0 {
		if b.cut {
			began = time.Now()
		}
		body.end = after(b.whole, fmt.Sprintf("has not sent %s within %s", b.what, b.whole))
	}
	resp.Body = body
	return resp, nil
}

// watchedBody is an answer within its bounds.
type watchedBody struct {
	io.ReadCloser
	b      bounds
	ctx    context.Context
	cancel context.CancelCauseFunc
	host   string
	end    *time.Timer

	read   int64         // all in all
	got    int64         // since it was last fast enough
	waited time.Duration // of that: what somebody who reads slowly does not ask for costs nothing
}

func (b *watchedBody) Read(p []byte) (int, error) {
	if b.b.bytes > 0 {
		left := b.b.bytes - b.read
		if left <= 0 && b.b.cut {
			return 0, io.EOF
		}
		p = p[:min(int64(len(p)), left+1)]
	}
	slow := &stalledError{host: b.host, begun: true, text: fmt.Sprintf("has sent only %d bytes in %s", b.got, b.b.flow)}
	if b.got == 0 || b.waited < b.b.flow/10 {
		slow.text = fmt.Sprintf("has sent nothing for %s", b.b.flow)
	}
	timer := time.AfterFunc(b.b.flow-b.waited, func() { b.cancel(slow) })
	begin := time.Now()
	n, err := b.ReadCloser.Read(p)
	timer.Stop()
	b.waited += time.Since(begin)
	b.read += int64(n)
	b.got += int64(n)
	if b.got >= int64(minSpeed*b.b.flow.Seconds()) {
		b.got, b.waited = 0, 0
	}
	if b.b.bytes > 0 && b.read > b.b.bytes {
		if b.b.cut {
			return n - int(b.read-b.b.bytes), io.EOF
		}
		_ = b.Close()
		return n, &tooMuchError{host: b.host, b: b.b}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		var why *stalledError
		if errors.As(context.Cause(b.ctx), &why) {
			if b.b.cut {
				return n, io.EOF
			}
			err = why
		}
	}
	return n, err
}

func (b *watchedBody) Close() error {
	if b.end != nil {
		b.end.Stop()
	}
	b.cancel(nil)
	return b.ReadCloser.Close()
}
