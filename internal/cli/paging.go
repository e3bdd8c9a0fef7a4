package cli

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
func (a *app) promptly(write func() error) error {
	_, err := target.Compute(a.ctx, &target.Finder{}, "", "", func() (bool, error) { return true, write() })
	return err
}

// show calls write with standard output. On a terminal, what does not fit its screen goes
// through the user's pager. The engine is closed first: while somebody reads, others may
// build.
func (a *app) show(write func(io.Writer) error) error {
	raw := screen.Raw(a.Out) // documents are clean, and have colours of tare's own
	f, _ := raw.(*os.File)
	command := ""
	if tty, _ := terminal(raw); tty && !a.noPager {
		command = pager.Command(os.LookupEnv)
	}
	if command == "" {
		return a.promptly(func() error { return write(raw) })
	}
	p := &paged{on: f}
	if err := a.promptly(func() error { return write(p) }); err != nil {
		return err
	}
	columns, lines, err := term.GetSize(int(f.Fd()))
	if err == nil && !pager.Fits(p.Bytes(), columns, lines) {
		if err := a.Close(); err != nil {
			return err
		}
		if err = pager.Show(command, p.Bytes(), f); err == nil {
			return nil
		}
		a.note(fmt.Sprintf("the pager %q cannot be started; set PAGER, or use --no-pager", command))
	}
	_, err = f.Write(p.Bytes())
	return err
}
