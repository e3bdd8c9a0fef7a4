package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"tare/internal/store"
	"tare/internal/testkit"
)

// fullDisk is a disk on which nothing new can be written once it is full: no file, no
// directory, no byte behind the end of a file. What is there can be overwritten, renamed
// and removed, but removing gives nothing back, as where somebody else takes it at once.
type fullDisk struct {
	store.Files
	why error // nil while there is room
}

func (d *fullDisk) Mkdir(path string) error {
	if _, err := os.Stat(path); d.why != nil && err != nil {
		return &fs.PathError{Op: "mkdir", Path: path, Err: d.why}
	}
	return d.Files.Mkdir(path)
}

func (d *fullDisk) Temp(dir, pattern string) (store.File, error) {
	if d.why != nil {
		return nil, &fs.PathError{Op: "open", Path: filepath.Join(dir, pattern), Err: d.why}
	}
	return d.Files.Temp(dir, pattern)
}

func (d *fullDisk) Open(path string, truncate bool) (store.File, error) {
	fi, err := os.Stat(path)
	if d.why != nil && (err != nil || truncate) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: d.why}
	}
	f, err2 := d.Files.Open(path, truncate)
	if err2 != nil || d.why == nil {
		return f, err2
	}
	return &fullFile{f, d, fi.Size()}, nil
}

type fullFile struct {
	store.File
	d    *fullDisk
	room int64
}

func (f *fullFile) Write(p []byte) (int, error) {
	if int64(len(p)) > f.room {
		n, _ := f.File.Write(p[:f.room])
		f.room = 0
		return n, &fs.PathError{Op: "write", Path: f.Name(), Err: f.d.why}
	}
	f.room -= int64(len(p))
	return f.File.Write(p)
}

// With a quota as with a full disk, names can be changed as long as the reserve lasts,
// and it lasts for one change where nothing that was freed comes back. Then the error
// says what to do, and all is as it was.
func TestNoRoomAtAll(t *testing.T) {
	for _, why := range []error{syscall.ENOSPC, syscall.EDQUOT} {
		t.Run(fmt.Sprint(why), func(t *testing.T) {
			d := &fullDisk{Files: store.Disk}
			s, err := store.OpenOn(t.TempDir(), d)
			if err != nil {
				t.Fatal(err)
			}
			for n := range 3 {
				testkit.Put(t, s, fmt.Sprint("app:", n), store.Built, img(t, n))
			}
			d.why = why
			list, err := s.Remove(ctx, []string{"app:0"}, false)
			if err != nil || list[0].Deleted == "" {
				t.Fatalf("%v, %v", list, err)
			}
			if f, err := s.Collect(ctx); err != nil || len(f.Blobs) == 0 {
				t.Fatalf("%v, %v", f, err)
			}
			if got := names(t, s); strings.Contains(got, "app:0") || !strings.Contains(got, "app:1") {
				t.Error(got)
			}
			before, err := os.ReadFile(filepath.Join(s.Root(), "index.json"))
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Remove(ctx, []string{"app:1"}, false)
			if !errors.Is(err, why) || !strings.Contains(err.Error(), "make room") {
				t.Errorf("%v", err)
			}
			after, err := os.ReadFile(filepath.Join(s.Root(), "index.json"))
			if err != nil || !bytes.Equal(before, after) {
				t.Errorf("index.json changed: %s, %v", after, err)
			}
			d.why = nil
			if list, err := s.Remove(ctx, []string{"app:1"}, false); err != nil || list[0].Deleted == "" {
				t.Fatalf("%v, %v", list, err)
			}
			if fi, err := os.Stat(filepath.Join(s.Root(), "reserve")); err != nil || fi.Size() < 32<<10 {
				t.Errorf("no new reserve: %v, %v", fi, err)
			}
		})
	}
}
