package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// event is a line of `go test -json`: see `go doc test2json`.
type event struct {
	Action     string
	Package    string
	ImportPath string // of a build that failed
	Test       string
	Output     string
}

// key is a test of a package, or a package with the empty name.
type key struct{ pkg, test string }

// summary counts tests, and keeps the output of those that have not ended.
type summary struct {
	out                     io.Writer
	kept                    map[key][]string // output by test, until it is known how it ends
	passed, failed, skipped int
	reasons                 map[string][]string // why tests were skipped -> their names
}

func newSummary(out io.Writer) *summary {
	return &summary{out: out, kept: map[key][]string{}, reasons: map[string][]string{}}
}

func (s *summary) read(r io.Reader) {
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil || e.Action == "" {
				_, _ = s.out.Write(line) // of something that is no test
			} else {
				s.event(e)
			}
		}
		if err != nil {
			return
		}
	}
}

func (s *summary) event(e event) {
	k := key{e.Package, e.Test}
	switch e.Action {
	case "output":
		s.kept[k] = append(s.kept[k], e.Output)
	case "build-output":
		s.say(e.Output)
	case "pass", "skip", "fail":
		if e.Test != "" {
			s.test(e.Action, k)
			return
		}
		s.pkg(e.Action, e.Package)
	}
}

// test is the end of a test. The output of one that failed is printed with that of the
// test around it when the package ends; of others nothing is.
func (s *summary) test(action string, k key) {
	switch action {
	case "pass":
		s.passed++
		delete(s.kept, k)
	case "fail":
		s.failed++
	case "skip":
		s.skipped++
		why := reason(s.kept[k])
		s.reasons[why] = append(s.reasons[why], k.test)
		delete(s.kept, k)
	}
}

// pkg is the end of a package: its own line, and first whatever is left of tests that
// failed or, after a panic, never ended.
func (s *summary) pkg(action, pkg string) {
	var left []string
	for k := range s.kept {
		if k.pkg == pkg && k.test != "" {
			left = append(left, k.test)
		}
	}
	slices.Sort(left)
	for _, t := range left {
		if action == "fail" {
			s.say(strings.Join(s.kept[key{pkg, t}], ""))
		}
		delete(s.kept, key{pkg, t})
	}
	for _, line := range s.kept[key{pkg, ""}] {
		if action == "fail" || summaryLine.MatchString(line) {
			s.say(line)
		}
	}
	delete(s.kept, key{pkg, ""})
}

// summaryLine is go test's line for a package.
var summaryLine = regexp.MustCompile(`^(ok  |FAIL|\?   |---|panic|\t.*\tcoverage)`)

func (s *summary) say(text string) { _, _ = io.WriteString(s.out, text) }

// where stands before what a test says.
var where = regexp.MustCompile(`^\s*[^\s:]+\.go:\d+: `)

// reason is why a test was skipped: the last thing that it said.
func reason(output []string) string {
	why := ""
	for _, line := range output {
		if where.MatchString(line) {
			why = strings.TrimSpace(where.ReplaceAllString(line, ""))
		}
	}
	return cmp.Or(why, "no reason given")
}

// print says how many tests there were.
func (s *summary) print() {
	_, _ = fmt.Fprintf(s.out, "\n%d tests: %d passed, %d failed, %d skipped\n", s.passed+s.failed+s.skipped, s.passed, s.failed, s.skipped)
	var whys []string
	for w := range s.reasons {
		whys = append(whys, w)
	}
	slices.SortFunc(whys, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(s.reasons[b]), len(s.reasons[a])), cmp.Compare(a, b))
	})
	for _, w := range whys {
		names := s.reasons[w]
		more := ""
		if len(names) > 3 {
			more = fmt.Sprintf(" and %d more", len(names)-3)
		}
		_, _ = fmt.Fprintf(s.out, "  skipped %d: %s (%s%s)\n", len(names), w, strings.Join(names[:min(3, len(names))], ", "), more)
	}
}
