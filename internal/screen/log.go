package screen

import "bytes"

// Log cleans what a program of a build prints, piece by piece. Colours and the like
// (SGR sequences) pass, as in Docker's plain progress, and end with their line at the
// latest; a carriage return, with which programs draw over a line, begins a new one.
// All else that commands a terminal becomes visible. The zero value is ready to use.
type Log struct {
	held    []byte
	colored bool
}

// maxSGR bounds how long a sequence of colours may be, in bytes: the rest of what only
// begins like one is not waited for.
const maxSGR = 64

// Clean returns what may be shown of the next piece. A sequence or character that a
// piece cuts waits for the next one.
func (l *Log) Clean(p []byte) []byte {
	b := append(l.held, p...)
	l.held = nil
	out := make([]byte, 0, len(b)+8)
	for len(b) > 0 {
		i := bytes.IndexAny(b, "\x1b\r\n")
		if i < 0 {
			i = len(b)
			if n := unfinished(b); n > 0 {
				i -= n
				l.held = append([]byte(nil), b[i:]...)
				b = b[:i]
			}
		}
		out = appendSafe(out, string(b[:i]), true)
		if b = b[i:]; len(b) == 0 {
			break
		}
		switch b[0] {
		case '\n':
			out, b = l.newline(out), b[1:]
		case '\r':
			if len(b) == 1 {
				l.held = []byte{'\r'}
				return out
			}
			if b[1] != '\n' {
				out = l.newline(out)
			}
			b = b[1:]
		default:
			n, whole := sgr(b)
			if !whole && n == len(b) && n < maxSGR {
				l.held = append([]byte(nil), b...)
				return out
			}
			if !whole {
				n = 1
				out = appendSafe(out, "\x1b", false)
			} else {
				l.colored = true
				out = append(out, b[:n]...)
			}
			b = b[n:]
		}
	}
	return out
}

func (l *Log) newline(out []byte) []byte {
	if l.colored {
		out, l.colored = append(out, "\x1b[0m"...), false
	}
	return append(out, '\n')
}

// End returns what was waited for in vain, and ends colours.
func (l *Log) End() []byte {
	out := appendSafe(nil, string(bytes.TrimRight(l.held, "\r")), true)
	if l.colored {
		out = append(out, "\x1b[0m"...)
	}
	*l = Log{}
	return out
}

// sgr is the length of the sequence of colours that b begins with, and whether it is
// whole; of another one it is how much of b could have been one.
func sgr(b []byte) (int, bool) {
	if len(b) < 2 {
		return len(b), false
	}
	if b[1] != '[' {
		return 1, false
	}
	for i := 2; i < len(b) && i < maxSGR; i++ {
		switch c := b[i]; {
		case c == 'm':
			return i + 1, true
		case (c < '0' || c > '9') && c != ';' && c != ':':
			return i, false
		}
	}
	return min(len(b), maxSGR), false
}
