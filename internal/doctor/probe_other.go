//go:build !linux

package doctor

import (
	"os"
	"runtime"
)

// take knows only what the system is: containers need Linux.
func take(Host) Facts { return Facts{System: runtime.GOOS, User: max(0, os.Geteuid())} }

func (f *Facts) tryOverlay(string) {}

func fileSystem(string) string { return runtime.GOOS }
