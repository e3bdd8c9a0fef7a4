package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// shell runs a script of simple commands, separated by && or lines: quotes, $NAME
// and ${NAME}, > and >>. The first failure ends it.
func shell(script string) int {
	for line := range strings.Lines(strings.ReplaceAll(script, "&&", "\n")) {
		words := split(line)
		var out io.Writer = os.Stdout
		for i, w := range words {
			if w == ">" || w == ">>" {
				mode := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
				if w == ">>" {
					mode = os.O_WRONLY | os.O_CREATE | os.O_APPEND
				}
				f, err := os.OpenFile(words[i+1], mode, 0o644)
				if err != nil {
					fmt.Fprintln(os.Stderr, "sh:", err)
					return 1
				}
				defer f.Close()
				out, words = f, words[:i]
				break
			}
		}
		if len(words) == 0 || strings.HasPrefix(words[0], "#") || words[0] == "set" {
			continue
		}
		if words[0] == "probe" || words[0] == "/bin/probe" {
			words = words[1:]
		}
		if words[0] == "cd" {
			if err := os.Chdir(words[1]); err != nil {
				fmt.Fprintln(os.Stderr, "sh:", err)
				return 1
			}
			continue
		}
		if code := probe(words[0], words[1:], out); code != 0 {
			return code
		}
	}
	return 0
}

func split(line string) []string {
	var words []string
	var w strings.Builder
	open, quote := false, byte(0)
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, open = c, true
		case quote == 0 && (c == ' ' || c == '\t' || c == '\n' || c == ';'):
			if open {
				words = append(words, w.String())
			}
			w.Reset()
			open = false
		case quote != '\'' && c == '$':
			rest := strings.TrimPrefix(line[i+1:], "{")
			n := 0
			for n < len(rest) && (rest[n] == '_' || rest[n] >= 'A' && rest[n] <= 'Z' || rest[n] >= 'a' && rest[n] <= 'z' || rest[n] >= '0' && rest[n] <= '9') {
				n++
			}
			w.WriteString(os.Getenv(rest[:n]))
			open = true
			if line[i+1] == '{' {
				n += 2
			}
			i += n
		default:
			w.WriteByte(c)
			open = true
		}
	}
	if open {
		words = append(words, w.String())
	}
	return words
}
