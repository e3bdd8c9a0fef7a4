package infile_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"
	"time"

	"tare/internal/infile"
)

func TestReaderGivesAllBytes(t *testing.T) {
	want := make([]byte, 3<<20+17)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(want)
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"plain": func(r io.Reader) io.Reader { return r }, "halves": iotest.HalfReader, "with the end": iotest.DataErrReader,
	} {
		got, err := io.ReadAll(infile.Reader(context.Background(), wrap(bytes.NewReader(want))))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	if err := iotest.TestReader(infile.Reader(context.Background(), bytes.NewReader(want[:1000])), want[:1000]); err != nil {
		t.Error(err)
	}
	broken := errors.New("broken")
	got, err := io.ReadAll(infile.Reader(context.Background(), io.MultiReader(bytes.NewReader(want[:10]), iotest.ErrReader(broken))))
	if !errors.Is(err, broken) || len(got) != 10 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestReaderEndsWithTheCommand(t *testing.T) {
	r, w := io.Pipe()
	defer func() { _ = w.Close() }()
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := io.ReadAll(infile.Reader(ctx, r)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestOpen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	if _, err := infile.Open(context.Background(), file); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := infile.Open(context.Background(), file)
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
}
