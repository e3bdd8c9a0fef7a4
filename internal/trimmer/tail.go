package trimmer

import (
	"bytes"
	"strings"
	"sync"
)

// tail keeps the end of what a build says.
type tail struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// keep is how much is kept, in bytes.
const keep = 8 << 10

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b.Write(p)
	if t.b.Len() > 2*keep {
		t.b.Next(t.b.Len() - keep)
	}
	return len(p), nil
}

// last is the last line that a program said before the build failed, for a reason; "" if
// none is known.
func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	said := ""
	for line := range strings.Lines(t.b.String()) {
		// "#7 0.312 E: Unable to locate package x"
		if words := strings.SplitN(strings.TrimSpace(line), " ", 3); len(words) == 3 && strings.HasPrefix(words[0], "#") && strings.Contains(words[1], ".") {
			said = words[2]
		}
	}
	if said == "" {
		return ""
	}
	if len(said) > 160 {
		said = said[:160] + "…"
	}
	return " (" + said + ")"
}
