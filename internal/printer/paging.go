package printer

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"tare/internal/pager"
	"tare/internal/screen"
	"tare/internal/target"
)

// paged is what a pager will show on a terminal. It looks as the terminal does.
type paged struct {
	bytes.Buffer
	on *os.File
}

// promptly calls write, which may have much to lay out and to print, and does not wait for
// it when the user has left.
func (p *Printer) promptly(write func() error) error {
	_, err := target.Compute(p.Context, &target.Finder{}, "", "", func() (bool, error) { return true, write() })
	return err
}

// Show calls write with standard output. On a terminal, what does not fit its screen goes
// through the user's pager. The engine is closed first: while somebody reads, others may
// build.
func (p *Printer) Show(write func(io.Writer) error) error {
	raw := screen.Raw(p.Out) // documents are clean, and have colours of tare's own
	f, _ := raw.(*os.File)
	command := ""
	if tty, _ := Terminal(raw); tty && !p.NoPager {
		command = pager.Command(os.LookupEnv)
	}
	if command == "" {
		return p.promptly(func() error { return write(raw) })
	}
	text := &paged{on: f}
	if err := p.promptly(func() error { return write(text) }); err != nil {
		return err
	}
	columns, lines, err := term.GetSize(int(f.Fd()))
	if err == nil && !pager.Fits(text.Bytes(), columns, lines) {
		if err := p.Close(); err != nil {
			return err
		}
		if err = pager.Show(command, text.Bytes(), f); err == nil {
			return nil
		}
		p.Note(fmt.Sprintf("the pager %q cannot be started; set PAGER, or use --no-pager", command))
	}
	_, err = f.Write(text.Bytes())
	return err
}
