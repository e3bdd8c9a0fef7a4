package source_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tare/internal/image"
	"tare/internal/source"
	"tare/internal/testkit"
)

// Opening a named pipe waits for a writer that never comes.
func TestOpenLayoutWithPipes(t *testing.T) {
	b := small(t, testkit.Options{})
	for _, name := range []string{"oci-layout", "index.json", "blobs/sha256/" + b.Target.Digest.Encoded()} {
		dir := t.TempDir()
		testkit.Layout(t, dir, "1", b)
		p := filepath.Join(dir, name)
		if err := os.Remove(p); err != nil {
			t.Fatal(err)
		}
		if err := unix.Mkfifo(p, 0o600); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() {
			o, err := source.Open(ctx, "oci-dir://"+dir, source.OpenOptions{})
			if err == nil {
				_, err = image.Load(ctx, o.Provider, o.Target, nil)
			}
			done <- err
		}()
		select {
		case err := <-done:
			if err == nil {
				t.Errorf("%s: a pipe was read", name)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("%s: waiting for a pipe", name)
			if f, err := os.OpenFile(p, os.O_WRONLY|unix.O_NONBLOCK, 0); err == nil { // lets the reader go
				_ = f.Close()
			}
			if err := <-done; err == nil {
				t.Errorf("%s: a pipe was opened", name)
			}
		}
	}
}
