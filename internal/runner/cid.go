package runner

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
)

// WriteCID writes a fresh ID of a container to a file, which must not be there yet. An
// empty name writes nothing.
func WriteCID(file string) error {
	if file == "" {
		return nil
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("--cidfile: %w", err)
	}
	id := make([]byte, 32)
	_, _ = rand.Read(id)
	_, err = f.WriteString(hex.EncodeToString(id))
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}
