package trim_test

import (
	"os"
	"strings"
	"testing"

	"tare/internal/trim"
)

// Each rule has a section of its own in the reference, and so has nothing else; the declared
// patterns stand there as they are.
func TestReference(t *testing.T) {
	b, err := os.ReadFile("../../docs/reference/trim.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(b), "\n## Rules\n")
	sections := map[string]bool{}
	for line := range strings.Lines(list) {
		if id, ok := strings.CutPrefix(line, "### "); ok {
			sections[strings.TrimSpace(id)] = true
		}
	}
	for _, r := range trim.Rules() {
		if !sections[r.ID] {
			t.Errorf("rule %s has no section", r.ID)
		}
		delete(sections, r.ID)
		if r.Title == "" || strings.Trim(r.ID, "abcdefghijklmnopqrstuvwxyz-") != "" {
			t.Errorf("%q: %q", r.ID, r.Title)
		}
	}
	for id := range sections {
		t.Errorf("%s is no rule", id)
	}
	if !strings.Contains(string(b), "```\n"+strings.Join(trim.Declared, "\n")+"\n```") {
		t.Errorf("the declared patterns are not those of the reference:\n%s", strings.Join(trim.Declared, "\n"))
	}
	if len(trim.Rules()) < 25 {
		t.Errorf("only %d rules", len(trim.Rules()))
	}
}
