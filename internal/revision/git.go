package revision

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"tare/internal/logs"
)

// ErrNoGit says that the program git is not there.
var ErrNoGit = errors.New("commits are read with git, which is not installed")

// still are settings with which git does what it is asked for and nothing else: what a
// repository's own configuration says otherwise is overruled.
var still = []string{
	"--no-pager", "--no-replace-objects", "--literal-pathspecs",
	"-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull, "-c", "protocol.allow=never",
}

// kept are the variables of git that say whom the user trusts (safe.directory). All others
// go: in a hook GIT_DIR and GIT_INDEX_FILE name another repository than the directory does.
var kept = []string{"GIT_CONFIG_COUNT", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"}

// environment is the one that git gets.
func environment() []string {
	var out []string
	for _, e := range os.Environ() {
		name, _, _ := strings.Cut(e, "=")
		own := strings.HasPrefix(strings.ToUpper(name), "GIT_")
		trust := slices.Contains(kept, name) || strings.HasPrefix(name, "GIT_CONFIG_KEY_") || strings.HasPrefix(name, "GIT_CONFIG_VALUE_")
		if own && !trust || name == "LC_ALL" || name == "LANGUAGE" {
			continue
		}
		out = append(out, e)
	}
	// Objects that a partial clone lacks are not fetched.
	return append(out, "LC_ALL=C", "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0")
}

// command is git in a directory.
func command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, "git", slices.Concat([]string{"-C", dir}, still, args)...)
	c.Env = environment()
	return c
}

// failed is an error of git, with what it said.
type failed struct {
	said string
	err  error
}

// Error implements error.
func (f *failed) Error() string {
	if f.said != "" {
		return "git: " + f.said
	}
	return "git: " + f.err.Error()
}

// Unwrap returns the reason.
func (f *failed) Unwrap() error { return f.err }

// run returns what git prints. An error is ctx's, ErrNoGit or a *failed.
func run(ctx context.Context, dir string, args ...string) (_ []byte, err error) {
	done := logs.Took("run git", "arguments", strings.Join(args, " "), "in", dir)
	defer func() { done(err) }()
	c := command(ctx, dir, args...)
	var out, said bytes.Buffer
	c.Stdout, c.Stderr = &out, &limited{&said, 4096}
	if err := c.Run(); err != nil {
		return nil, told(ctx, err, said.String())
	}
	return out.Bytes(), nil
}

// told makes the error of a command of git one that says what git said.
func told(ctx context.Context, err error, said string) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return ErrNoGit
	}
	said = strings.TrimSpace(said)
	for _, mark := range []string{"fatal: ", "error: "} {
		said = strings.TrimPrefix(said, mark)
	}
	return &failed{said, err}
}

// limited keeps the first bytes of what is written.
type limited struct {
	w    io.Writer
	left int
}

// Write implements io.Writer.
func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	if _, err := l.w.Write(p[:n]); err != nil {
		return 0, fmt.Errorf("keep what git says: %w", err)
	}
	return len(p), nil
}
