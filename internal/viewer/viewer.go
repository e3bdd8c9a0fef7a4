// Package viewer opens images to look around in: it finds and reads what the terminal of
// package tui shows, reads files and extracts them.
package viewer

import (
	"context"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"

	"tare/internal/compare"
	"tare/internal/garbage"
	"tare/internal/layer"
	"tare/internal/progress"
	"tare/internal/target"
	"tare/internal/tree"
	"tare/internal/tui"
	"tare/internal/weigh"
)

// Request says what to look at.
type Request struct {
	Words    []string
	Platform string
	// Lines are the instructions that an image was built from, and the name of their
	// file; nil if none is known.
	Lines func(built digest.Digest) (file string, lines []compare.Line)
}

// causeFiles is how many files are listed for each cause.
const causeFiles = 100

// leanPercent is by how much the heap may grow before garbage is collected: nearly all of
// it stays to the end. With 500,000 files that is 10 MB, and a few percent of the time.
const leanPercent = 10

// maxRead bounds the files that are shown, in bytes.
const maxRead = 4 << 20

// View finds images and shows them in a terminal until the user leaves.
func View(ctx context.Context, f *target.Finder, r Request, t tui.Terminal) error {
	// What pulls and builds have to say stands on the ordinary screen.
	s, err := Open(ctx, f, r)
	if err != nil {
		return err
	}
	defer s.Close()
	if f.Lean {
		// The facts of a large image stay as long as the viewer does.
		defer garbage.Often(leanPercent)()
	}
	return tui.Run(ctx, s, t)
}

// Session are opened images. It implements tui.Source.
type Session struct {
	finder  *target.Finder
	request Request
	set     *target.Set
	facts   []*weigh.Facts // once they are loaded
}

// Open finds the images of a request. Whoever opened a session closes it.
func Open(ctx context.Context, f *target.Finder, r Request) (*Session, error) {
	set, err := f.Open(ctx, r.Words, target.Options{Platform: r.Platform})
	if err != nil {
		return nil, err
	}
	return &Session{finder: f, request: r, set: set}, nil
}

// Close gives back what Open opened.
func (s *Session) Close() { s.set.Close() }

// Load implements tui.Source.
func (s *Session) Load(ctx context.Context, events progress.Func) (*tui.Data, error) {
	watch, note := s.finder.Watch, s.finder.Note
	defer func() { s.finder.Watch, s.finder.Note = watch, note }()
	s.finder.Watch = func() (progress.Func, func()) { return events, func() {} }
	s.finder.Note = func(text string) { events.Report(progress.Event{ID: text}) }
	facts, err := s.finder.Facts(ctx, s.set.Images)
	if err != nil {
		return nil, err
	}
	s.facts = facts
	out := new(tui.Data)
	var subjects []compare.Subject
	for n, i := range s.set.Images {
		one := tui.Image{Name: i.Name, Facts: facts[n]}
		sub := compare.Subject{Name: i.Name, Target: i.Arguments(), Facts: facts[n]}
		if s.request.Lines != nil {
			sub.Dockerfile, sub.Lines = s.request.Lines(i.Image.Target.Digest)
			one.Dockerfile = compare.Match(sub.Dockerfile, sub.Lines, i.Image)
		}
		out.Images, subjects = append(out.Images, one), append(subjects, sub)
	}
	if len(subjects) > 1 {
		out.Result, err = target.Compute(ctx, s.finder, "images", "Comparing", func() (*compare.Result, error) {
			return compare.Compare(subjects, compare.Options{Depth: causeFiles})
		})
	}
	return out, err
}

// Read implements tui.Source: it returns the whole content of a file, or an error for one
// of more than 4 MiB.
func (s *Session) Read(ctx context.Context, image int, r tree.Ref) (b []byte, err error) {
	e := s.facts[image].Tree.Entry(r)
	if e.Kind != layer.File || e.Size > maxRead {
		return nil, fmt.Errorf("%s has %d bytes: too many to show; e extracts it", e.Path, e.Size)
	}
	err = s.set.ReadEntries(ctx, image, int(r.Layer), []*layer.Entry{e}, func(_ int, r io.Reader) error {
		b, err = io.ReadAll(io.LimitReader(r, maxRead+1))
		return err
	})
	return b, err
}
