package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"tare/internal/lab"
	"tare/internal/screen"
)

// labDisplay shows how far an experiment is: one line that changes on a terminal, and
// elsewhere a line for each variant and each failure.
type labDisplay struct {
	mu    sync.Mutex
	w     io.Writer
	tty   bool
	width int
	begin time.Time
	said  map[string]bool
}

func (a *app) newLabDisplay() *labDisplay {
	tty, width := terminal(a.Err)
	return &labDisplay{w: screen.Raw(a.Err), tty: tty, width: width, begin: time.Now(), said: map[string]bool{}}
}

func (d *labDisplay) event(p lab.Progress) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if p.Failed != "" {
		first, _, _ := strings.Cut(p.Failed, "\n")
		d.clear()
		_, _ = fmt.Fprintf(d.w, "%s: %s failed: %s\n", screen.Safe(p.Variant), screen.Safe(p.What), screen.Safe(first))
		return
	}
	text := screen.Safe(p.What)
	if p.Variant != "" {
		text = screen.Safe(p.Variant) + ": " + screen.Safe(p.What)
	}
	if p.Total > 0 {
		left := ""
		if p.Done > 3 && p.Done < p.Total {
			left = fmt.Sprintf(", %s", time.Since(d.begin).Round(time.Second))
		}
		text = fmt.Sprintf("[%d/%d%s] %s", p.Done, p.Total, left, text)
	}
	if !d.tty {
		key := p.Variant + " " + p.What
		if p.Total == 0 && !d.said[key] {
			d.said[key] = true
			_, _ = fmt.Fprintln(d.w, text)
		}
		return
	}
	d.clear()
	if r := []rune(text); len(r) >= d.width {
		text = string(r[:d.width-2]) + "…"
	}
	_, _ = io.WriteString(d.w, text)
}

func (d *labDisplay) clear() {
	if d.tty {
		_, _ = io.WriteString(d.w, "\r\x1b[2K")
	}
}

func (d *labDisplay) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.clear()
}
