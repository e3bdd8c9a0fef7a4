package trimmer

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
)

// Folder is a Journal in a directory: one file a verdict.
type Folder string

// FolderOf is the journal of a Dockerfile, below a directory for all.
func FolderOf(root, target, file string) Folder {
	abs, err := filepath.Abs(target)
	if err != nil {
		abs = target
	}
	sum := sha256.Sum256([]byte(abs + "\x00" + file))
	return Folder(filepath.Join(root, hex.EncodeToString(sum[:16])))
}

// Get implements Journal.
func (f Folder) Get(key string) ([]byte, bool) {
	b, err := os.ReadFile(filepath.Join(string(f), key))
	return b, err == nil
}

// Put implements Journal.
func (f Folder) Put(key string, body []byte) error {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(string(f), ".new-")
	if err != nil {
		return err
	}
	_, err = tmp.Write(body)
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), filepath.Join(string(f), key))
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
	}
	return err
}

// Forget removes all verdicts: the run came to its end.
func (f Folder) Forget() { _ = os.RemoveAll(string(f)) }
