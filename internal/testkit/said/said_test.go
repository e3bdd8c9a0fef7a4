package said

import (
	"os"
	"testing"
)

// What is said is found in the source; what is asked for, keys and errors are not.
func TestSentences(t *testing.T) {
	t.Chdir(t.TempDir())
	const src = "package x\nimport \"fmt\"\ntype k struct { A int `json:\"a b c\"` }\nvar a = fmt.Sprintf(\"%s is so large\", \"x\")\nvar b = fmt.Errorf(\"it is wrong\")\nvar c = E{What: \"the bytes of\"}\nvar d = strings.HasPrefix(a, \"what it is\")\nvar e = \"one\"\nvar f = \", and that \"\n"
	for name, text := range map[string]string{"a.go": src, "a_test.go": "package x\nvar t = \"said by tests\"\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := sentences(t, nil, asked)
	if len(got) != 2 || got["%s is so large"] != "a.go:4:21" || got[", and that "] == "" {
		t.Errorf("%v", got)
	}
}

func TestPattern(t *testing.T) {
	re := pattern("%s is %.1f%% (of %d)")
	for s, want := range map[string]bool{"a b is 5.0% (of 7)": true, "a was 5.0% (of 7)": false, " is  (of )": false, "is 5% (of 7)": false} {
		if re.MatchString(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}

// A test wants a sentence by the whole of it, or by enough of it.
func TestWants(t *testing.T) {
	for text, want := range map[string]bool{"a is larger than b by 5B": true, "is larger than": true, "larger": false, "than b by 5B": false, "is smaller than": false, "": false} {
		if wants(text, "%s is larger than %s by %s") != want {
			t.Errorf("%q: not %v", text, want)
		}
	}
}
