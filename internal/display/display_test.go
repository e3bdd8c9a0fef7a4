package display

import (
	"strings"
	"testing"
	"time"

	"tare/internal/progress"
)

func TestDisplayTellsTheTimeLeft(t *testing.T) {
	var out strings.Builder
	d := New(Terminal{W: &out, TTY: true, Width: 100}, true)
	at := time.Unix(0, 0)
	d.now = func() time.Time { return at }
	show := func(done int64) string {
		out.Reset()
		d.drawn = time.Time{}
		d.Event(progress.Event{ID: "app", Action: "Saving", Done: done, Total: 100})
		return out.String()
	}
	if got := show(10); strings.Contains(got, "left") {
		t.Errorf("nothing is known yet: %q", got)
	}
	at = at.Add(time.Second)
	if got := show(20); strings.Contains(got, "left") {
		t.Errorf("too early to tell: %q", got)
	}
	at = at.Add(3 * time.Second)
	if got := show(50); !strings.Contains(got, "50B/100B, 5s left") { // 40 in 4 s
		t.Errorf("%q", got)
	}
	for _, line := range strings.FieldsFunc(show(60), func(r rune) bool { return r == '\r' || r == '\n' || r == 0x1b }) {
		if len(line) > 100 {
			t.Errorf("%d columns: %q", len(line), line)
		}
	}
}
