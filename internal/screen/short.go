package screen

import (
	"fmt"
	"strings"
)

// ShortLines cuts lines that are longer than anybody reads.
func ShortLines(b []byte) string {
	var out strings.Builder
	for line := range strings.Lines(string(b)) {
		if len(line) > maxError/4 {
			line = strings.ToValidUTF8(line[:maxError/4], "") + fmt.Sprintf("… (%d bytes)\n", len(line))
		}
		if out.Len() < 4*maxError {
			out.WriteString(line)
		}
	}
	return out.String()
}

// maxError is how much of an error is shown, in bytes: it may quote a file that is no
// text, or a line of megabytes.
const maxError = 4 << 10

// Short cuts the middle of a long text.
func Short(s string) string {
	if len(s) <= maxError {
		return s
	}
	return strings.ToValidUTF8(s[:maxError/2], "") + fmt.Sprintf("… (%d bytes) …", len(s)-maxError) + strings.ToValidUTF8(s[len(s)-maxError/2:], "")
}
