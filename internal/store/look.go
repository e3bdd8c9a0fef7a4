package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
)

// Look opens the store in root for commands that only look at images. Where it can be
// written that is Open. Where it cannot (a read-only file system, somebody else's
// directory, a full disk), what can be read of it is there, and nothing is kept; Looking
// says why. A store of another user is read, but nothing that was derived is taken from
// it: that could say anything.
func Look(root string) (*Store, error) {
	s, err := Open(root)
	switch {
	case err == nil:
		why := writable(root)
		if why == nil {
			return s, nil
		}
		s.look(fmt.Errorf("image store %s: %w", root, why))
		return s, nil
	case errors.Is(err, ErrShared):
		return Nowhere(err), nil // whoever made what is there
	case !unwritable(err):
		return nil, err
	}
	s, ferr := OpenForeign(root)
	if ferr != nil {
		return Nowhere(err), nil
	}
	s.look(err)
	return s, nil
}

// Nowhere is an empty store in which nothing can be kept, because of why.
func Nowhere(why error) *Store {
	s := &Store{root: filepath.Join(string(filepath.Separator), ".tare-nowhere-"+rand.Text())}
	s.blob = &ingester{root: s.root, files: s.files, busy: map[string]bool{}}
	s.nowhere = true
	s.look(why)
	return s
}

// Nowhere tells whether there is no store at all, of which nothing can be said.
func (s *Store) Nowhere() bool { return s.nowhere }

// Looking says why nothing can be written into the store; nil if it can.
func (s *Store) Looking() error { return s.looking }

// look makes the store one that is only read.
func (s *Store) look(why error) {
	s.looking, s.foreign = why, !owned(s.root)
	s.files = refusing{why}
	if i, ok := s.blob.(*ingester); ok {
		i.files = s.files
	}
}

// unwritable tells whether a store could not be opened because it cannot be written.
func unwritable(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, errOthers) || errors.Is(err, syscall.ENOTDIR) || readOnly(err) || full(err)
}

// refusing is a disk on which nothing changes.
type refusing struct{ why error }

func (r refusing) Mkdir(string) error                { return r.why }
func (r refusing) Open(string, bool) (file, error)   { return nil, r.why }
func (r refusing) Temp(string, string) (file, error) { return nil, r.why }
func (r refusing) Rename(string, string) error       { return r.why }
func (r refusing) Link(string, string) error         { return r.why }
func (r refusing) Remove(string) error               { return r.why }
func (r refusing) SyncDir(string) error              { return r.why }
