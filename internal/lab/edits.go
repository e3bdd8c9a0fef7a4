package lab

import (
	"bytes"
	"fmt"
	"strings"

	"tare/internal/workspace"

	"tare/internal/experiment"
)

// fileOf is what an edit changes; "" for one of the base.
func fileOf(e experiment.Edit) string {
	switch {
	case e.Append != nil:
		return e.Append.File
	case e.Replace != nil:
		return e.Replace.File
	}
	return e.Touch
}

// apply makes an edit to the file as it is in the original context. Edits with
// different nonces differ.
func apply(e experiment.Edit, c *workspace.Copy, nonce string) error {
	return c.Change(fileOf(e), func(orig []byte) ([]byte, error) {
		body, err := change(e, orig, nonce)
		if err != nil {
			return nil, fmt.Errorf("edit %s of %s: %w", e.Name, fileOf(e), err)
		}
		return body, nil
	})
}

func change(e experiment.Edit, orig []byte, nonce string) ([]byte, error) {
	switch {
	case e.Append != nil:
		return append(bytes.Clone(orig), strings.ReplaceAll(e.Append.Text, "{n}", nonce)...), nil
	case e.Replace != nil:
		if !bytes.Contains(orig, []byte(e.Replace.Old)) {
			return nil, fmt.Errorf("%q does not occur in it", clip(e.Replace.Old))
		}
		return bytes.Replace(orig, []byte(e.Replace.Old), []byte(strings.ReplaceAll(e.Replace.New, "{n}", nonce)), 1), nil
	}
	return workspace.Touched(e.Touch, orig, nonce), nil
}

// varies tells whether another nonce makes another change; one that does not can be
// built only once before its result is in the cache.
func varies(e experiment.Edit) bool {
	switch {
	case e.Base != "":
		return e.Base == "bump"
	case e.Append != nil:
		return strings.Contains(e.Append.Text, "{n}")
	case e.Replace != nil:
		return strings.Contains(e.Replace.New, "{n}")
	}
	return true
}
