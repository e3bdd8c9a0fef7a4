package display

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"tare/internal/screen"
)

// Step is what is being done now, one of many.
type Step struct {
	Subject, What string
	Done, Total   int    // of the steps whose number is known; 0 of 0 before them
	Failed        string // why it did not work; "" while it is under way
}

// Steps shows how far a long piece of work is: one line that changes on a terminal.
// Failures stay, and are all that is said elsewhere.
type Steps struct {
	mu    sync.Mutex
	t     Terminal
	now   func() time.Time
	first time.Time // when the counted steps began
}

// NewSteps makes a display of steps.
func NewSteps(t Terminal) *Steps {
	t.W = screen.Raw(t.W)
	return &Steps{t: t, now: time.Now}
}

// Event shows a step.
func (d *Steps) Event(s Step) {
	d.mu.Lock()
	defer d.mu.Unlock()
	text := screen.Safe(s.What)
	if s.Subject != "" {
		text = screen.Safe(s.Subject) + ": " + text
	}
	if s.Failed != "" {
		why, _, _ := strings.Cut(s.Failed, "\n")
		d.clear()
		_, _ = fmt.Fprintf(d.t.W, "%s failed: %s\n", text, screen.Safe(why))
		return
	}
	if !d.t.TTY {
		return
	}
	if s.Total > 0 {
		text = fmt.Sprintf("[%d/%d%s] %s", s.Done, s.Total, d.left(s), text)
	}
	d.clear()
	if r := []rune(text); len(r) >= d.t.Width {
		text = string(r[:d.t.Width-2]) + "…"
	}
	_, _ = io.WriteString(d.t.W, text)
}

// left estimates how long the rest takes, from how long the counted steps took so far.
func (d *Steps) left(s Step) string {
	if d.first.IsZero() {
		d.first = d.now()
	}
	if s.Done < 4 { // too few to tell
		return ""
	}
	each := d.now().Sub(d.first) / time.Duration(s.Done-1)
	return fmt.Sprintf(", about %s left", (each * time.Duration(s.Total-s.Done+1)).Round(time.Second))
}

// End takes the line away.
func (d *Steps) End() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.clear()
}

func (d *Steps) clear() {
	if d.t.TTY {
		_, _ = io.WriteString(d.t.W, "\r\x1b[2K")
	}
}
