//go:build !linux

package container

// UsersUmask is 0: the kernel applies it, since no engine runs in this process.
func UsersUmask() int { return 0 }
