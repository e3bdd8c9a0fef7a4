package advice_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tare/internal/advice"
)

// Every rule has a section in docs/reference/findings.md, and every section a rule.
func TestRulesAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/reference/findings.md")
	if err != nil {
		t.Fatal(err)
	}
	var have, want []string
	for _, m := range regexp.MustCompile(`(?m)^## (\S+)$`).FindAllStringSubmatch(string(page), -1) {
		have = append(have, m[1])
	}
	for _, r := range advice.Rules() {
		want = append(want, r.ID)
		if r.Title == "" || r.Version < 1 || r.Severity == "" || r.Find == nil {
			t.Errorf("%s: %+v", r.ID, r)
		}
	}
	slices.Sort(have)
	if !slices.Equal(have, want) {
		t.Errorf("sections %v, rules %v", have, want)
	}
}

// A rule is one file with its test beside it.
func TestOneFileARule(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if c := strings.Count(string(b), "register(Rule{"); c > 0 && !strings.HasSuffix(file, "_test.go") {
			n += c
			if _, err := os.Stat(strings.TrimSuffix(file, ".go") + "_test.go"); err != nil || c != 1 {
				t.Errorf("%s: %d rules, %v", file, c, err)
			}
		}
	}
	if n != len(advice.Rules()) {
		t.Errorf("%d files, %d rules", n, len(advice.Rules()))
	}
}
