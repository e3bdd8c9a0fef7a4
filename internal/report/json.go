package report

import (
	"bytes"
	"encoding/json"
	"io"

	"tare/internal/screen"
)

// WriteJSON writes a JSON document for people and programs alike.
func WriteJSON(w io.Writer, data any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(data); err != nil {
		return err
	}
	_, err := w.Write(screen.JSON(b.Bytes()))
	return err
}
