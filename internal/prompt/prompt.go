// Package prompt asks whoever sits at the terminal. A question ends with the command
// that asks it, and the terminal is left as it was.
package prompt

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Prompt asks on a terminal.
type Prompt struct {
	In  *os.File
	Out io.Writer // where questions stand
}

// CanAsk tells whether there is a terminal to ask on.
func (p Prompt) CanAsk() bool { return term.IsTerminal(int(p.In.Fd())) }

// Line asks for a line of text.
func (p Prompt) Line(ctx context.Context, question string) (string, error) {
	_, _ = fmt.Fprint(p.Out, question)
	b, err := p.typed(ctx, func() ([]byte, error) { return bufio.NewReader(p.In).ReadBytes('\n') })
	return strings.TrimSpace(string(b)), err
}

// Secret asks for a text that is not shown while it is typed.
func (p Prompt) Secret(ctx context.Context, question string) (string, error) {
	_, _ = fmt.Fprint(p.Out, question)
	b, err := p.typed(ctx, func() ([]byte, error) { return term.ReadPassword(int(p.In.Fd())) })
	_, _ = fmt.Fprintln(p.Out)
	return string(b), err
}

// typed reads from the terminal until ctx ends.
func (p Prompt) typed(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	fd := int(p.In.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	type answer struct {
		b   []byte
		err error
	}
	ch := make(chan answer, 1)
	go func() {
		b, err := read()
		ch <- answer{b, err}
	}()
	select {
	case got := <-ch:
		return got.b, got.err
	case <-ctx.Done():
		_ = term.Restore(fd, before)
		return nil, ctx.Err()
	}
}

// Yes tells whether a line that was read as an answer means yes, as Docker reads it.
func Yes(line string) bool {
	s := strings.ToLower(strings.TrimSpace(line))
	return s == "y" || s == "yes"
}
