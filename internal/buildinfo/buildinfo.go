// Package buildinfo says which tare this is.
package buildinfo

// Version is the release, set by the linker (-X tare/internal/buildinfo.Version=…).
var Version = "0.1.0-dev"
