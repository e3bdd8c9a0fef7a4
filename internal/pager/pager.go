// Package pager shows long output a screen at a time, as git and gh do.
package pager

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"unicode/utf8"
)

// Command is the pager that an environment asks for: TARE_PAGER, else PAGER, else less
// if it is installed. It is "" where output is not to be paged: NO_PAGER is set, the
// pager is empty or cat, or the terminal cannot be drawn on.
func Command(lookup func(string) (string, bool)) string {
	get := func(name string) string { v, _ := lookup(name); return v }
	if get("NO_PAGER") != "" || get("TERM") == "dumb" {
		return ""
	}
	for _, name := range []string{"TARE_PAGER", "PAGER"} {
		if v, set := lookup(name); set {
			if v = strings.TrimSpace(v); v == "cat" {
				return ""
			}
			return v
		}
	}
	if _, err := exec.LookPath("less"); err != nil {
		return ""
	}
	return "less"
}

// Fits tells whether text fits a terminal of so many columns and lines, with a line left
// for the shell's prompt. A height of 0 is one that is not known: nothing fits.
func Fits(text []byte, columns, lines int) bool {
	used := 0
	for line := range bytes.Lines(text) {
		used += 1 + (max(1, visible(line))-1)/max(1, columns)
		if used >= lines {
			return false
		}
	}
	return true
}

// visible is how many columns a line takes, without colours.
func visible(line []byte) int {
	n := 0
	for len(line) > 0 {
		if rest, ok := bytes.CutPrefix(line, []byte("\x1b[")); ok {
			if end := bytes.IndexByte(rest, 'm'); end >= 0 {
				line = rest[end+1:]
				continue
			}
		}
		r, size := utf8.DecodeRune(line)
		if r != '\n' {
			n++
		}
		line = line[size:]
	}
	return n
}

// Show pipes text through a pager, and returns when the user has left it. Until then
// Ctrl-C is the pager's; what else ends a program ends the pager first. An error is that
// the pager could not be started, and nothing was shown.
func Show(command string, text []byte, out io.Writer) error {
	c := shell(command)
	c.Stdout, c.Stderr = out, os.Stderr
	c.Env = environment(os.Environ())
	in, err := c.StdinPipe()
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, endings()...)
	defer signal.Stop(signals)
	if err := c.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() {
		_, _ = in.Write(text) // a user who leaves early breaks the pipe: that is no error
		_ = in.Close()
		ended <- c.Wait()
	}()
	for {
		select {
		case s := <-signals:
			if s != os.Interrupt {
				_ = c.Process.Signal(s)
			}
		case err := <-ended:
			if code := exitCode(err); code == 126 || code == 127 {
				return fs.ErrNotExist // the shell did not find it
			}
			return nil
		}
	}
}

// exitCode is that of a program that ended with err; -1 if it has none.
func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return -1
}

// environment adds git's settings for pagers that have none: quit if everything fits,
// keep colours, leave the text on the screen.
func environment(env []string) []string {
	for _, v := range []string{"LESS=FRX", "LV=-c"} {
		name, _, _ := strings.Cut(v, "=")
		if !slices.ContainsFunc(env, func(kv string) bool { return strings.HasPrefix(kv, name+"=") }) {
			env = append(env, v)
		}
	}
	return env
}

// shell runs a command line: as it stands if it has only words, else with a shell.
func shell(command string) *exec.Cmd {
	if words := strings.Fields(command); !strings.ContainsAny(command, "|&;<>()$`\\\"'*?[#~=%") {
		return exec.Command(words[0], words[1:]...)
	}
	return exec.Command("sh", "-c", command)
}
