package printer

import (
	"io"
	"os"

	"golang.org/x/term"

	"tare/internal/screen"
)

// Terminal tells whether w is one, and its width in columns, 80 where that is not known.
func Terminal(w io.Writer) (bool, int) {
	if p, ok := w.(*paged); ok {
		w = p.on
	}
	f, ok := screen.Raw(w).(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return false, 80
	}
	n, _, err := term.GetSize(int(f.Fd()))
	if err != nil || n < 40 {
		n = 80
	}
	return true, n
}

// Data is standard output for what other programs read: on a terminal a person reads
// it, and it is cleaned like all else.
func (p *Printer) Data() io.Writer {
	if tty, _ := Terminal(p.Out); tty {
		return p.Out
	}
	return screen.Raw(p.Out)
}

// colored tells whether w gets colours: only terminals do, and not with NO_COLOR.
func (p *Printer) colored(w io.Writer) bool {
	tty, _ := Terminal(w)
	return tty && p.Env("NO_COLOR") == "" && p.Env("TERM") != "dumb"
}
