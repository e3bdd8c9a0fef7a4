//go:build !linux

package serve

import (
	"context"
	"errors"
)

// Run fails: there is no engine inside tare to serve.
func Run(context.Context, Request) error {
	return errors.New("tare serve needs Linux: there is no engine inside tare on this system")
}
