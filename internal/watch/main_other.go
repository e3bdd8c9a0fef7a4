//go:build !linux

package watch

// Main does nothing here: only Linux runs containers.
func Main() {}
