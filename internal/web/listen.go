// Package web serves a page about images, and their files on demand, to the browser of the
// user who started it: on loopback only, at an address with a secret in it. It reads what it
// was given and nothing else: no path of a request is ever one of this machine.
package web

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"golang.org/x/net/netutil"
	"golang.org/x/sync/errgroup"
)

// The bounds of what a client may take of this process.
const (
	maxConnections = 128
	maxHeader      = 16 << 10 // bytes
	headerTime     = 5 * time.Second
	idleTime       = 2 * time.Minute
	// stallTime is how long an answer may wait for a client that takes nothing of it.
	stallTime = time.Minute
	// endTime is how long requests that run have to end when the server does.
	endTime = time.Second
)

// Listener listens on the loopback addresses of this machine.
type Listener struct {
	port  int
	on    []net.Listener
	token string
}

// Listen listens on a port of 127.0.0.1 and, where there is one, of ::1, so that no other
// user of the machine can answer for one of them. Port 0 is any that is free. An error says
// which port it is about.
func Listen(port int) (*Listener, error) {
	var err error
	for range 20 {
		l := &Listener{port: port, token: rand.Text()}
		if err = l.listen(); err == nil {
			return l, nil
		}
		l.Close()
		if port != 0 {
			return nil, fmt.Errorf("--port %d: %w: choose another, or leave --port out", port, cause(err))
		}
	}
	return nil, fmt.Errorf("no port of this machine is free: %w", cause(err))
}

func (l *Listener) listen() error {
	four, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(l.port)))
	if err != nil {
		return err
	}
	l.on = append(l.on, four)
	l.port = four.Addr().(*net.TCPAddr).Port
	six, err := net.Listen("tcp6", net.JoinHostPort("::1", strconv.Itoa(l.port)))
	if err == nil {
		l.on = append(l.on, six)
		return nil
	}
	any6, none := net.Listen("tcp6", "[::1]:0")
	if none != nil {
		return nil // a machine without IPv6
	}
	_ = any6.Close()
	return err
}

// cause is why a port cannot be had, without the address, which the message has.
func cause(err error) error {
	var n *net.OpError
	var s *os.SyscallError
	if errors.As(err, &n) {
		err = n.Err
	}
	if errors.As(err, &s) {
		err = s.Err
	}
	return err
}

// Address is the page's, with the secret.
func (l *Listener) Address() string {
	return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(l.port)) + "/" + l.token + "/"
}

// Port is the one that is listened on.
func (l *Listener) Port() int { return l.port }

// Close stops listening.
func (l *Listener) Close() {
	for _, o := range l.on {
		_ = o.Close()
	}
}

// Serve answers until ctx ends; that is no error. It closes the listener.
func (l *Listener) Serve(ctx context.Context, c Config) error {
	defer l.Close()
	s := &http.Server{
		Handler:           newHandler(l, c),
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       2 * headerTime,
		WriteTimeout:      stallTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          log.New(io.Discard, "", 0),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	stopped := context.AfterFunc(ctx, func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
		defer cancel()
		if s.Shutdown(end) != nil {
			_ = s.Close()
		}
	})
	defer stopped()
	var g errgroup.Group
	for _, o := range l.on {
		g.Go(func() error {
			err := s.Serve(netutil.LimitListener(o, maxConnections))
			if !errors.Is(err, http.ErrServerClosed) {
				_ = s.Close() // one address is not enough
				return err
			}
			return nil
		})
	}
	return g.Wait()
}
