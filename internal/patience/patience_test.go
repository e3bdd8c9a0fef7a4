package patience

import (
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for h, want := range map[string]time.Duration{
		"5": 5 * time.Second, "0": 0, "-5": 0, "9223372037": farAway, "99999999999999999999999": farAway, "-99999999999999999999999": 0, "9223372036854775807": farAway,
		now.Add(time.Minute).Format(http.TimeFormat): time.Minute, now.Add(-time.Hour).Format(http.TimeFormat): 0,
		"Fri, 31 Dec 9999 23:59:59 GMT": farAway, "Mon, 01 Jan 0001 00:00:00 GMT": 0,
	} {
		if got, ok := retryAfter(h, now); !ok || got != want {
			t.Errorf("%q: %v %v, want %v", h, got, ok, want)
		}
	}
	for _, h := range []string{"", "soon", "1.5", "1e9", "5s", "\x1b[31m"} {
		if got, ok := retryAfter(h, now); ok {
			t.Errorf("%q: %v", h, got)
		}
	}
}
