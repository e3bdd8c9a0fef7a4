package tare_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// docs/security.md names a test for everything that it says is stopped; all exist.
func TestSecurityNamesItsTests(t *testing.T) {
	doc, err := os.ReadFile("docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	for _, file := range sources(t) {
		if !strings.HasSuffix(file, "_test.go") {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range function.FindAllSubmatch(b, -1) {
			have[string(m[1])] = true
		}
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`").FindAllSubmatch(doc, -1)
	if len(named) < 20 {
		t.Errorf("only %d tests are named", len(named))
	}
	for _, m := range named {
		if !have[string(m[1])] {
			t.Errorf("docs/security.md names %s, which is not there", m[1])
		}
	}
	_, table, _ := strings.Cut(string(doc), "| attempt |")
	table, _, _ = strings.Cut(table, "\n\n")
	for n, line := range strings.Split(table, "\n") {
		if n > 1 && !regexp.MustCompile("`(Test|Fuzz)").MatchString(line) {
			t.Errorf("no test is named in: %s", line)
		}
	}
}
