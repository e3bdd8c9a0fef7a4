package viewer

import (
	"io"
	"os"
	"slices"

	"golang.org/x/term"

	"tare/internal/request"
	"tare/internal/screen"
	"tare/internal/tui"
)

// Terminal is the one that standard input and output are. Where there is none, or one that
// cannot be drawn on (TERM=dumb), the error says what to use instead.
func Terminal(in *os.File, out io.Writer, env []string) (tui.Terminal, error) {
	o, ok := screen.Raw(out).(*os.File)
	switch {
	case slices.Contains(env, "TERM=dumb"):
		return tui.Terminal{}, request.Errorf("view: TERM=dumb is a terminal that cannot be drawn on; tare weigh and tare compare print the same facts")
	case in == nil || !ok || !term.IsTerminal(int(in.Fd())) || !term.IsTerminal(int(o.Fd())):
		return tui.Terminal{}, request.Errorf("view: this is no terminal; tare weigh and tare compare print the same facts")
	}
	return tui.Terminal{In: in, Out: o, Env: env}, nil
}
