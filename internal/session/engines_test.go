package session_test

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tare/internal/engine"
	"tare/internal/session"
	"tare/internal/testkit"
)

// Who asks for the engine at once gets one and the same.
func TestOneEngine(t *testing.T) {
	var opened atomic.Int32
	home := t.TempDir()
	s := session.Session{Context: t.Context(), Note: func(string) {}, Env: func(k string) string {
		if k == "TARE_HOME" {
			return home
		}
		if k == "PATH" || k == "HOME" {
			return os.Getenv(k)
		}
		return ""
	}, Engines: session.Engines{Embedded: func(context.Context, session.EngineOptions) (engine.Engine, error) {
		opened.Add(1)
		time.Sleep(20 * time.Millisecond)
		return &testkit.Engine{T: t}, nil
	}}}
	if _, err := s.Store(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Registry(); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var got [8]engine.Engine
	for n := range got {
		wg.Go(func() {
			e, err := s.Engine(t.Context())
			if err != nil {
				t.Error(err)
			}
			got[n] = e
		})
	}
	wg.Wait()
	for _, e := range got {
		if e != got[0] || e == nil {
			t.Errorf("%v and %v", e, got[0])
		}
	}
	if n := opened.Load(); n != 1 {
		t.Errorf("%d engines were opened", n)
	}
}
