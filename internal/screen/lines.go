package screen

import (
	"io"
	"strings"
)

// WriteLines writes text of strangers by the line: a carriage return at the end of one is shown.
func WriteLines(w io.Writer, text string) error {
	for line := range strings.Lines(text) {
		body, end := strings.CutSuffix(line, "\n")
		clean := Text(body)
		if end {
			clean += "\n"
		}
		if _, err := io.WriteString(w, clean); err != nil {
			return err
		}
	}
	return nil
}
