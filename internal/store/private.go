package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"tare/internal/infile"
	"tare/internal/units"
)

// privateMode is the mode of every directory that tare makes in a store. A root file
// system that others can reach hands them its setuid programs, and records hold build
// arguments in clear.
const privateMode fs.FileMode = 0o700

// ErrShared says that a directory which must be its owner's alone is not, and could
// not be made so.
var ErrShared = errors.New("other users can enter it")

// errOthers says that a directory is not a store.
var errOthers = errors.New("it holds other things than images")

// claim makes sure that root may become a store, before anything is written: a
// directory that was made for something else is not closed to others.
func claim(root string) error {
	fi, err := os.Stat(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !fi.IsDir() {
		return fmt.Errorf("%s is not a directory", root)
	}
	// A file system in memory that was mounted for the store looks like this, too.
	if fi.Mode()&fs.ModeSticky != 0 && everybodys(root) {
		return fmt.Errorf("it is a directory for all users (mode %s): %w; set TARE_HOME to a directory of its own", fi.Mode(), ErrShared)
	}
	if present(filepath.Join(root, "oci-layout")) {
		return nil
	}
	list, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	for _, e := range list {
		if !ours(e.Name()) {
			return fmt.Errorf("%w (%s): set TARE_HOME to a directory of its own", errOthers, e.Name())
		}
	}
	return nil
}

// everybodys tells whether a directory is one in which all programs make files.
func everybodys(root string) bool {
	at, err := filepath.EvalSymlinks(root)
	if err != nil {
		return true
	}
	for _, dir := range []string{os.TempDir(), "/tmp", "/var/tmp", "/dev/shm", "/run/lock"} {
		if d, err := filepath.EvalSymlinks(dir); err == nil && d == at {
			return true
		}
	}
	return false
}

// ours tells whether a name in an unfinished store may be tare's. A new file system
// has a lost+found.
func ours(name string) bool {
	switch name {
	case "blobs", "index.json", "ingest", "cache", "engine", "lab", "locks", "builds", reserveName, "lost+found":
		return true
	}
	return strings.HasSuffix(name, ".lock") || strings.HasPrefix(name, ".tmp-") || strings.HasPrefix(name, ".fsverity-check-")
}

// Private makes a directory its owner's alone and tells whether it was not. It
// returns an ErrShared (wrapped) where that cannot be done: not our directory, or a
// file system without modes.
func Private(dir string) (mended bool, err error) {
	if runtime.GOOS == "windows" {
		return false, nil // access lists, inherited from the user's profile
	}
	fi, err := os.Stat(dir)
	if err != nil || fi.Mode().Perm()&0o077 == 0 {
		return false, err
	}
	cerr := os.Chmod(dir, fi.Mode().Perm()&privateMode)
	if fi, err = os.Stat(dir); err != nil {
		return false, err
	}
	if fi.Mode().Perm()&0o077 != 0 {
		return false, errors.Join(fmt.Errorf("%s has mode %s: %w", dir, fi.Mode(), ErrShared), cerr)
	}
	return true, nil
}

// inside are the directories below a store's root that hold root file systems or
// records, as patterns. BuildKit makes others, below these.
var inside = []string{
	"*", "cache/*", "blobs/*", "lab/*", "builds/*", "engine/run", "engine/run/*", "engine/tmp",
	"engine/worker-*", "engine/worker-*/executor", "engine/worker-*/snapshots", "engine/worker-*/cachemounts",
}

// close makes an existing store its owner's alone: an earlier tare let others pass.
// Whoever may only read the store, because somebody else made it so, still may.
func (s *Store) close() {
	known := present(s.layoutPath()) // else it becomes a store only now
	for _, dir := range []string{s.root, s.EngineRoot()} {
		if mended, _ := Private(dir); mended && known {
			s.mended = append(s.mended, dir)
		}
	}
	if len(s.mended) > 0 {
		for _, dir := range s.opened() {
			_, _ = Private(dir) // nobody gets as far as these any more
		}
	}
}

// opened lists the directories inside that would let others pass.
func (s *Store) opened() []string {
	var out []string
	for _, pattern := range inside {
		dirs, _ := infile.Glob(s.root, pattern)
		for _, dir := range dirs {
			fi, err := os.Lstat(dir)
			if err == nil && fi.IsDir() && fi.Mode().Perm()&0o077 != 0 && filepath.Base(dir) != "lost+found" && runtime.GOOS != "windows" {
				out = append(out, dir)
			}
		}
	}
	return out
}

// open reports directories that other users could enter. The root and the engine were
// closed when the store was opened; where that failed, it is a problem. What lies
// below them is out of reach, and closed all the same where a repair is wished.
func (c *checker) open(context.Context) error {
	for _, dir := range c.mended {
		c.out.Problems = append(c.out.Problems, Problem{
			Kind: ProblemOpen, Path: c.rel(dir), Text: "other users could enter " + dir, Remedy: "it is closed to them now", Repaired: true,
		})
	}
	// Somebody else's store that may be read is that one's affair.
	if _, err := Private(c.root); errors.Is(err, ErrShared) && !errors.Is(err, fs.ErrPermission) {
		c.problem(Problem{
			Kind: ProblemOpen, Path: ".", Text: err.Error(), Remedy: "set TARE_HOME to a directory of your own, on a file system that has modes",
		}, nil)
	}
	list := c.opened()
	if !c.o.Repair {
		if len(list) > 0 {
			c.note("%s inside would let other users pass if they got that far: tare fsck --repair closes them", units.Plural(len(list), "directory"))
		}
		return nil
	}
	for _, dir := range list {
		c.problem(Problem{Kind: ProblemOpen, Path: c.rel(dir), Text: dir + " would let other users pass"}, func() error {
			_, err := Private(dir)
			return err
		})
	}
	return nil
}
