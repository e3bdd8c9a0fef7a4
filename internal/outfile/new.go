package outfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteNew writes a whole file that must not be there yet: of several that write one name at once, one does. made is false, and
// nothing is written, if the file is there.
func WriteNew(name string, b []byte) (made bool, err error) {
	made, err = writeNew(name, b)
	return made, explain(name, err)
}

func writeNew(name string, b []byte) (bool, error) {
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	sweep(filepath.Dir(name))
	f, err := nameless(filepath.Dir(name), 0o666)
	if err != nil {
		return false, err
	}
	defer func() { _, _ = remove(f), f.Close() }()
	_, err = f.Write(b)
	if err == nil {
		err = errors.Join(f.Chmod(0o666&^umask), f.Sync())
	}
	if err != nil {
		return false, err
	}
	err = link(f, name)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err == nil, nil
	}
	// A file system without second names. Of two that come at once the last wins there: who depends on it reads the file again.
	if _, serr := os.Lstat(name); serr == nil {
		return false, nil
	}
	if err := give(f, name); err != nil {
		return false, err
	}
	return true, nil
}
