package viewer

import (
	"errors"
	"io"
	"os"
	"slices"

	"golang.org/x/term"

	"tare/internal/screen"
	"tare/internal/tui"
)

// Terminal is the one that standard input and output are. Where there is none, or one that
// cannot be drawn on (TERM=dumb), the error says what to use instead.
func Terminal(in *os.File, out io.Writer, env []string) (tui.Terminal, error) {
	o, ok := screen.Raw(out).(*os.File)
	switch {
	case slices.Contains(env, "TERM=dumb"):
		return tui.Terminal{}, errors.New("view: TERM=dumb cannot be drawn on: use tare weigh (tare compare for several images), or --web in a browser")
	case in == nil || !ok || !term.IsTerminal(int(in.Fd())) || !term.IsTerminal(int(o.Fd())):
		return tui.Terminal{}, errors.New("view: standard input and output are no terminal: use tare weigh (tare compare for several images), or --web in a browser")
	}
	return tui.Terminal{In: in, Out: o, Env: env}, nil
}
