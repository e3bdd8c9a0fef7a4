//go:build !windows

package pager

import (
	"syscall"
	"testing"
)

func terminate(t *testing.T) {
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != nil {
		t.Error(err)
	}
}
