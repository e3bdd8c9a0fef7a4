//go:build !windows

package main

import (
	"errors"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// readers tells whether whoever reads what we print has gone, as head(1) does. Left alone,
// the first write after that would end the program at once, and containers, mounts and
// locks would be left behind: here it ends the command in order, as an interrupt does.
type readers struct{ left atomic.Bool }

// watchReaders calls gone, once, when something was printed for a reader who has gone.
func watchReaders(gone func()) *readers {
	r := &readers{}
	// From now on writes fail instead of ending the program. Programs that are started
	// have the signal as usual.
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGPIPE)
	go func() {
		for range c {
			// It may have been a connection, or a pipe to another program.
			if abandoned() != nil && r.left.CompareAndSwap(false, true) {
				gone()
			}
		}
	}()
	return r
}

// Gone tells whether that is why a command ended with err.
func (r *readers) Gone(err error) bool {
	// A write's error may be here before its signal is.
	return r.left.Load() || errors.Is(err, syscall.EPIPE) && abandoned() != nil
}

// end ends the program as the signal would have at the first write, so that shells and
// others see what they see of all commands of a pipe.
func (r *readers) end() {
	signal.Reset(syscall.SIGPIPE)
	if f := abandoned(); f != nil {
		_, _ = f.Write([]byte("\n")) // nobody reads it
	}
}

// abandoned is standard output or standard error if nobody is left to read it.
func abandoned() *os.File {
	for _, f := range []*os.File{os.Stdout, os.Stderr} {
		poll := []unix.PollFd{{Fd: int32(f.Fd())}}
		if n, err := unix.Poll(poll, 0); err == nil && n == 1 && poll[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0 {
			return f
		}
	}
	return nil
}
