package buildkit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gofrs/flock"
	"github.com/moby/sys/mountinfo"
	"github.com/opencontainers/go-digest"
	"golang.org/x/sys/unix"

	"tare/internal/container"
	"tare/internal/engine"
	"tare/internal/infile"
)

// Leftovers lists what killed builds and runs left in the engine's directory root:
// containers, mounts, temporary directories, damaged blobs. With remove it takes
// them away, but for damaged blobs, which a prune must. inStore tells of a file
// whether it is a blob of the image store as well. What belongs to a live process is
// left alone; note says where that kept us from looking.
func Leftovers(ctx context.Context, root string, remove bool, inStore func(os.FileInfo) bool) (found []engine.Leftover, note string, err error) {
	if _, err := os.Stat(root); err != nil {
		return nil, "", nil //nolint:nilerr // there never was an engine
	}
	rt, rtErr := container.FindRuntime("")
	l := &leftovers{root: root, remove: remove, rt: rt, rtErr: rtErr}
	alive, err := l.runs()
	if err != nil {
		return nil, "", fmt.Errorf("look for leftovers in %s: %w", root, err)
	}
	own := flock.New(filepath.Join(root, "engine.lock"))
	ok, err := own.TryLock()
	if err != nil {
		return nil, "", fmt.Errorf("look for leftovers in %s: %w", root, err)
	}
	if !ok {
		return l.found, "another tare is using the build engine: its directories were left out", nil
	}
	l.builds()
	l.contexts()
	l.mounts(alive)
	l.databases(alive) // after what is mounted in the directories that it may remove
	if err := own.Unlock(); err != nil {
		return nil, "", err
	}
	// Blobs get their names when they are whole: to read them keeps nobody waiting.
	return l.found, "", l.blobs(ctx, inStore)
}

type leftovers struct {
	root   string
	remove bool
	rt     container.Runtime
	rtErr  error // no runtime: containers cannot be removed
	found  []engine.Leftover
}

func (l *leftovers) add(kind, path, text string, remove func() error) {
	f := engine.Leftover{Kind: kind, Path: path, Text: text}
	if l.remove && remove != nil {
		if f.Err = remove(); f.Err == nil {
			_, err := os.Lstat(path)
			f.Removed = err != nil
		}
	}
	l.found = append(l.found, f)
}

// runs finds directories of `tare run` whose lock is free, and returns the others.
func (l *leftovers) runs() (alive []string, err error) {
	dirs, err := infile.Glob(l.root, "run", "*")
	if err != nil || len(dirs) == 0 {
		return nil, err
	}
	sweep := flock.New(filepath.Join(l.root, "sweep.lock")) // no run begins while we look
	if err := sweep.Lock(); err != nil {
		return nil, err
	}
	defer func() { _ = sweep.Unlock() }()
	for _, d := range dirs {
		if _, err := os.Stat(d); err != nil {
			continue // ended meanwhile
		}
		lock := flock.New(filepath.Join(d, "lock"))
		if ok, err := lock.TryLock(); err != nil || !ok {
			alive = append(alive, d)
			continue
		}
		l.add("container", d, "container "+filepath.Base(d)+" is left over from a tare run that was killed", func() error {
			if l.rtErr != nil {
				return l.rtErr
			}
			container.RemoveRun(l.root, l.rt, d)
			return nil
		})
		_ = lock.Unlock()
	}
	return alive, nil
}

// builds finds what an engine that was killed left. The caller owns the engine.
func (l *leftovers) builds() {
	bundles, _ := infile.Glob(l.root, "worker-*", "executor", "*")
	for _, d := range bundles {
		fi, err := os.Lstat(d)
		if err != nil || !fi.IsDir() {
			continue // files that every engine writes again
		}
		l.add("container", d, "container "+filepath.Base(d)+" is left over from a build that was killed", func() error {
			if l.rtErr != nil {
				return l.rtErr
			}
			for _, s := range []string{"", container.OwnRuntimeDir(l.root, "runc")} {
				container.RemoveContainer(l.rt, s, filepath.Base(d))
			}
			container.RemoveCgroups(container.CgroupParent(l.root))
			return container.RemoveTree(d)
		})
	}
	tmp, _ := infile.Glob(l.root, "tmp", "*")
	half, _ := infile.Glob(l.root, "worker-*", "content", "blobs", "*", ".tmp-*")
	probes, _ := infile.Glob(l.root, "worker-*", "content", ".fsverity-check-*")
	pool, _ := infile.Glob(l.root, "worker-*", "cachemounts", "*")
	reserves, _ := infile.Glob(l.root, ".reserve-*")
	for _, p := range slices.Concat(tmp, half, probes, pool, reserves) {
		l.add("temporary", p, p+" is left over from a build that was killed", func() error { return container.RemoveTree(p) })
	}
}

// contexts tells whether a build context was not received to its end. The next engine
// that is opened drops it, which is how it is repaired.
func (l *leftovers) contexts() {
	mark := filepath.Join(l.root, contextsName)
	workers, _ := infile.Glob(l.root, "worker-*", "metadata_v2.db")
	if _, err := os.Stat(mark); err == nil || len(workers) == 0 {
		return
	}
	l.found = append(l.found, engine.Leftover{Kind: engine.Contexts, Path: mark,
		Text: "a build was ended while its context was sent: what the engine has of build contexts may be wrong"})
}

// mounts finds what is mounted below root for nobody.
func (l *leftovers) mounts(alive []string) {
	list, err := mountinfo.GetMounts(mountinfo.PrefixFilter(l.root))
	if err != nil {
		return
	}
	for n := len(list) - 1; n >= 0; n-- { // the last first: it may lie over others
		at := list[n].Mountpoint
		if at == l.root || within(at, alive) || l.listed(at) {
			continue
		}
		f := engine.Leftover{Kind: "mount", Path: at, Text: at + " is mounted for a build or run that was killed"}
		if l.remove {
			f.Err = unix.Unmount(at, unix.MNT_DETACH)
			f.Removed = f.Err == nil
		}
		l.found = append(l.found, f)
	}
}

// listed tells whether a mount belongs to a leftover that was found already.
func (l *leftovers) listed(at string) bool {
	for _, f := range l.found {
		if within(at, []string{f.Path}) {
			return true
		}
	}
	return false
}

func within(path string, dirs []string) bool {
	for _, d := range dirs {
		if path == d || strings.HasPrefix(path, d+"/") {
			return true
		}
	}
	return false
}

// blobs checks the engine's own blobs: those that are not links of the store's.
func (l *leftovers) blobs(ctx context.Context, inStore func(os.FileInfo) bool) error {
	paths, _ := infile.Glob(l.root, "worker-*", "content", "blobs", "*", "*")
	for _, p := range paths {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		d := digest.NewDigestFromEncoded(digest.Algorithm(filepath.Base(filepath.Dir(p))), filepath.Base(p))
		fi, err := os.Stat(p)
		if err != nil || d.Validate() != nil || inStore(fi) {
			continue
		}
		got, err := hashFile(p, d.Algorithm())
		if err != nil || got == d {
			continue
		}
		l.found = append(l.found, engine.Leftover{Kind: engine.Damage, Path: p, Text: fmt.Sprintf("blob %s of the build cache is damaged: its bytes have %s", d, got)})
	}
	return nil
}

func hashFile(path string, alg digest.Algorithm) (digest.Digest, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	return alg.FromReader(f)
}
