package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/containerd/platforms"

	"tare/internal/display"
	"tare/internal/infile"
	"tare/internal/logs"
	"tare/internal/printer"
	"tare/internal/progress"
	"tare/internal/screen"
	"tare/internal/session"
	"tare/internal/settings"
	"tare/internal/target"
)

// output says how a report is written.
type output = printer.Options

// app is what commands share: the session, and the terminal.
type app struct {
	session.Session
	release func()
	ctx     context.Context // the program's: it ends with Ctrl-C
	print   printer.Printer
	quiet   bool // no progress
	verbose bool // tell what is done, on stderr
	debug   bool // the same with all details, and what libraries tell
	set     settings.Applied
	once    sync.Mutex
}

// newApp makes the app of one command line.
func newApp(ctx context.Context, s Streams, e session.Engines, release func()) *app {
	a := &app{release: release, ctx: ctx}
	a.Session = session.Session{Context: ctx, Env: os.Getenv, Engines: e, In: s.In, Out: s.Out, Err: s.Err, Note: a.note, Watch: a.watch,
		Pull: func(ctx context.Context, name, platform string, log io.Writer) error {
			if log == nil {
				log = a.Err
			}
			_, err := a.pull(ctx, name, platform, log, false)
			return err
		}}
	a.print = printer.Printer{Context: ctx, Out: s.Out, Env: os.Getenv, Note: a.note, Close: a.Close}
	return a
}

// note says something on stderr that a person may want to know while waiting.
func (a *app) note(text string) {
	a.once.Lock()
	defer a.once.Unlock()
	_, _ = fmt.Fprintf(a.Err, "tare: %s\n", screen.Indented(text))
}

// stdin is standard input to read as long as the command lasts: Ctrl-C ends a wait for
// somebody who writes nothing.
func (a *app) stdin() io.Reader { return infile.Reader(a.ctx, a.In) }

// platform is a --platform flag, or what the environment says, read.
func (a *app) platform(flag string) (platforms.MatchComparer, error) {
	return target.Platform(a.Platform(flag))
}

// watch shows slow work on stderr until done is called.
func (a *app) watch() (events progress.Func, done func()) {
	if a.quiet || logs.On() { // lines and drawings would mix
		return nil, func() {}
	}
	d := display.New(screenOf(a.Err), true)
	return d.Event, d.Clear
}

// screenOf tells a display where it writes.
func screenOf(w io.Writer) display.Terminal {
	tty, width := printer.Terminal(w)
	return display.Terminal{W: w, TTY: tty, Width: width}
}
