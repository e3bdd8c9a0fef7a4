// Package outfile writes what a user asked to be written somewhere: the one writer for
// -o, --metadata-file, --iidfile and the like. A regular file has its old bytes or all
// of the new ones, whatever fails in between; a device or a pipe is written into; a
// link keeps leading where it leads.
package outfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// File is an output that is being written. Exactly one of Commit and Discard ends it;
// Discard after Commit does nothing.
type File struct {
	name   string   // as the user wrote it
	target string   // the file that gets the bytes, links followed
	f      *os.File // a file without the target's name yet, or the device itself
	direct bool     // f is what the user named
	inside bool     // f lies in the target's directory and can take its name
	done   bool
}

// Create opens the output name. Nothing that the user can see changes before Commit,
// but for devices and pipes, which get the bytes as they are written. A pipe without a
// reader is waited for as long as ctx lasts.
func Create(ctx context.Context, name string) (*File, error) {
	o, err := create(ctx, name)
	if err != nil {
		return nil, explain(name, err)
	}
	return o, nil
}

func create(ctx context.Context, name string) (*File, error) {
	if name == "" || strings.HasSuffix(name, string(filepath.Separator)) {
		return nil, errors.New("it names a directory, not a file")
	}
	at, fd, err := resolve(name)
	if err != nil {
		return nil, err
	}
	o := &File{name: name, target: at}
	if fd >= 0 {
		o.direct = true
		o.f, err = duplicate(fd, name)
		return o, err
	}
	fi, err := os.Stat(at)
	switch {
	case err == nil && fi.IsDir():
		return nil, errors.New("it is a directory")
	case err == nil && !fi.Mode().IsRegular():
		o.direct = true
		o.f, err = openSpecial(ctx, at, fi.Mode())
		return o, err
	case err == nil:
		if err := writable(at); err != nil {
			return nil, err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	sweep(filepath.Dir(at))
	o.f, err = nameless(filepath.Dir(at), 0o666)
	o.inside = err == nil
	if err != nil && fi != nil && !errors.Is(err, syscall.ENOSPC) {
		// The file may be written, its directory not: a file of a read-only system, one
		// that is mounted by itself. What is written is collected elsewhere first.
		o.f, err = nameless(os.TempDir(), 0o600)
	}
	if err != nil {
		return nil, err
	}
	switch {
	case fi != nil && o.inside:
		likeOld(o.f, fi)
	case o.inside:
		err = o.f.Chmod(0o666 &^ umask)
	}
	return o, err
}

// writable tells whether the file at path may be written; it is not changed.
func writable(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// openSpecial opens a device or a pipe to write into.
func openSpecial(ctx context.Context, path string, mode fs.FileMode) (*os.File, error) {
	if mode&fs.ModeNamedPipe == 0 {
		return os.OpenFile(path, os.O_WRONLY, 0)
	}
	for {
		// Without O_NONBLOCK the open of a pipe that nobody reads could not be ended.
		f, err := os.OpenFile(path, os.O_WRONLY|nonblock, 0)
		if err == nil || !errors.Is(err, noReader) {
			return f, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for a reader: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Write implements io.Writer.
func (o *File) Write(p []byte) (int, error) {
	n, err := o.f.Write(p)
	if err != nil {
		err = explain(o.name, err)
	}
	return n, err
}

// Name is the output as the user wrote it.
func (o *File) Name() string { return o.name }

// Commit gives the target all that was written. After an error it is as it was.
func (o *File) Commit() error {
	if o.done {
		return nil
	}
	o.done = true
	err := o.commit()
	if cerr := o.f.Close(); err == nil && !errors.Is(cerr, fs.ErrClosed) {
		err = cerr
	}
	if err != nil {
		return explain(o.name, err)
	}
	return nil
}

func (o *File) commit() error {
	if o.direct {
		return nil
	}
	if err := o.f.Sync(); err != nil {
		return errors.Join(err, remove(o.f))
	}
	if o.inside {
		err := give(o.f, o.target)
		if err == nil || !onlyInPlace(err) {
			return err
		}
	}
	defer func() { _ = remove(o.f) }()
	return copyInto(o.f, o.target)
}

// onlyInPlace tells whether a file could not be replaced though it may be written: it
// is mounted by itself, or is another's in a directory where only owners may rename.
func onlyInPlace(err error) bool {
	return errors.Is(err, syscall.EBUSY) || errors.Is(err, syscall.EXDEV) || errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES)
}

// copyInto writes over a file. Room for all is made before the first byte changes.
func copyInto(from *os.File, target string) error {
	to, err := os.OpenFile(target, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer func() { _ = to.Close() }()
	fi, err := from.Stat()
	if err == nil {
		err = reserve(to, fi.Size())
	}
	if err != nil {
		return err
	}
	if _, err := io.Copy(to, io.NewSectionReader(from, 0, fi.Size())); err != nil {
		return err
	}
	return errors.Join(to.Truncate(fi.Size()), to.Sync())
}

// Discard drops what was written.
func (o *File) Discard() {
	if o.done {
		return
	}
	o.done = true
	if !o.direct {
		_ = remove(o.f)
	}
	_ = o.f.Close()
}

// Write calls write with the output name and commits if it succeeds.
func Write(ctx context.Context, name string, write func(io.Writer) error) error {
	o, err := Create(ctx, name)
	if err != nil {
		return err
	}
	defer o.Discard()
	if err := write(o); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return o.Commit()
}

// WriteBytes writes a whole output at once.
func WriteBytes(ctx context.Context, name string, b []byte) error {
	return Write(ctx, name, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// Error is an output that could not be written. What stood there before is still there.
type Error struct {
	Name string
	Err  error
}

// Error implements error.
func (e *Error) Error() string {
	err := e.Err
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err // the name of a temporary file tells nobody anything
	}
	advice := ""
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		advice = "; make room, or choose another disk with -o"
	case errors.Is(err, fs.ErrNotExist):
		advice = "; make the directory " + filepath.Dir(e.Name) + " first"
	}
	return fmt.Sprintf("write %s: %v%s", e.Name, err, advice)
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

func explain(name string, err error) error {
	var done *Error
	if err == nil || errors.As(err, &done) || errors.Is(err, context.Canceled) {
		return err
	}
	return &Error{Name: name, Err: err}
}

// resolve follows links to the file that they lead to, which may be missing. A link to
// an open file of this process, such as /dev/stdout, is the number of its descriptor:
// its name would lead to the file again, at its start.
func resolve(name string) (path string, fd int, err error) {
	path = name
	for range 40 {
		if n, ok := descriptor(path); ok {
			return path, n, nil
		}
		to, err := os.Readlink(path)
		if err != nil {
			// No link; whether it is there is for the caller to see.
			return path, -1, nil //nolint:nilerr // see above
		}
		if !filepath.IsAbs(to) {
			dir, err := filepath.EvalSymlinks(filepath.Dir(path)) // ".." in a link is of where it lies
			if err != nil {
				return "", -1, err
			}
			to = filepath.Join(dir, to)
		}
		path = to
	}
	return "", -1, syscall.ELOOP
}

// descriptor knows the names of this process's open files.
func descriptor(path string) (int, bool) {
	if runtime.GOOS == "windows" {
		return 0, false
	}
	n, ok := -1, false
	for _, prefix := range []string{"/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/", fmt.Sprintf("/proc/%d/fd/", os.Getpid())} {
		if rest, found := strings.CutPrefix(filepath.Clean(path), prefix); found && rest != "" && strings.Trim(rest, "0123456789") == "" && len(rest) < 6 {
			_, _ = fmt.Sscan(rest, &n)
			ok = true
		}
	}
	return n, ok
}
