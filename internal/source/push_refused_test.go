package source_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tare/internal/store"
	"tare/internal/testkit"
)

// A registry that asks for a login at the end of every upload, again and again.
func TestPushRefusedAgainAndAgain(t *testing.T) {
	for _, method := range []string{http.MethodPut, http.MethodPost} {
		for n := range 5 { // what hung did so one time in three
			t.Run(fmt.Sprint(method, n), func(t *testing.T) {
				t.Parallel()
				reg := testkit.NewRegistry(t)
				reg.Fault(func(w http.ResponseWriter, r *http.Request) bool {
					if strings.HasPrefix(r.URL.Path, "/token") {
						_, _ = w.Write([]byte(`{"token":"x","access_token":"x"}`))
						return true
					}
					if r.Method != method {
						return false
					}
					w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s/token",error="invalid_token"`, reg.URL))
					w.WriteHeader(http.StatusUnauthorized)
					return true
				})
				st := testkit.Store(t)
				testkit.Put(t, st, reg.Host+"/new:1", store.Pulled, small(t, testkit.Options{}))
				done := make(chan error, 1)
				go func() {
					_, err := registry(t, "").Push(ctx, st, reg.Host+"/new:1", nil, nil)
					done <- err
				}()
				select {
				case err := <-done:
					if err == nil || !strings.Contains(err.Error(), "access denied") {
						t.Errorf("%v", err)
					}
				case <-time.After(20 * time.Second):
					panic("it did not end")
				}
			})
		}
	}
}

// A registry that is read-only, as mirrors and caches are.
func TestPushToReadOnly(t *testing.T) {
	reg := testkit.NewRegistry(t)
	reg.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			return false
		}
		w.WriteHeader(http.StatusMethodNotAllowed)
		_, _ = w.Write([]byte(`{"errors":[{"code":"UNSUPPORTED","message":"\u001b[31mno"}]}`))
		return true
	})
	st := testkit.Store(t)
	testkit.Put(t, st, reg.Host+"/new:1", store.Pulled, small(t, testkit.Options{}))
	_, err := registry(t, "").Push(ctx, st, reg.Host+"/new:1", nil, nil)
	if err == nil || !strings.Contains(err.Error(), "it is read-only, or a mirror") || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("%v", err)
	}
}
