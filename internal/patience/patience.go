// Package patience repeats requests that a registry put off, and knows when to give up.
package patience

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	remoteerrors "github.com/containerd/containerd/v2/core/remotes/errors"
)

// Transport repeats requests that a registry put off with 429 or 503, after the
// time that its Retry-After names, or with growing pauses without one.
// containerd's resolver repeats a 429 at once, which only makes it worse.
type Transport struct {
	Next   http.RoundTripper
	Wait   func(string)  // is told of each pause; nil for nobody
	Budget time.Duration // for all pauses of one request
}

const (
	maxPutOffs  = 5
	firstPutOff = 500 * time.Millisecond
)

// RoundTrip implements http.RoundTripper. The error is a *PutOffError where a registry put the
// request off too often, or for too long.
func (p *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	pause, left := firstPutOff, p.Budget
	for try := 0; ; try++ {
		resp, err := p.Next.RoundTrip(req)
		if err != nil || !putOff(resp.StatusCode) {
			return resp, err
		}
		d, told := retryAfter(resp.Header.Get("Retry-After"), time.Now())
		if !told && resp.StatusCode == http.StatusServiceUnavailable {
			return resp, nil // the resolver tries another host or once more
		}
		// Whatever it says, every try is further from the last one.
		d = max(d, pause+rand.N(pause/2))
		pause *= 2
		if try == maxPutOffs || d > left || !repeatable(req) {
			// Not the answer itself: the resolver would repeat the request at once.
			err := &PutOffError{host: req.URL.Host, Code: resp.StatusCode, after: d, tries: try + 1, told: told}
			_ = resp.Body.Close()
			return nil, err
		}
		left -= d
		_ = resp.Body.Close()
		if p.Wait != nil {
			p.Wait(fmt.Sprintf("%s answers %s: trying again in %s", req.URL.Host, StatusText(resp.StatusCode), d.Round(100*time.Millisecond)))
		}
		if err := Sleep(req.Context(), d); err != nil {
			return nil, err
		}
		if req.GetBody != nil {
			if req.Body, err = req.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

// PutOffError is a registry that has put a request off too often, or for too long.
type PutOffError struct {
	host  string
	Code  int           // HTTP status
	after time.Duration // how long the next pause would be
	tries int
	told  bool // it said for how long
}

// Error implements error.
func (e *PutOffError) Error() string {
	if e.told && e.after > time.Minute {
		return fmt.Sprintf("%s answers %s, and to ask again in %s only", e.host, StatusText(e.Code), e.after.Round(time.Second))
	}
	return fmt.Sprintf("%s answers %s, after %d tries", e.host, StatusText(e.Code), e.tries)
}

// StatusText is a status in our words: those of a registry may be anything.
func StatusText(code int) string { return fmt.Sprintf("%d %s", code, http.StatusText(code)) }

func putOff(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}

func repeatable(req *http.Request) bool { return req.Body == nil || req.GetBody != nil }

// farAway is a pause that nobody waits for.
const farAway = 1000 * time.Hour

// retryAfter reads the header of RFC 9110 §10.2.3: seconds or a date.
func retryAfter(h string, now time.Time) (time.Duration, bool) {
	if h == "" {
		return 0, false
	}
	if s, err := strconv.ParseInt(h, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		// On overflow ParseInt returns the largest number of that sign.
		return time.Duration(min(max(0, s), int64(farAway/time.Second))) * time.Second, true
	}
	if t, err := http.ParseTime(h); err == nil {
		return min(max(0, t.Sub(now)), farAway), true // Sub saturates
	}
	return 0, false
}

// Sleep waits so long, or until ctx is done: the error is ctx's then.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// PutOff tells whether an error is that a registry does not want to be asked any more for now: whatever else is asked of it fails, too.
func PutOff(err error) bool {
	var off *PutOffError
	var status remoteerrors.ErrUnexpectedStatus
	return errors.As(err, &off) || errors.As(err, &status) && status.StatusCode == http.StatusTooManyRequests
}
