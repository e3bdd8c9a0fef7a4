package watch

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"

	"tare/internal/engine"
)

// childEnv marks the environment of a watcher.
const childEnv = "_TARE_WATCH"

// Watcher is a watcher at work, as whoever started it sees it.
type Watcher struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	enc  *gob.Encoder
	seen engine.Seen
	said strings.Builder
	// Gone is closed when the watcher has ended; Err says why, if it was not asked to.
	Gone chan struct{}
	err  error
	up   chan reply
	once sync.Once
}

// Launch starts a watcher. It takes a moment to come up, in which other things can be
// prepared.
func Launch() (*Watcher, error) {
	w := &Watcher{Gone: make(chan struct{}), up: make(chan reply, 1)}
	w.cmd = exec.Command("/proc/self/exe", Command)
	w.cmd.Args[0] = os.Args[0]
	// Its threads must neither be preempted by signals while they wait for the kernel, nor
	// wait for one another.
	w.cmd.Env = append(os.Environ(), childEnv+"=1", "GOMAXPROCS=6", "GODEBUG=asyncpreemptoff=1", "GOTRACEBACK=single")
	w.cmd.Stderr = &w.said
	var err error
	if w.in, err = w.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := w.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the watcher: %w", err)
	}
	w.enc = gob.NewEncoder(w.in)
	go w.listen(out)
	return w, nil
}

// listen reads what the watcher tells until it ends.
func (w *Watcher) listen(out io.Reader) {
	defer close(w.Gone)
	dec := gob.NewDecoder(out)
	var r reply
	err := dec.Decode(&r)
	if err == nil {
		w.up <- r
		err = dec.Decode(&w.seen)
	}
	_, _ = io.Copy(io.Discard, out)
	if werr := w.cmd.Wait(); werr != nil {
		err = werr
	}
	if err != nil {
		w.err = fmt.Errorf("the watcher ended early: %w", err)
		if said := strings.TrimSpace(w.said.String()); said != "" {
			line, _, _ := strings.Cut(said, "\n")
			w.err = fmt.Errorf("%w: %s", w.err, line)
		}
	}
}

// Begin tells the watcher what to watch, and waits until it listens.
func (w *Watcher) Begin(c Config) error {
	if err := w.enc.Encode(c); err != nil {
		<-w.Gone
		return errors.Join(w.err, err)
	}
	select {
	case r := <-w.up:
		if r.Err != "" {
			return errors.New(r.Err)
		}
		return nil
	case <-w.Gone:
	}
	select {
	case r := <-w.up: // it said why before it ended
		if r.Err != "" {
			return errors.New(r.Err)
		}
	default:
	}
	return w.err
}

// End tells the watcher that the container has ended, and returns what it saw. It may be
// called again.
func (w *Watcher) End() (engine.Seen, error) {
	w.once.Do(func() {
		_ = w.enc.Encode(stop{Ended: true})
		_ = w.in.Close()
		<-w.Gone
	})
	return w.seen, w.err
}
