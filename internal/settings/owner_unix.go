//go:build unix

package settings

import (
	"os"
	"syscall"
)

// others tells whether a file belongs neither to this user nor to root. In a user
// namespace of tare's own root is nobody; the program outside has looked then.
func others(fi os.FileInfo) bool {
	st, ok := fi.Sys().(*syscall.Stat_t)
	return ok && st.Uid != 0 && int(st.Uid) != os.Geteuid() && os.Getenv("_TARE_USERNS") == ""
}

// writable tells whether more than the owner may write a file.
func writable(fi os.FileInfo) bool { return fi.Mode().Perm()&0o022 != 0 }
