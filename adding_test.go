package tare_test

import (
	"os"
	"regexp"
	"testing"
)

// What docs/adding.md names is there.
func TestAddingNamesWhatIsThere(t *testing.T) {
	b, err := os.ReadFile("docs/adding.md")
	if err != nil {
		t.Fatal(err)
	}
	paths := regexp.MustCompile("`((?:internal|cmd|docs)/[a-z0-9_./]+)`").FindAllStringSubmatch(string(b), -1)
	for _, m := range paths {
		if _, err := os.Stat(m[1]); err != nil {
			t.Errorf("docs/adding.md names %s: %v", m[1], err)
		}
	}
	if len(paths) < 10 {
		t.Errorf("only %d paths found", len(paths))
	}
}
