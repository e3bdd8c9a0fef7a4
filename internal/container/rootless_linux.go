package container

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/moby/sys/userns"
	"golang.org/x/sys/unix"
)

// stageEnv tells the re-executed program how far it is: "1" waits for its ids to
// be mapped and executes itself again, which gives it its capabilities back; "2"
// is the one that works.
const stageEnv = "_TARE_USERNS"

// Rootless tells whether this process is root only of its own user namespace.
func Rootless() bool { return os.Getenv(stageEnv) == "2" && userns.RunningInUserNS() }

// EnterRootless returns at once for root. For others it runs this program again,
// with the same arguments, as root of a new user and mount namespace with the
// user's subordinate ids, and exits with its code; in that inner process it
// returns. Nothing may have been read from standard input before.
func EnterRootless() error {
	switch os.Getenv(stageEnv) {
	case "1":
		_, _ = io.Copy(io.Discard, os.NewFile(3, "mapped"))
		if err := os.Setenv(stageEnv, "2"); err != nil {
			return err
		}
		return syscall.Exec("/proc/self/exe", os.Args, os.Environ())
	case "2":
		// Getting capabilities by the second execution made the kernel forget that we
		// are to die with the process outside.
		if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(syscall.SIGKILL), 0, 0, 0); err != nil {
			return err
		}
		// Our mounts must not depend on the host's, nor reach it.
		return syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_SLAVE, "")
	}
	if os.Geteuid() == 0 {
		return nil
	}
	code, err := enter()
	if err != nil {
		return fmt.Errorf("run without root: %w", err)
	}
	os.Exit(code)
	return nil
}

// StageOne must be called first thing in main: it finishes the mapping handshake
// of EnterRootless before anything else happens in the re-executed program.
func StageOne() error {
	if os.Getenv(stageEnv) == "1" {
		return EnterRootless()
	}
	return nil
}

// mapping is the part of the user's ids that a tool maps.
type mapping struct {
	tool, file, id string
	subordinate    [2]string // first and how many
}

// mappings finds the tools and the user's subordinate ids. The error says what to do.
func mappings() ([]mapping, error) {
	me, err := user.Current()
	if err != nil { // without a name or a home: subordinate ids may go by the number
		me = &user.User{Uid: strconv.Itoa(os.Getuid()), Gid: strconv.Itoa(os.Getgid())}
	}
	maps := []mapping{{tool: "newuidmap", file: "/etc/subuid", id: me.Uid}, {tool: "newgidmap", file: "/etc/subgid", id: me.Gid}}
	for i, m := range maps {
		if _, err := exec.LookPath(m.tool); err != nil {
			return nil, fmt.Errorf("%s is not on PATH; install the package uidmap (Debian, Ubuntu) or shadow-utils (Fedora)", m.tool)
		}
		if maps[i].subordinate, err = subordinate(m.file, me); err != nil {
			return nil, err
		}
	}
	return maps, nil
}

// Mappable says why no ids can be mapped into a user namespace, and what to do; nil if
// nothing is missing.
func Mappable() error {
	_, err := mappings()
	return err
}

func enter() (int, error) {
	maps, err := mappings()
	if err != nil {
		return 0, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{r}
	cmd.Env = append(os.Environ(), stageEnv+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	sigs := make(chan os.Signal, 8)
	signal.Notify(sigs)
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("create a user namespace: %w; the kernel may forbid it (sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns)", err)
	}
	_ = r.Close()
	for _, m := range maps {
		out, err := exec.Command(m.tool, fmt.Sprint(cmd.Process.Pid), "0", m.id, "1", "1", m.subordinate[0], m.subordinate[1]).CombinedOutput()
		if err != nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			return 0, fmt.Errorf("%s: %w: %s", m.tool, err, strings.TrimSpace(string(out)))
		}
	}
	_ = w.Close()
	go func() {
		for s := range sigs {
			switch s {
			case syscall.SIGINT, syscall.SIGQUIT:
				// From a terminal's keys the inner program has them too: they go to
				// the whole group in the foreground.
				if inForeground() {
					continue
				}
				_ = cmd.Process.Signal(s)
			case syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2:
				_ = cmd.Process.Signal(s)
			}
		}
	}()
	err = cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, err
	}
	if ws, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal()), nil
	}
	return cmd.ProcessState.ExitCode(), nil
}

// inForeground tells whether this process is in the foreground of a terminal.
func inForeground() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false // none controls us
	}
	defer func() { _ = tty.Close() }()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// OwnRuntimeDir is where the OCI runtime keeps its state where the user has no
// XDG_RUNTIME_DIR.
func OwnRuntimeDir(root string, sub ...string) string {
	return filepath.Join(append([]string{root, "runtime"}, sub...)...)
}

// PrepareRuntimeDir gives the OCI runtime a place that an ordinary user may write to: its
// default is /run, unless XDG_RUNTIME_DIR is set, and only a login sets that, not
// su, cron or a CI job. BuildKit's executor has no option for it.
func PrepareRuntimeDir(root string) error {
	if d := os.Getenv("XDG_RUNTIME_DIR"); !Rootless() || d != "" && unix.Access(d, unix.W_OK) == nil {
		return nil
	}
	if err := os.MkdirAll(OwnRuntimeDir(root), 0o700); err != nil {
		return err
	}
	return os.Setenv("XDG_RUNTIME_DIR", OwnRuntimeDir(root))
}

// subordinate finds the range of ids that file gives to the user.
func subordinate(file string, me *user.User) ([2]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return [2]string{}, fmt.Errorf("subordinate ids: %w", err)
	}
	defer func() { _ = f.Close() }()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		p := strings.Split(sc.Text(), ":")
		if len(p) == 3 && p[0] != "" && (p[0] == me.Username || p[0] == me.Uid) {
			return [2]string{p[1], p[2]}, nil
		}
	}
	name := cmp.Or(me.Username, me.Uid)
	return [2]string{}, fmt.Errorf("%s has no entry for %s; add one as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 %s", file, name, name)
}
