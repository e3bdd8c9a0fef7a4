package container

import (
	"sync"

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
// its mode; what other code makes for the user gets the user's: see UsersUmask.
var umask struct {
	sync.Mutex
	engines int // that are open in this process
	users   int // the umask that it had before
}

// DropUmask sets the umask to 0 until restore is called.
func DropUmask() (restore func()) {
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

// WithUmask calls f with another umask.
func WithUmask(mask int, f func() error) error {
	umask.Lock()
	defer umask.Unlock()
	before := unix.Umask(mask)
	defer unix.Umask(before)
	return f()
}

// UsersUmask is what the user's umask takes from the mode of a new file; 0 where the
// kernel takes it, because no engine is open here.
func UsersUmask() int {
	umask.Lock()
	defer umask.Unlock()
	if umask.engines == 0 {
		return 0
	}
	return umask.users
}
