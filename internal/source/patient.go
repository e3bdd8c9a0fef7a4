package source

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// patient repeats requests that a registry put off with 429 or 503, after the
// time that its Retry-After names, or with growing pauses without one.
// containerd's resolver repeats a 429 at once, which only makes it worse.
type patient struct {
	next http.RoundTripper
	wait func(string)
}

const (
	maxPutOffs  = 5
	maxPutOff   = 2 * time.Minute // a longer Retry-After is passed on as the answer
	firstPutOff = 500 * time.Millisecond
)

func (p *patient) RoundTrip(req *http.Request) (*http.Response, error) {
	pause := firstPutOff
	for try := 0; ; try++ {
		resp, err := p.next.RoundTrip(req)
		if err != nil || try == maxPutOffs || !putOff(resp.StatusCode) || !repeatable(req) {
			return resp, err
		}
		d, told := retryAfter(resp.Header.Get("Retry-After"), time.Now())
		switch {
		case !told && resp.StatusCode == http.StatusServiceUnavailable:
			return resp, nil // the resolver tries another host or once more
		case !told:
			d = pause + rand.N(pause/2)
			pause *= 2
		case d > maxPutOff:
			return resp, nil
		}
		_ = resp.Body.Close()
		if p.wait != nil {
			p.wait(fmt.Sprintf("%s answers %s: trying again in %s", req.URL.Host, resp.Status, d.Round(100*time.Millisecond)))
		}
		if err := sleep(req.Context(), d); err != nil {
			return nil, err
		}
		if req.GetBody != nil {
			if req.Body, err = req.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

func putOff(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}

func repeatable(req *http.Request) bool { return req.Body == nil || req.GetBody != nil }

// retryAfter reads the header of RFC 9110 §10.2.3: seconds or a date.
func retryAfter(h string, now time.Time) (time.Duration, bool) {
	if h == "" {
		return 0, false
	}
	if s, err := strconv.Atoi(h); err == nil && s >= 0 {
		return time.Duration(s) * time.Second, true
	}
	if t, err := http.ParseTime(h); err == nil {
		return max(0, t.Sub(now)), true
	}
	return 0, false
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
