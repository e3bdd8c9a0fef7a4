//go:build !unix

package settings

import "os"

// others is false: who owns a file cannot be told here.
func others(os.FileInfo) bool { return false }

// writable is false: modes say nothing of who may write here.
func writable(os.FileInfo) bool { return false }
