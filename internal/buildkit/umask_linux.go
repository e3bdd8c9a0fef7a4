package buildkit

import (
	"os"
	"path/filepath"
	"sync"

	"github.com/moby/buildkit/client"
	copy "github.com/tonistiigi/fsutil/copy"
	"golang.org/x/sys/unix"
)

// What an image holds must not depend on the umask of who builds it: with 077 the root
// directory of a snapshot would be closed to all users but root, and with 022 a cache
// mount of mode 0777 would have 0755. So the engine runs with none, as buildkitd does.
// Then fsutil needs no chmod after each mkdir, which drops the setgid bit that a
// directory inherits.
//
// A process has one umask. While the engine is open, what tare itself writes must say
// its mode; what other code makes for the user gets the user's: see usersUmask.
var umask struct {
	sync.Mutex
	engines int // that are open in this process
	users   int // the umask that it had before
}

// dropUmask sets the umask to 0 until restore is called.
func dropUmask() (restore func()) {
	umask.Lock()
	defer umask.Unlock()
	if umask.engines++; umask.engines == 1 {
		umask.users = unix.Umask(0)
		copy.UmaskIsZero = true
	}
	return sync.OnceFunc(func() {
		umask.Lock()
		defer umask.Unlock()
		if umask.engines--; umask.engines == 0 {
			copy.UmaskIsZero = false
			unix.Umask(umask.users)
		}
	})
}

// withUmask calls f with another umask.
func withUmask(mask int, f func() error) error {
	umask.Lock()
	defer umask.Unlock()
	before := unix.Umask(mask)
	defer unix.Umask(before)
	return f()
}

// usersUmask is what the user's umask takes from the mode of a new file; 0 where the
// kernel takes it, because no engine is open here.
func usersUmask() int {
	umask.Lock()
	defer umask.Unlock()
	if umask.engines == 0 {
		return 0
	}
	return umask.users
}

// closeIngests makes the owner's alone what is being written in the folders that a build
// fills for the user with containerd's content store (--cache-to type=local and -o
// type=oci,tar=false): that gives such a directory the mode 0777 and leaves the rest to
// the umask.
func (s *solve) closeIngests() error {
	var dirs []string
	for _, c := range s.CacheExports {
		if c.Type == "local" {
			dirs = append(dirs, c.Attrs["dest"])
		}
	}
	for _, e := range s.Exports {
		if e.Type == client.ExporterOCI || e.Type == client.ExporterDocker {
			dirs = append(dirs, e.OutputDir)
		}
	}
	for _, d := range dirs {
		if d == "" {
			continue
		}
		if err := os.MkdirAll(d, 0o755&^os.FileMode(usersUmask())); err != nil {
			return err
		}
		if err := privateDir(filepath.Join(d, "ingest")); err != nil {
			return err
		}
	}
	return nil
}
