// Package request marks errors that lie in what was asked for: a value out of range, a
// name that is none. The packages that do things return them without knowing of command
// lines; the command line answers them with its code for wrong usage.
package request

import "fmt"

// Error says what is wrong with a request.
type Error struct{ Err error }

// Error implements error.
func (e Error) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e Error) Unwrap() error { return e.Err }

// Errorf is fmt.Errorf for an Error.
func Errorf(format string, a ...any) error { return Error{fmt.Errorf(format, a...)} }
