package container

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/containerd/console"
	"golang.org/x/sys/unix"

	"tare/internal/engine"
)

func mountFlags(path string) (int64, error) {
	var st unix.Statfs_t
	err := unix.Statfs(path, &st)
	return int64(st.Flags), err
}

// start runs the OCI runtime in the foreground until the program ends.
func (b *bundle) start(ctx context.Context, r engine.Run) (int, error) {
	if err := b.lookPath(r); err != nil {
		return 0, err
	}
	log := b.path("runtime.log")
	state := filepath.Join(b.root, "runc")
	cmd := exec.Command(b.rt.Path, "--root", state, "--log", log, "--log-format", "json", "run", "--bundle", b.dir, b.id)
	cmd.Stdout, cmd.Stderr = r.Stdout, r.Stderr
	// The runtime dies with tare; the program itself may survive it, the next
	// start sweeps it away.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	finish, err := b.connect(cmd, r)
	if err != nil {
		return 0, &engine.StartError{Code: 125, Err: err}
	}
	// The runtime makes directories in the container that a volume or -w names. The
	// user's umask must not close them to the container's user.
	if err := WithUmask(0o022, cmd.Start); err != nil {
		finish()
		return 0, &engine.StartError{Code: 125, Err: err}
	}
	ended := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { b.forward(ctx, cmd, r, ended) })
	err = cmd.Wait()
	close(ended)
	finish()
	wg.Wait()
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case !errors.As(err, &exit):
		return 0, &engine.StartError{Code: 125, Err: err}
	}
	if why := runtimeError(log); why != "" {
		return 0, &engine.StartError{Code: startCode(why), Err: errors.New(why)}
	}
	if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal()), nil
	}
	return exit.ExitCode(), nil
}

// connect gives the runtime its standard streams. finish undoes it.
func (b *bundle) connect(cmd *exec.Cmd, r engine.Run) (finish func(), err error) {
	finish = func() {}
	switch {
	case r.TTY && r.Stdin != nil && isTerminal(r.Stdin):
		// The runtime itself proxies between our terminal and the program's: raw
		// mode, resizing, Ctrl-C and Ctrl-D are its business.
		con, err := console.ConsoleFromFile(r.Stdin)
		if err != nil {
			return nil, err
		}
		cmd.Stdin = r.Stdin
		return func() { _ = con.Reset() }, nil
	case r.TTY:
		return connectPTY(cmd, r)
	}
	// A process group of its own, so that a signal from our terminal does not
	// reach the program twice: once by the kernel and once by us.
	cmd.SysProcAttr.Setpgid = true
	if r.Stdin == nil {
		return finish, nil
	}
	// A pipe between, since a group in the background may not read a terminal, and
	// Wait must not hang on a reader that blocks.
	pr, pw, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdin = pr
	go func() {
		_, _ = io.Copy(pw, r.Stdin)
		_ = pw.Close()
	}()
	return func() { _ = pr.Close() }, nil
}

// connectPTY gives the program a terminal where tare has none.
func connectPTY(cmd *exec.Cmd, r engine.Run) (func(), error) {
	ptm, name, err := console.NewPty()
	if err != nil {
		return nil, fmt.Errorf("allocate a terminal: %w", err)
	}
	pts, err := os.OpenFile(name, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("allocate a terminal: %w", err), ptm.Close())
	}
	cmd.SysProcAttr.Setsid, cmd.SysProcAttr.Setctty = true, true
	cmd.Stdin, cmd.Stdout, cmd.Stderr = pts, pts, pts
	_ = ptm.Resize(console.WinSize{Height: 24, Width: 80})
	if r.Stdin != nil {
		go func() { _, _ = io.Copy(ptm, r.Stdin) }()
	}
	copied := make(chan struct{})
	go func() {
		_, _ = io.Copy(r.Stdout, ptm) // ends with EIO when the last pts is closed
		close(copied)
	}()
	return func() {
		_ = pts.Close()
		select {
		case <-copied:
		case <-time.After(time.Second):
		}
		_ = ptm.Close()
	}, nil
}

func isTerminal(f *os.File) bool {
	_, err := console.ConsoleFromFile(f)
	return err == nil
}

// forward passes signals on to the runtime, which passes them to the program. When
// ctx ends, the program is killed.
func (b *bundle) forward(ctx context.Context, cmd *exec.Cmd, r engine.Run, ended <-chan struct{}) {
	terminal := r.TTY && r.Stdin != nil && isTerminal(r.Stdin)
	for {
		select {
		case <-ended:
			return
		case <-ctx.Done():
			kill := exec.Command(b.rt.Path, "--root", filepath.Join(b.root, "runc"), "kill", b.id, "KILL")
			if kill.Run() != nil {
				_ = cmd.Process.Kill()
			}
			<-ended
			return
		case s := <-r.Signal:
			if terminal && s == syscall.SIGWINCH {
				continue // the runtime is in our terminal's foreground group
			}
			_ = cmd.Process.Signal(s)
		}
	}
}

// runtimeError is the last error in the runtime's log: why a container did not
// start. A program that ran and failed leaves none.
func runtimeError(log string) string {
	f, err := os.Open(log)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	last := ""
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var line struct{ Level, Msg string }
		if json.Unmarshal(sc.Bytes(), &line) == nil && line.Level == "error" {
			last = line.Msg
		}
	}
	for _, p := range []string{"runc run failed: ", "unable to start container process: ", "container_linux.go"} {
		if _, after, ok := strings.Cut(last, p); ok && after != "" && !strings.HasPrefix(p, "container_") {
			last = after
		}
	}
	return last
}

// startCode is Docker's exit code for the reason that the runtime gives.
func startCode(why string) int {
	switch {
	case strings.Contains(why, "executable file not found"), strings.Contains(why, "no such file or directory"):
		return 127
	case strings.Contains(why, "permission denied"), strings.Contains(why, "is a directory"), strings.Contains(why, "exec format error"):
		return 126
	}
	return 125
}
