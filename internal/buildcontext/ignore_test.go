package buildcontext_test

import (
	"os"
	"path/filepath"
	"testing"

	"tare/internal/buildcontext"
)

func TestExcluded(t *testing.T) {
	for _, c := range []struct{ ignore, file, want string }{
		{"# c\n\n*.py\n", "app.py", ".dockerignore line 3 (*.py)"},
		{"*.py\n!app.py\n", "app.py", ""},
		{"*.py\n!app.py\napp.*\n", "app.py", ".dockerignore line 3 (app.*)"},
		{"*.py\n*.py\n", "app.py", ".dockerignore line 1 (*.py)"},
		{"src\n", "src/a/b.go", ".dockerignore line 1 (src)"},
		{"**/*.go\n", "src/a/b.go", ".dockerignore line 1 (**/*.go)"},
		{"/src/\n", "src/x", ".dockerignore line 1 (/src/)"},
		{"*\n!src\n", "src/x", ""},
		{"*.py", "app.pyc", ""},
		{"[\n", "app.py", ""},
		{"", "app.py", ""},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, ".dockerignore"), []byte(c.ignore), 0o600); err != nil {
			t.Fatal(err)
		}
		got := ""
		if e, ok := buildcontext.Excluded(dir, filepath.Join(dir, "Dockerfile"), c.file); ok {
			got = e.String()
		}
		if got != c.want {
			t.Errorf("%q, %s: %q, want %q", c.ignore, c.file, got, c.want)
		}
	}
	// The Dockerfile's own ignore file goes first.
	dir := t.TempDir()
	for name, text := range map[string]string{".dockerignore": "a\n", "D.dockerignore": "b\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := buildcontext.Excluded(dir, filepath.Join(dir, "D"), "a"); ok {
		t.Error("a is excluded")
	}
	if e, ok := buildcontext.Excluded(dir, filepath.Join(dir, "D"), "b"); !ok || e.String() != "D.dockerignore line 1 (b)" {
		t.Errorf("%v %v", e, ok)
	}
}
