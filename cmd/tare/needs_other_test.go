//go:build !linux

package main

import "errors"

// The embedded engine is Linux; the scripts of the other commands run everywhere.
func engineMissing() error { return errors.New("not Linux") }

func mountsBelow(string) []string { return nil }
