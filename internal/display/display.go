// Package display shows how far slow work is, on a terminal. It draws with escape
// sequences, so it writes to the terminal itself, and cleans what it is told.
package display

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"tare/internal/progress"
	"tare/internal/screen"
	"tare/internal/units"
)

// Display shows progress events the way Docker shows a pull: on a terminal a line
// for each ID that changes in place, elsewhere a line for each change of state.
type Display struct {
	mu    sync.Mutex
	w     io.Writer
	tty   bool
	width int
	lines map[string]int
	begun map[string]begin // when bytes of an ID began to come
	now   func() time.Time
	last  map[string]string
	drawn time.Time
	count int
	// onlyTTY drops everything elsewhere: for work that Docker has no lines for.
	onlyTTY bool
}

// Terminal is where a display writes.
type Terminal struct {
	W     io.Writer
	TTY   bool
	Width int // columns
}

// New makes a display. Without a terminal it says a line for each change of state; with
// onlyTTY it then says nothing.
func New(t Terminal, onlyTTY bool) *Display {
	return &Display{w: screen.Raw(t.W), tty: t.TTY, width: t.Width, lines: map[string]int{}, last: map[string]string{}, begun: map[string]begin{}, now: time.Now, onlyTTY: onlyTTY}
}

// Event is a progress.Func.
func (d *Display) Event(e progress.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.tty {
		if !d.onlyTTY && d.last[e.ID] != e.Action && e.Action != "Downloading" && e.Action != "Pushing" && e.Action != "Compressing" && e.Action != "Compressed" {
			d.last[e.ID] = e.Action
			_, _ = fmt.Fprintf(d.w, "%s: %s\n", screen.Safe(e.ID), screen.Safe(e.Action))
		}
		return
	}
	if !e.Final && e.Done > 0 && e.Done < e.Total && time.Since(d.drawn) < 50*time.Millisecond {
		return
	}
	d.drawn = time.Now()
	n, known := d.lines[e.ID]
	if !known {
		n = d.count
		d.lines[e.ID] = n
		d.count++
		_, _ = fmt.Fprintln(d.w)
	}
	up := d.count - n
	text := screen.Safe(e.ID) + ": " + screen.Safe(e.Action)
	if e.Done > 0 && e.Total > 0 && !e.Final {
		left := d.left(e)
		text += " " + bar(e.Done, e.Total, d.width-len(text)-24-len(left)) + left
	}
	_, _ = fmt.Fprintf(d.w, "\x1b[%dA\r\x1b[2K%s\r\x1b[%dB", up, text, up)
}

// begin is when the work on something began, and how far it was.
type begin struct {
	at   time.Time
	done int64
}

// left estimates how long the rest of something takes, once it has taken two seconds.
func (d *Display) left(e progress.Event) string {
	key := e.ID + ": " + e.Action
	b, known := d.begun[key]
	if !known || e.Done < b.done {
		d.begun[key] = begin{d.now(), e.Done}
		return ""
	}
	took := d.now().Sub(b.at)
	if took < 2*time.Second || e.Done == b.done || e.Done > e.Total {
		return ""
	}
	rest := time.Duration(float64(took) * float64(e.Total-e.Done) / float64(e.Done-b.done))
	return fmt.Sprintf(", %s left", rest.Round(time.Second))
}

// Clear takes the lines away again, for work whose result follows.
func (d *Display) Clear() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tty && d.count > 0 {
		_, _ = fmt.Fprintf(d.w, "\x1b[%dA\r\x1b[J", d.count)
		d.count, d.lines = 0, map[string]int{}
	}
}

func bar(done, total int64, room int) string {
	counts := fmt.Sprintf("%8s/%s", units.Bytes(done), units.Bytes(total))
	if room < 10 {
		return counts
	}
	room = min(room, 50)
	n := int(float64(room) * float64(min(done, total)) / float64(total))
	return "[" + strings.Repeat("=", n) + ">" + strings.Repeat(" ", room-n) + "] " + counts
}
