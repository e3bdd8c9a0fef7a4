// Command imports draws which of our packages import which, from the import lines, and
// counts their lines: the picture and the table of docs/architecture.md.
//
//	imports -o docs/imports.svg -table docs/architecture.md [-before FILE]
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
)

func main() {
	svg := flag.String("o", "docs/imports.svg", "the picture to write")
	page := flag.String("table", "docs/architecture.md", "the page whose table of lines is rewritten")
	flag.Parse()
	if err := write(".", *svg, *page); err != nil {
		fmt.Fprintln(os.Stderr, "imports:", err)
		os.Exit(1)
	}
}

func write(root, svg, page string) error {
	g, err := read(root)
	if err != nil {
		return err
	}
	if err := os.WriteFile(svg, g.draw(), 0o644); err != nil {
		return err
	}
	b, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	out, err := g.fill(b)
	if err != nil {
		return fmt.Errorf("%s: %w", page, err)
	}
	if bytes.Equal(b, out) {
		return nil
	}
	return os.WriteFile(page, out, 0o644)
}
