package main

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
)

//go:embed causes.txt
var causesText string

// cause explains differences that were looked into.
type cause struct {
	input, difference *regexp.Regexp
	why               string
}

// parseCauses reads lines of three columns: the input's name and the difference as
// regular expressions, and why it is no fault, or whose. # begins a comment.
func parseCauses(text string) ([]cause, error) {
	var out []cause
	for n, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		f := strings.SplitN(line, " ; ", 3)
		if len(f) != 3 {
			return nil, fmt.Errorf("causes.txt:%d: want INPUT ; DIFFERENCE ; WHY", n+1)
		}
		in, err := regexp.Compile("^(?:" + strings.TrimSpace(f[0]) + ")$")
		if err != nil {
			return nil, fmt.Errorf("causes.txt:%d: %w", n+1, err)
		}
		d, err := regexp.Compile("(?s)" + strings.TrimSpace(f[1]))
		if err != nil {
			return nil, fmt.Errorf("causes.txt:%d: %w", n+1, err)
		}
		out = append(out, cause{in, d, strings.TrimSpace(f[2])})
	}
	return out, nil
}

// explain returns why an input differs, or "" if one of its differences has no cause.
func explain(causes []cause, name string, list []difference) string {
	var why []string
	for _, d := range list {
		found := ""
		for _, c := range causes {
			if c.input.MatchString(name) && c.difference.MatchString(d.String()) {
				found = c.why
				break
			}
		}
		if found == "" {
			return ""
		}
		if !strings.Contains(strings.Join(why, "; "), found) {
			why = append(why, found)
		}
	}
	return strings.Join(why, "; ")
}
