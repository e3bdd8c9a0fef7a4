// Package buildcontext reads what a build is given from the disk: the Dockerfile, the
// ignore file and the files of the context, with the ignore rules of the builder.
package buildcontext

import (
	"fmt"
	"io"
	"os"

	"tare/internal/dockerfile"
)

// ReadDockerfile reads a Dockerfile, and of what cannot be one not more than is needed
// to see that.
func ReadDockerfile(name string) ([]byte, error) {
	fi, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case fi.IsDir():
		return nil, fmt.Errorf("the Dockerfile %s is a directory", name)
	case !fi.Mode().IsRegular(): // to open a pipe could block until somebody writes
		return nil, fmt.Errorf("the Dockerfile %s is not a regular file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, dockerfile.MaxBytes+1))
}
