package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// trap waits for a signal, prints its name and exits with the given code.
func trap(args []string, w io.Writer) error {
	ch := make(chan os.Signal, 8)
	signal.Notify(ch, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGQUIT)
	_ = say(w, "ready")
	select {
	case s := <-ch:
		_ = say(w, "got "+s.String())
	case <-time.After(30 * time.Second):
		_ = say(w, "no signal came")
		os.Exit(99)
	}
	os.Exit(number(args[0]))
	return nil
}

// orphan starts a child whose own child outlives it and so falls to PID 1.
func orphan(args []string, _ io.Writer) error {
	self := "/proc/self/exe"
	if len(args) > 0 {
		c := exec.Command(self, "sleep", "0.1")
		return c.Start() // and leave at once
	}
	if err := exec.Command(self, "orphan", "leave").Run(); err != nil {
		return err
	}
	time.Sleep(500 * time.Millisecond)
	return zombies(nil, os.Stdout)
}

func zombies(_ []string, w io.Writer) error {
	n := 0
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range files {
		b, _ := os.ReadFile(f)
		if i := strings.LastIndexByte(string(b), ')'); i > 0 && strings.HasPrefix(string(b[i:]), ") Z") {
			n++
		}
	}
	return say(w, fmt.Sprintf("zombies: %d", n))
}

type winsize struct{ rows, cols, x, y uint16 }

func size(fd uintptr) (winsize, bool) {
	var ws winsize
	_, _, e := syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&ws)))
	return ws, e == 0
}

// tty tells about the terminal: its size, and each new size until a line comes;
// with an argument only the first.
func tty(args []string, w io.Writer) error {
	ws, ok := size(0)
	if !ok {
		return say(w, "not a terminal")
	}
	// Before the first line: whoever reads it may send a signal at once.
	ch := make(chan os.Signal, 8)
	signal.Notify(ch, syscall.SIGWINCH, syscall.SIGINT)
	_ = say(w, fmt.Sprintf("size %dx%d", ws.cols, ws.rows))
	if len(args) > 0 {
		return nil
	}
	line := make(chan string)
	go func() {
		s, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if err != nil {
			s = "end of input"
		}
		line <- strings.TrimSpace(s)
	}()
	for {
		select {
		case s := <-ch:
			if s == syscall.SIGINT {
				_ = say(w, "interrupted")
				os.Exit(7)
			}
			ws, _ := size(0)
			_ = say(w, fmt.Sprintf("size %dx%d", ws.cols, ws.rows))
		case s := <-line:
			return say(w, "line: "+s)
		}
	}
}

// lines counts, one line a tick, until it is ended.
func lines(args []string, w io.Writer) error {
	for n := range number(args[0]) {
		if err := say(w, fmt.Sprint("line ", n)); err != nil {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil
}
