package buildkit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"

	"tare/internal/engine"
	"tare/internal/infile"
)

// databases finds databases of the engine that cannot be opened: no build or run
// could begin with one. All that they describe is cache, and worthless without them,
// so the repair removes it whole. The caller owns the engine; while a container runs
// on it, nothing is removed.
func (l *leftovers) databases(alive []string) {
	paths, _ := infile.Glob(l.root, "*.db")
	workers, _ := infile.Glob(l.root, "worker-*", "*.db")
	for _, p := range append(paths, workers...) {
		err := openable(p)
		if err == nil {
			continue
		}
		text := fmt.Sprintf("the build engine's database %s is damaged: %v; its cache cannot be used without it", filepath.Base(p), err)
		l.add(engine.Damage, p, text, func() error {
			if len(alive) > 0 {
				return errors.New("a tare run is using the cache; try again when it has ended")
			}
			return l.removeCache()
		})
	}
}

// openable says why a database cannot be used. It looks at what bbolt needs to open
// it and not at every page: a page beyond the end of a cut file would end us.
func openable(path string) error {
	fi, err := os.Stat(path)
	if err != nil || fi.Size() == 0 { // just made
		return nil //nolint:nilerr // gone meanwhile: another worker's
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second, NoFreelistSync: true})
	if err != nil {
		return err
	}
	return errors.Join(db.View(func(tx *bolt.Tx) error {
		if tx.Size() > fi.Size() {
			return fmt.Errorf("it has %d bytes of %d", fi.Size(), tx.Size())
		}
		return nil
	}), db.Close())
}

// removeCache removes all that the engine keeps to be faster next time.
func (l *leftovers) removeCache() error {
	var errs []error
	for _, pattern := range []string{"worker-*", "*.db"} {
		paths, _ := infile.Glob(l.root, pattern)
		for _, p := range paths {
			errs = append(errs, os.RemoveAll(p))
		}
	}
	return errors.Join(errs...)
}
