package profiler

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// beside writes a Dockerfile that is built in the place of the profiled one: under its
// name, with the ignore file that belongs to it. done removes both.
func (p *profiler) beside(src []byte) (file string, done func(), err error) {
	dir, err := os.MkdirTemp("", "tare-copy-")
	if err != nil {
		return "", nil, err
	}
	done = func() { _ = os.RemoveAll(dir) }
	file = filepath.Join(dir, filepath.Base(p.file))
	err = os.WriteFile(file, src, 0o600)
	if err == nil {
		var ignore []byte
		if ignore, err = os.ReadFile(p.file + ".dockerignore"); err == nil {
			err = os.WriteFile(file+".dockerignore", ignore, 0o600)
		} else if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err != nil {
		done()
		return "", nil, err
	}
	return file, done, nil
}
