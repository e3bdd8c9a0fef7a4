// Command manual writes tare's manual pages: a page of section 1 for every command, one
// of section 7 for every topic of the help. They are made from the commands themselves,
// so that a flag cannot be missing. The same commands give the same bytes.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"tare/internal/cli"
	"tare/internal/help"
)

func main() {
	version := flag.String("version", "", "the release that the pages are of")
	date := flag.String("date", "", "its date, such as 2026-01-31")
	completions := flag.String("completions", "", "a directory for scripts that complete in bash, zsh and fish")
	flag.Parse()
	if flag.NArg() != 1 || *version == "" || *date == "" {
		fmt.Fprintln(os.Stderr, "usage: manual -version VERSION -date DATE [-completions DIR] DIR")
		os.Exit(2)
	}
	err := write(flag.Arg(0), Pages(cli.Commands(), help.Topics, Edition{*version, *date}))
	if err == nil && *completions != "" {
		err = complete(*completions)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "manual:", err)
		os.Exit(1)
	}
}

// write puts pages where man looks for them: DIR/man1, DIR/man7.
func write(dir string, pages []Page) error {
	for _, p := range pages {
		file := filepath.Join(dir, fmt.Sprintf("man%d", p.Section), fmt.Sprintf("%s.%d", p.Name, p.Section))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(p.Text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// complete writes what `tare completion SHELL` prints, under the names that shells look
// for.
func complete(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root := cli.Commands()
	for name, script := range map[string]func(io.Writer) error{
		"tare.bash": func(w io.Writer) error { return root.GenBashCompletionV2(w, true) },
		"_tare":     root.GenZshCompletion,
		"tare.fish": func(w io.Writer) error { return root.GenFishCompletion(w, true) },
	} {
		var b bytes.Buffer
		if err := script(&b); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
