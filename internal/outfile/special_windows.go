package outfile

import (
	"errors"
	"os"
)

const (
	nonblock = 0
	umask    = os.FileMode(0)
)

var noReader = errors.New("no reader")

func duplicate(int, string) (*os.File, error) { return nil, errors.ErrUnsupported }
