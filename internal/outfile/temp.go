package outfile

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// prefix begins the names of files whose bytes are not all there yet.
const prefix = ".tare-output-"

func temporary() string { return prefix + rand.Text() }

// named makes a file in dir with a name that sweep knows.
func named(dir string, mode os.FileMode) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, temporary()), os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, err
	}
	locked(f) // until it is closed
	return f, nil
}

func giveNamed(f *os.File, target string) error {
	err := os.Rename(f.Name(), target)
	if err != nil && !onlyInPlace(err) {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}

// remove drops a file that gets no name.
func remove(f *os.File) error {
	if f.Name() == "" {
		return nil
	}
	return os.Remove(f.Name())
}

// sweep removes what killed writers left in a directory. A live one holds the lock of
// its file.
func sweep(dir string) {
	list, err := os.Open(dir)
	if err != nil {
		return
	}
	defer func() { _ = list.Close() }()
	for {
		names, err := list.Readdirnames(1000)
		for _, n := range names {
			if !strings.HasPrefix(n, prefix) {
				continue
			}
			path := filepath.Join(dir, n)
			if fi, err := os.Lstat(path); err != nil || !fi.Mode().IsRegular() {
				continue
			}
			f, err := os.Open(path)
			if err != nil {
				continue
			}
			if !locked(f) {
				_ = os.Remove(path)
			}
			_ = f.Close()
		}
		if err != nil {
			return
		}
	}
}
