package trimmer

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tare/internal/outfile"
)

// workplace is a directory for copies of the context, outside of it.
func (t *trimmer) workplace() (done func(), err error) {
	if t.tmp, err = os.MkdirTemp("", "tare-trim-"); err != nil {
		return nil, err
	}
	return func() { _ = os.RemoveAll(t.tmp) }, nil
}

// Writable tells, before an hour of work, whether a patch could be written.
func Writable(dir string) error {
	fi, err := os.Stat(dir)
	if err == nil && !fi.IsDir() {
		dir = filepath.Dir(dir)
	}
	f, err := os.CreateTemp(dir, ".tare-trim-")
	if err != nil {
		return fmt.Errorf("--write: %s cannot be written to: %w", dir, err)
	}
	_ = f.Close()
	return os.Remove(f.Name())
}

// save writes files of the directory whole or not at all, each with the permissions that
// it had.
func (t *trimmer) save(ctx context.Context, names []string, files map[string][]byte) error {
	for _, name := range names {
		full := filepath.Join(t.dir, filepath.FromSlash(name))
		if files[name] == nil {
			if err := os.Remove(full); err != nil {
				return err
			}
			continue
		}
		mode := fs.FileMode(0o644)
		if fi, err := os.Stat(full); err == nil {
			mode = fi.Mode().Perm()
		}
		if err := outfile.WriteBytes(ctx, full, files[name]); err != nil {
			return err
		}
		if err := os.Chmod(full, mode); err != nil {
			return err
		}
	}
	return nil
}
