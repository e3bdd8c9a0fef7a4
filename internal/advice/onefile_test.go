package advice_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tare/internal/advice"
)

// A rule is one file with its test beside it.
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
