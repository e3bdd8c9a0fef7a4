package scales

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	udiff "github.com/aymanbagabas/go-udiff"

	"tare/internal/compare"
	"tare/internal/target"
)

// DiffRequest names two images, and what of them is no difference.
type DiffRequest struct {
	From, To                   string
	Platform                   string
	IgnoreTimes, IgnoreHistory bool
}

// Diff lists what differs between two images.
func Diff(ctx context.Context, f *target.Finder, r DiffRequest) (*compare.Diff, error) {
	set, err := f.Open(ctx, []string{r.From, r.To}, target.Options{Platform: r.Platform})
	if err != nil {
		return nil, err
	}
	defer set.Close()
	facts, err := set.Facts(ctx)
	if err != nil {
		return nil, err
	}
	s := subjects(set, facts)
	return target.Compute(ctx, f, r.From+", "+r.To, "Comparing", func() (*compare.Diff, error) {
		return compare.Differ(s[0], s[1], compare.DiffOptions{IgnoreTimes: r.IgnoreTimes, IgnoreHistory: r.IgnoreHistory}), nil
	})
}

// maxText bounds the files whose text is compared, in bytes.
const maxText = 16 << 20

// ErrNoFile says that neither image has the file.
var ErrNoFile = errors.New("no such file in either image")

// Content is how a file of two images differs. Text is a unified diff, "" if the files
// are the same, or a sentence if they are no text.
type Content struct {
	Same   bool
	Binary bool
	Text   string
}

// DiffContent compares a file of two images as their containers see it.
func DiffContent(ctx context.Context, f *target.Finder, r DiffRequest, path string) (*Content, error) {
	set, err := f.Open(ctx, []string{r.From, r.To}, target.Options{Platform: r.Platform})
	if err != nil {
		return nil, err
	}
	defer set.Close()
	path = strings.Trim(path, "/")
	from, had, err := set.ReadFile(ctx, 0, path, maxText)
	if err != nil {
		return nil, err
	}
	to, has, err := set.ReadFile(ctx, 1, path, maxText)
	if err != nil {
		return nil, err
	}
	switch {
	case !had && !has:
		return nil, ErrNoFile
	case bytes.Equal(from, to) && had == has:
		return &Content{Same: true}, nil
	case !isText(from) || !isText(to):
		return &Content{Binary: true, Text: fmt.Sprintf("binary contents differ (%d and %d bytes)", len(from), len(to))}, nil
	}
	return &Content{Text: udiff.Unified(set.Images[0].Name+"/"+path, set.Images[1].Name+"/"+path, string(from), string(to))}, nil
}

func isText(b []byte) bool { return utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 }
