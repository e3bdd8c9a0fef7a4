package logs

import (
	"io"
	stdlog "log"

	"github.com/containerd/log"
	"github.com/sirupsen/logrus"
)

// Libraries decides what happens to what BuildKit's, containerd's and other libraries
// tell: nobody hears of it, or with Debug it is told as details. It comes after Start.
func Libraries(level Level) {
	l := logrus.StandardLogger()
	l.SetOutput(io.Discard)
	if level != Debug {
		_ = log.SetLevel("fatal") // it is not for people
		stdlog.SetOutput(io.Discard)
		return
	}
	_ = log.SetLevel("debug")
	l.ReplaceHooks(logrus.LevelHooks{})
	l.AddHook(hook{})
}

// hook tells what goes through logrus.
type hook struct{}

// Levels implements logrus.Hook.
func (hook) Levels() []logrus.Level { return logrus.AllLevels }

// Fire implements logrus.Hook.
func (hook) Fire(e *logrus.Entry) error {
	a := make([]any, 0, 2*len(e.Data)+2)
	for k, v := range e.Data {
		a = append(a, k, v)
	}
	Detail(e.Message, append(a, "library", true)...)
	return nil
}
