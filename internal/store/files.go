package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// files are the operations by which the store changes a disk: all that it writes
// goes through here, so that a test can stop at any of them and take away what was
// not on the disk yet. Reading needs no such care.
type files interface {
	// Mkdir makes a directory with its parents.
	Mkdir(path string) error
	// Open opens a file to write, and makes it if it is missing.
	Open(path string, truncate bool) (file, error)
	// Temp makes a file with a name of its own.
	Temp(dir, pattern string) (file, error)
	Rename(from, to string) error
	Link(from, to string) error
	// Remove removes a file, or a directory with all that is in it.
	Remove(path string) error
	// SyncDir puts the names in a directory on the disk.
	SyncDir(path string) error
}

// file is an open file of files.
type file interface {
	io.WriteSeeker
	io.Closer
	Name() string
	Truncate(size int64) error
	Chmod(mode fs.FileMode) error
	Sync() error
}

// disk is the real one.
type disk struct{}

func (disk) Mkdir(path string) error                    { return os.MkdirAll(path, privateMode) }
func (disk) Rename(from, to string) error               { return os.Rename(from, to) }
func (disk) Link(from, to string) error                 { return os.Link(from, to) }
func (disk) Remove(path string) error                   { return os.RemoveAll(path) }
func (disk) Temp(dir, pattern string) (f file, _ error) { return opened(os.CreateTemp(dir, pattern)) }

func (disk) Open(path string, truncate bool) (file, error) {
	flag := os.O_WRONLY | os.O_CREATE
	if truncate {
		flag |= os.O_TRUNC
	}
	return opened(os.OpenFile(path, flag, 0o600))
}

func (disk) SyncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) || runtime.GOOS == "windows" {
		err = nil // not every system can; the rename itself is atomic everywhere
	}
	return errors.Join(err, d.Close())
}

// opened keeps a nil *os.File from becoming a file that is not nil.
func opened(f *os.File, err error) (file, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}

// writeFile replaces path with b such that after a crash it has either the old or
// the new bytes: temporary name, fsync, rename, fsync of the directory.
func (s *Store) writeFile(path string, b []byte) error { return s.replaceFile(path, b, true) }

// replaceFile writes a file under a temporary name and renames it; a durable one is
// on the disk when it returns.
func (s *Store) replaceFile(path string, b []byte, durable bool) error {
	f, err := s.files.Temp(filepath.Dir(path), ".tmp-"+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	tmp := f.Name()
	_, err = f.Write(b)
	if err == nil {
		err = f.Chmod(0o600)
	}
	if err == nil && durable {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = s.files.Rename(tmp, path)
	}
	if err != nil {
		_ = s.files.Remove(tmp)
		return err
	}
	if !durable {
		return nil
	}
	return s.files.SyncDir(filepath.Dir(path))
}

func readOnly(err error) bool { return errors.Is(err, syscall.EROFS) }

// full tells whether a disk or a quota has no room, or no inode, for what was written.
func full(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// Advise adds what was being done, and what to do, where the disk is the reason.
func (s *Store) Advise(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case s.looking != nil && errors.Is(err, s.looking):
		return fmt.Errorf("%s: the image store cannot be written: %w; set TARE_HOME to a directory that you can write", doing, err)
	case full(err):
		return fmt.Errorf("%s: %w; make room (tare system prune), or set TARE_HOME to a directory on another disk", doing, err)
	case readOnly(err), errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: %w; the image store %s must be writable for that: set TARE_HOME to a directory that you can write", doing, err, s.root)
	}
	return err
}
