package fleetreport

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"tare/internal/columns"
	"tare/internal/outfile"
)

// scratch is a temporary file that is made when it is first written to.
type scratch struct{ f *os.File }

// Write implements strata.Scratch.
func (s *scratch) Write(b []byte) (int, error) {
	if s.f == nil {
		f, err := os.CreateTemp("", "tare-fleet-")
		if err != nil {
			return 0, err
		}
		s.f = f
		_ = os.Remove(f.Name()) // it has no name any more, and is gone when it is closed, or the program is killed
	}
	return s.f.Write(b)
}

// ReadAt implements strata.Scratch.
func (s *scratch) ReadAt(b []byte, at int64) (int, error) {
	if s.f == nil {
		return 0, io.EOF
	}
	return s.f.ReadAt(b, at)
}

func (s *scratch) close() {
	if s.f != nil {
		_ = s.f.Close()
		_ = os.Remove(s.f.Name()) // where a file that is open keeps its name
	}
}

// tables are files that get their names when all of them are written.
type tables struct {
	dir   string
	files map[string]*outfile.File
}

// newTables makes the files in a directory, which is made if it is not there.
func newTables(ctx context.Context, dir string) (*tables, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("--output %s: %w", dir, err)
	}
	t := &tables{dir: dir, files: map[string]*outfile.File{}}
	for _, name := range columns.Tables {
		f, err := outfile.Create(ctx, filepath.Join(dir, name+".parquet"))
		if err != nil {
			t.discard()
			return nil, err
		}
		t.files[name] = f
	}
	return t, nil
}

func (t *tables) writers() map[string]io.Writer {
	out := map[string]io.Writer{}
	for name, f := range t.files {
		out[name] = f
	}
	return out
}

// keep gives the files their names.
func (t *tables) keep() error {
	for _, name := range columns.Tables {
		if err := t.files[name].Commit(); err != nil {
			return err
		}
	}
	return nil
}

// discard removes files that have no names yet.
func (t *tables) discard() {
	for _, f := range t.files {
		f.Discard()
	}
}
