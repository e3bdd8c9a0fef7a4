//go:build !linux

package garbage

// Start does nothing here.
func Start() {}
