package request

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
)

// A wrong request is known through other errors, and keeps its reason.
func TestErrorf(t *testing.T) {
	err := fmt.Errorf("weigh: %w", Errorf("--top %d: %w", -1, fs.ErrInvalid))
	var wrong Error
	if !errors.As(err, &wrong) || wrong.Error() != "--top -1: invalid argument" || !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("%v", err)
	}
	if errors.As(fs.ErrInvalid, &wrong) {
		t.Error("any error is a wrong request")
	}
}
