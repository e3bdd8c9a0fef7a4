package report

import "strings"

// more is the line that says how to get the rest.
func more(parts []string) Block {
	return Para{Place: Place{Weight: Brief}, Dim: true, Text: "More: --full, --show " + strings.Join(parts, ",") + ", --format html"}
}
