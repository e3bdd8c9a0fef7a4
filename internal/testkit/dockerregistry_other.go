//go:build !linux

package testkit

import "testing"

// DockerRegistry skips the test: Debian's docker-registry is started on Linux only.
func DockerRegistry(t testing.TB) string {
	t.Helper()
	t.Skip("needs docker-registry on Linux")
	return ""
}
