//go:build !linux

package main

import "tare/internal/session"

func early() error { return nil }

// embedded adds nothing: BuildKit's worker needs Linux.
func embedded(*session.Engines) {}
