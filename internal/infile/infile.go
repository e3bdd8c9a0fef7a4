// Package infile reads what a user named: files, pipes, standard input. Reading from a
// pipe can block without end; here it ends when the command does.
package infile

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
)

// Open opens a file to read. To open a pipe that nobody writes to takes until somebody
// does: it is waited for as long as ctx lasts.
func Open(ctx context.Context, name string) (*os.File, error) {
	fi, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if fi.Mode().IsRegular() || fi.IsDir() {
		return os.Open(name)
	}
	type opened struct {
		f   *os.File
		err error
	}
	ch := make(chan opened, 1)
	go func() {
		f, err := os.Open(name)
		ch <- opened{f, err}
	}()
	select {
	case o := <-ch:
		return o.f, o.err
	case <-ctx.Done():
		// The goroutine stays behind: no system ends an open that waits.
		return nil, fmt.Errorf("open %s: %w", name, ctx.Err())
	}
}

const (
	chunkSize = 256 << 10 // bytes
	chunks    = 2         // one is read while the other is used
)

// Reader reads r as long as ctx lasts: a Read that waits ends with ctx's error. What was
// read ahead is lost for others that read r afterwards.
func Reader(ctx context.Context, r io.Reader) io.Reader {
	return &reader{ctx: ctx, r: r, full: make(chan chunk), free: make(chan []byte, chunks)}
}

type chunk struct {
	buf, data []byte
	err       error
}

type reader struct {
	ctx   context.Context
	r     io.Reader
	begin sync.Once
	full  chan chunk
	free  chan []byte
	cur   chunk
}

// Read implements io.Reader.
func (x *reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	x.begin.Do(func() {
		for range chunks {
			x.free <- make([]byte, chunkSize)
		}
		go x.pump()
	})
	for len(x.cur.data) == 0 {
		if x.cur.err != nil {
			return 0, x.cur.err
		}
		if x.cur.buf != nil {
			x.free <- x.cur.buf
			x.cur.buf = nil
		}
		select {
		case x.cur = <-x.full:
		case <-x.ctx.Done():
			return 0, x.ctx.Err()
		}
	}
	n := copy(p, x.cur.data)
	x.cur.data = x.cur.data[n:]
	return n, nil
}

func (x *reader) pump() {
	for {
		var buf []byte
		select {
		case buf = <-x.free:
		case <-x.ctx.Done():
			return
		}
		n, err := x.r.Read(buf)
		select {
		case x.full <- chunk{buf, buf[:n], err}:
		case <-x.ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}
