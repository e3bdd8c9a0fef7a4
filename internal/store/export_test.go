package store

// What the tests of fault injection replace.
type (
	// Files is files.
	Files = files
	// File is file.
	File = file
)

// Disk is the real one.
var Disk Files = disk{}

// OpenOn is Open with other files.
var OpenOn = openOn
