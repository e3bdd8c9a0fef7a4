package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"tare/internal/experiment"
)

// Claim makes a record this run's own until release: no other writes it, and none resumes
// it. If another run has its ID already, it gets a later one.
func (r Runs) Claim(rec *experiment.Record) (release func(), err error) {
	for {
		release, err := r.lock(rec.Name, rec.ID)
		if err != nil {
			return nil, fmt.Errorf("keep the results: %w", err)
		}
		if release != nil {
			if _, err := os.Stat(r.path(rec)); errors.Is(err, fs.ErrNotExist) {
				return release, nil
			}
			release()
		}
		rec.Started = rec.Started.Add(time.Millisecond)
		rec.ID = NewID(rec.Started)
	}
}

// Unfinished finds the last record of an experiment that was interrupted, with the same
// file; nil if there is none. One that another process is still at work on was not
// interrupted.
func (r Runs) Unfinished(like *experiment.Record) (*experiment.Record, error) {
	rec, release, err := r.resume(like)
	if release != nil {
		release()
	}
	return rec, err
}

// resume is Unfinished, and claims the record.
func (r Runs) resume(like *experiment.Record) (rec *experiment.Record, release func(), err error) {
	list, err := r.List(like.Name)
	if err != nil {
		return nil, nil, err
	}
	for n := len(list) - 1; n >= 0; n-- {
		id := filepath.Base(list[n])
		release, err := r.lock(like.Name, id[:len(id)-len(filepath.Ext(id))])
		if err != nil {
			return nil, nil, err
		}
		if release == nil {
			continue // it is being written
		}
		rec, err := Load(list[n])
		if err == nil && rec.Finished == nil && rec.FileDigest == like.FileDigest {
			return rec, release, nil
		}
		release()
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return nil, nil, err
	}
	return nil, nil, nil
}

func (r Runs) path(rec *experiment.Record) string {
	return filepath.Join(r.Dir, rec.Name, rec.ID+".json")
}

// lock takes the lock of a record. release is nil if another process has it.
func (r Runs) lock(name, id string) (release func(), err error) {
	dir := filepath.Join(r.Dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	at := filepath.Join(dir, "."+id+".lock")
	for {
		l := flock.New(at)
		if ok, err := l.TryLock(); err != nil || !ok {
			return nil, err
		}
		// Who had it before removes its file: what is locked must be what others find.
		mine, err := os.Stat(at)
		if held, herr := l.Stat(); err == nil && herr == nil && os.SameFile(mine, held) {
			return func() {
				err := os.Remove(at)
				_ = l.Unlock()
				if err != nil { // where an open file cannot be removed
					_ = os.Remove(at)
				}
			}, nil
		}
		_ = l.Unlock()
	}
}
