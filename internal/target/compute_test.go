package target_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"tare/internal/progress"
	"tare/internal/target"
)

// watched is a finder that counts what is shown.
func watched(shown, ended *[]string) *target.Finder {
	return &target.Finder{Watch: func() (progress.Func, func()) {
		return func(e progress.Event) { *shown = append(*shown, e.ID+": "+e.Action) }, func() { *ended = append(*ended, "end") }
	}}
}

func TestComputeShowsWhatIsSlow(t *testing.T) {
	for _, c := range []struct {
		takes time.Duration
		want  int
	}{{0, 0}, {900 * time.Millisecond, 1}} {
		var shown, ended []string
		n, err := target.Compute(t.Context(), watched(&shown, &ended), "app", "Comparing", func() (int, error) {
			time.Sleep(c.takes)
			return 7, nil
		})
		if n != 7 || err != nil || len(shown) != c.want || len(ended) != c.want {
			t.Errorf("%v: %d, %v, shown %v, ended %d times", c.takes, n, err, shown, len(ended))
		}
		if c.want > 0 && shown[0] != "app: Comparing" {
			t.Error(shown)
		}
	}
	var shown, ended []string
	want := errors.New("it cannot be done")
	if _, err := target.Compute(t.Context(), watched(&shown, &ended), "", "", func() (int, error) { return 0, want }); !errors.Is(err, want) {
		t.Error(err)
	}
}

func TestComputeEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(700*time.Millisecond, cancel)
	var shown, ended []string
	begin := time.Now()
	release := make(chan bool)
	defer close(release)
	_, err := target.Compute(ctx, watched(&shown, &ended), "app", "Comparing", func() (int, error) {
		<-release
		return 0, nil
	})
	if d := time.Since(begin); !errors.Is(err, context.Canceled) || d > 2*time.Second {
		t.Errorf("%v after %v", err, d)
	}
	if len(ended) != 1 {
		t.Errorf("what was shown stays: %v", shown)
	}
	if _, err := target.Compute(ctx, watched(&shown, &ended), "", "", func() (int, error) {
		t.Error("it began although it was over")
		return 0, nil
	}); err == nil {
		t.Error("no error")
	}
}
