package store_test

import (
	"io/fs"
	"path/filepath"
	"syscall"
	"testing"

	"tare/internal/store"
	"tare/internal/testkit"
)

// Nobody else may enter or write into a store, whatever the umask is.
func TestOnlyTheOwner(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	root := filepath.Join(t.TempDir(), "store")
	s, err := store.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Put(t, s, "docker.io/library/a:1", store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 1000)}}))
	s.Keep("kind", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 1)
	seen := 0
	_ = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		fi, err := d.Info()
		if err == nil && (fi.Mode().Perm()&0o022 != 0 || fi.IsDir() && fi.Mode().Perm()&0o077 != 0) {
			t.Errorf("%s: %s", p, fi.Mode())
		}
		seen++
		return nil
	})
	if seen < 8 {
		t.Errorf("only %d files seen", seen)
	}
}
