package report

import (
	"io"
	"strings"
)

// WriteTSV writes the table of WriteCSV with tabs between the values, for cut, awk and the
// clipboard of a spreadsheet: nothing is quoted, and a tab in a text is a space.
func (d Document) WriteTSV(w io.Writer) error {
	var b strings.Builder
	for _, row := range append([][]string{csvHead}, d.longRows()...) {
		for n, v := range row {
			if n > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace(v))
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}
