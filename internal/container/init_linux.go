package container

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// InitMain is the small init of `run --init`. It does nothing unless this program
// was started under the name that initFiles gives it; then it does not return: it
// starts its arguments as a child, passes signals on, reaps orphans, and exits
// with the child's code.
func InitMain() {
	if filepath.Base(os.Args[0]) != filepath.Base(initPath) || os.Getpid() != 1 {
		return
	}
	// Where a loader started it, the kernel has the loader's name.
	_ = os.WriteFile("/proc/self/comm", []byte(filepath.Base(initPath)), 0)
	os.Exit(initMain(os.Args[1:]))
}

func initMain(args []string) int {
	if len(args) == 0 {
		return 127
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		fmt.Fprintf(os.Stderr, "exec: %v\n", err)
		if errors.Is(err, os.ErrPermission) {
			return 126
		}
		return 127
	}
	sigs := make(chan os.Signal, 64)
	signal.Notify(sigs)
	child, err := os.StartProcess(path, args, &os.ProcAttr{Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}})
	if err != nil {
		fmt.Fprintf(os.Stderr, "exec %s: %v\n", path, err)
		return 126
	}
	for s := range sigs {
		switch s {
		case syscall.SIGCHLD:
			if code, ended := reap(child.Pid); ended {
				return code
			}
		case syscall.SIGURG: // the Go runtime's own
		default:
			_ = child.Signal(s)
		}
	}
	return 0
}

// reap collects every child that has ended and tells whether pid was among them.
func reap(pid int) (code int, ended bool) {
	for {
		var ws unix.WaitStatus
		got, err := unix.Wait4(-1, &ws, unix.WNOHANG, nil)
		if err != nil || got <= 0 {
			return code, ended
		}
		if got == pid {
			ended = true
			code = ws.ExitStatus()
			if ws.Signaled() {
				code = 128 + int(ws.Signal())
			}
		}
	}
}
