package help

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/pflag"
)

// wrapped lists flags as Docker does, in lines of at most 80 columns.
func wrapped(f *pflag.FlagSet) string {
	type row struct{ name, text string }
	var rows []row
	width := 0
	f.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name := "      --" + f.Name
		if f.Shorthand != "" {
			name = "  -" + f.Shorthand + ", --" + f.Name
		}
		kind, text := pflag.UnquoteUsage(f)
		if kind == "strings" || kind == "stringArray" || kind == "stringSlice" {
			kind = "list"
		}
		if kind != "" && f.NoOptDefVal != "" && f.Value.Type() != "bool" {
			name += "[=" + kind + "]" // a value of its own is a target
		} else if kind != "" {
			name += " " + kind
		}
		if !slices.Contains([]string{"", "0", "false", "[]"}, f.DefValue) {
			text += fmt.Sprintf(" (default %s)", f.DefValue)
		}
		rows = append(rows, row{name, text})
		width = max(width, len(name)+3)
	})
	var b strings.Builder
	for _, r := range rows {
		b.WriteString(r.name)
		at := len(r.name)
		for _, word := range strings.Fields(r.text) {
			n := utf8.RuneCountInString(word)
			switch {
			case at < width:
				b.WriteString(strings.Repeat(" ", width-at))
				at = width
			case at+1+n > columns:
				b.WriteString("\n" + strings.Repeat(" ", width))
				at = width
			default:
				b.WriteByte(' ')
				at++
			}
			b.WriteString(word)
			at += n
		}
		b.WriteByte('\n')
	}
	return strings.TrimRight(b.String(), "\n")
}
