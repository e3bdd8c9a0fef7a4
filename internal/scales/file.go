package scales

import (
	"context"
	"errors"
	"fmt"

	"tare/internal/target"
)

// ErrAbsent says that an image does not have a file.
var ErrAbsent = errors.New("no such file in the image")

// maxFile bounds the files that are read whole, in bytes.
const maxFile = 256 << 20

// ReadFile is the content of a file as a container of the image sees it. Links are
// followed. It returns ErrAbsent (wrapped) if there is none.
func ReadFile(ctx context.Context, f *target.Finder, word, platform, path string) ([]byte, error) {
	set, err := f.Open(ctx, []string{word}, target.Options{Platform: platform})
	if err != nil {
		return nil, err
	}
	defer set.Close()
	b, ok, err := set.ReadFile(ctx, 0, path, maxFile)
	if err == nil && !ok {
		err = fmt.Errorf("%s: %s: %w", word, path, ErrAbsent)
	}
	return b, err
}
