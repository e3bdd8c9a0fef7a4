package settings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"tare/internal/infile"
)

// MaxFile is how large a file of settings may be, in bytes.
const MaxFile = 1 << 18

// Path is where the file of settings is, and whether it was named (by TARE_CONFIG) and so
// must be there. It is "" where there is no home directory. env is os.Getenv.
func Path(env func(string) string) (path string, named bool) {
	if p := env("TARE_CONFIG"); p != "" {
		return p, true
	}
	// A relative XDG_CONFIG_HOME is to be ignored, says its specification.
	if d := env("XDG_CONFIG_HOME"); filepath.IsAbs(d) {
		return filepath.Join(d, "tare", "config.yaml"), false
	}
	if home, err := os.UserHomeDir(); err == nil {
		return filepath.Join(home, ".config", "tare", "config.yaml"), false
	}
	return "", false
}

// read returns the file's text; nil if there is none.
func read(ctx context.Context, path string, named bool) ([]byte, error) {
	if path == "" || named && path == os.DevNull {
		return nil, nil
	}
	fi, err := os.Stat(path)
	if err != nil && !named {
		return nil, nil // also behind a directory that is closed to this user
	}
	if err == nil && !named && !fi.Mode().IsRegular() {
		return nil, wrong(named, fmt.Errorf("%s is not a file", path)) // a pipe is waited for without end
	}
	f, err := infile.Open(ctx, path)
	if err != nil {
		return nil, wrong(named, err)
	}
	defer func() { _ = f.Close() }()
	fi, err = f.Stat()
	if err != nil {
		return nil, wrong(named, err)
	}
	if err := private(path, fi); err != nil {
		return nil, wrong(named, err)
	}
	b, err := io.ReadAll(io.LimitReader(infile.Reader(ctx, f), MaxFile+1))
	if err != nil {
		return nil, wrong(named, err)
	}
	return b, nil
}

// wrong says whose file it is that cannot be read.
func wrong(named bool, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = fmt.Errorf("%s: %w", p.Path, p.Err)
	}
	if named {
		return Error{fmt.Errorf("TARE_CONFIG: %w", err)}
	}
	return Error{fmt.Errorf("settings: %w", err)}
}

// private refuses a file that somebody else can write, as ssh does: it decides what
// commands do.
func private(path string, fi os.FileInfo) error {
	if fi.IsDir() {
		return fmt.Errorf("%s is a directory", path)
	}
	if others(fi) {
		return fmt.Errorf("%s belongs to another user: its owner must be you or root", path)
	}
	if fi.Mode().IsRegular() && writable(fi) {
		return fmt.Errorf("%s can be written by others (%s): chmod go-w %s", path, fi.Mode().Perm(), path)
	}
	return nil
}
