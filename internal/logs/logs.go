// Package logs is what tare tells of its own work with --verbose and --debug: which files
// it opens, what a cache had, what registries were asked and how long they took. It costs
// nothing while nobody wants to know, and never tells what is secret.
package logs

import (
	"context"
	"io"
	"log/slog"
	"sync/atomic"
	"time"
)

// current is where lines go; nil where nobody wants them.
var current atomic.Pointer[slog.Logger]

// Level says how much is told.
type Level int

// The levels: nothing, what --verbose tells, and what --debug tells besides.
const (
	Off Level = iota
	Verbose
	Debug
)

// Start writes lines to w from now on, each with the seconds since then. With Debug, what
// the libraries tell through log/slog is among them.
func Start(w io.Writer, level Level) {
	if level == Off {
		current.Store(nil)
		slog.SetDefault(slog.New(slog.DiscardHandler))
		return
	}
	least := slog.LevelInfo
	if level == Debug {
		least = slog.LevelDebug
	}
	start := time.Now()
	l := slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: least, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			return slog.String("at", seconds(time.Since(start)))
		}
		return clean(a)
	}}))
	current.Store(l)
	if level == Debug {
		slog.SetDefault(slog.New(lower{l.Handler()}))
		slog.SetLogLoggerLevel(slog.LevelDebug)
	} else {
		slog.SetDefault(slog.New(slog.DiscardHandler))
	}
}

// On tells whether anybody wants to know: what costs time to say is worked out only then.
func On() bool { return current.Load() != nil }

// Info tells what --verbose shows: a short text, then keys and values.
func Info(text string, a ...any) {
	if l := current.Load(); l != nil {
		l.Info(text, a...)
	}
}

// Detail tells what only --debug shows.
func Detail(text string, a ...any) {
	if l := current.Load(); l != nil {
		l.Debug(text, a...)
	}
}

// Took begins to measure work that Info tells of when the function that it returns is
// called, with how long it took, and why it failed if it did.
func Took(text string, a ...any) (done func(error)) {
	if !On() {
		return func(error) {}
	}
	return took(text, time.Now(), a)
}

// took is a function of its own so that what it keeps costs Took nothing.
func took(text string, start time.Time, a []any) func(error) {
	return func(err error) {
		more := append(a, "took", seconds(time.Since(start)))
		if err != nil {
			more = append(more, "error", err.Error())
		}
		Info(text, more...)
	}
}

func seconds(d time.Duration) string { return d.Round(100 * time.Microsecond).String() }

// lower is a handler to which all that libraries tell is a detail.
type lower struct{ slog.Handler }

// Handle implements slog.Handler.
func (l lower) Handle(ctx context.Context, r slog.Record) error {
	r.Level = slog.LevelDebug
	return l.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (l lower) WithAttrs(a []slog.Attr) slog.Handler { return lower{l.Handler.WithAttrs(a)} }

// WithGroup implements slog.Handler.
func (l lower) WithGroup(name string) slog.Handler { return lower{l.Handler.WithGroup(name)} }
