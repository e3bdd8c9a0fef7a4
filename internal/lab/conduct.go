package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/experiment"
)

// Request says which experiment to run, and how.
type Request struct {
	At       string                               // the experiment file, or a directory with a tare.yaml
	Repeat   int                                  // how often to repeat what is timed; 0 for what the file says
	Parallel int                                  // builds at a time before anything is timed; 0 for one a core
	Resume   bool                                 // go on with the last run if it was interrupted
	Bench    func(images map[string]string) Bench // images are the names of the variants' images
	Runs     Runs
	Progress func(Progress)
	Note     func(text string) // tells the user something; may be nil
}

// Conduct runs an experiment and keeps its record. If ctx ends, it returns its error
// with the record as far as it is.
func Conduct(ctx context.Context, q Request) (*experiment.Record, error) {
	path, f, body, err := Open(q.At)
	if err != nil {
		return nil, err
	}
	if err := editable(path, body, f); err != nil {
		return nil, err
	}
	if len(f.Variants) == 0 && f.Matrix == nil {
		return nil, experiment.Fault(path, body, "$", "there are no variants: add some below variants: or matrix:")
	}
	if q.Repeat > 0 {
		f.Measure.Repeat = q.Repeat
	}
	if q.Parallel == 0 {
		q.Parallel = runtime.NumCPU()
	}
	now := time.Now()
	rec := &experiment.Record{Schema: experiment.Schema, ID: NewID(now), Name: f.Name, File: path, FileDigest: digest.FromBytes(body), Started: now, Variants: []experiment.Result{}, Timed: []experiment.TimedDifference{}}
	rec, release, err := q.claim(rec)
	if err != nil {
		return nil, err
	}
	defer release()
	variants, err := f.Expand()
	if err != nil {
		return nil, err
	}
	images, note, ended, err := q.Runs.imageNames(f.Name, path, variants)
	if err != nil {
		return nil, err
	}
	defer ended()
	if note != "" && q.Note != nil {
		q.Note(note)
	}
	r := &Runner{Bench: q.Bench(images), File: f, Dir: filepath.Dir(path), Record: rec, Parallel: q.Parallel, Save: q.Runs.Save, Progress: q.Progress}
	err = r.Run(ctx)
	if serr := q.Runs.Save(rec); err == nil {
		err = serr
	}
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return rec, err
}

// claim makes a record this run's own: the new one, or with Resume the one of a run that was
// interrupted.
func (q *Request) claim(rec *experiment.Record) (*experiment.Record, func(), error) {
	if q.Resume {
		old, release, err := q.Runs.resume(rec)
		if err != nil {
			return nil, nil, fmt.Errorf("--resume: %w", err)
		}
		if old != nil {
			return old, release, nil
		}
		if q.Note != nil {
			q.Note("no interrupted run of this experiment: starting a new one")
		}
	}
	release, err := q.Runs.Claim(rec)
	return rec, release, err
}

// Open finds and reads an experiment: a file, or the tare.yaml of a directory. The path
// is absolute; an experiment without a name is called as its directory.
func Open(at string) (path string, f *experiment.File, body []byte, err error) {
	path = at
	fi, err := os.Stat(path)
	if err == nil && fi.IsDir() {
		path = filepath.Join(at, "tare.yaml")
		if fi, err = os.Stat(path); err != nil {
			return path, nil, nil, fmt.Errorf("no tare.yaml in %s: tare lab init writes one", at)
		}
	}
	switch {
	case os.IsNotExist(err):
		return path, nil, nil, fmt.Errorf("%s: no such file or directory", at)
	case err != nil:
		return path, nil, nil, err
	case !fi.Mode().IsRegular():
		return path, nil, nil, fmt.Errorf("%s is not a regular file", path)
	case fi.Size() > experiment.MaxFile:
		return path, nil, nil, fmt.Errorf("%s: %d bytes are too many for an experiment", path, fi.Size())
	}
	if body, err = os.ReadFile(path); err != nil {
		return path, nil, nil, err
	}
	if f, err = experiment.Parse(path, body); err != nil {
		return path, nil, nil, err
	}
	if path, err = filepath.Abs(path); err == nil && f.Name == "" {
		f.Name = filepath.Base(filepath.Dir(path))
	}
	return path, f, body, err
}
