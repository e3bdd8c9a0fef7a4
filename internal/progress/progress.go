// Package progress carries "how far" events from slow work to whoever shows
// them. It never prints.
package progress

import "io"

// Event says how far one piece of work is.
type Event struct {
	ID     string // what is worked on: a short layer digest, an image
	Action string // what is done to it, in Docker's words: "Downloading", "Pull complete"
	Done   int64  // bytes done so far; 0 if not counted
	Total  int64  // bytes in all; 0 if not known
	Final  bool   // the last event for this ID
}

// Func receives events, possibly from several goroutines at once. A nil Func is
// valid and drops everything.
type Func func(Event)

// Report passes e on; it does nothing for a nil Func.
func (f Func) Report(e Event) {
	if f != nil {
		f(e)
	}
}

// Reader counts what is read through it and reports at most once every 256 KiB.
func (f Func) Reader(r io.Reader, id, action string, total int64) io.Reader {
	if f == nil {
		return r
	}
	return &reader{r: r, f: f, e: Event{ID: id, Action: action, Total: total}}
}

type reader struct {
	r        io.Reader
	f        Func
	e        Event
	reported int64
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.e.Done += int64(n)
	if r.e.Done-r.reported >= 256<<10 || (err == io.EOF && r.e.Done != r.reported) {
		r.reported = r.e.Done
		r.f(r.e)
	}
	return n, err
}

// Writer counts what is written through it, and reports as Reader does.
func (f Func) Writer(w io.Writer, id, action string, total int64) io.Writer {
	if f == nil {
		return w
	}
	return &writer{w: w, f: f, e: Event{ID: id, Action: action, Total: total}}
}

type writer struct {
	w        io.Writer
	f        Func
	e        Event
	reported int64
}

func (w *writer) Write(p []byte) (int, error) {
	n, err := w.w.Write(p)
	w.e.Done += int64(n)
	if w.e.Done-w.reported >= 256<<10 {
		w.reported = w.e.Done
		w.f(w.e)
	}
	return n, err
}
