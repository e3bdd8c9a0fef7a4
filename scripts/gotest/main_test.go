package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A module with a test of every kind of end.
var files = map[string]string{
	"go.mod":          "module x\n\ngo 1.24\n",
	"good/a_test.go":  "package good\n\nimport \"testing\"\n\nfunc TestOne(t *testing.T) { t.Log(\"quiet\"); t.Run(\"sub\", func(t *testing.T) {}) }\nfunc TestSkip(t *testing.T) { t.Skip(\"no hub here\") }\nfunc TestSkipToo(t *testing.T) { t.Run(\"x\", func(t *testing.T) { t.Skip(\"no hub here\") }) }\n",
	"bad/a_test.go":   "package bad\n\nimport \"testing\"\n\nfunc TestBad(t *testing.T) { t.Run(\"sub\", func(t *testing.T) { t.Error(\"what is wrong\") }) }\nfunc TestGood(t *testing.T) {}\n",
	"panic/a_test.go": "package panic_\n\nimport \"testing\"\n\nfunc TestPanics(t *testing.T) { panic(\"oh no\") }\n",
	"build/a_test.go": "package build\n\nfunc TestX(t *testing.T) {}\n",
	"exit/a_test.go":  "package exit\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestExit(t *testing.T) { os.Exit(0) }\n",
}

func goTest(t *testing.T, pkgs ...string) (int, string) {
	t.Helper()
	dir := t.TempDir()
	for name, body := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	var out strings.Builder
	code := run(pkgs, &out, &out)
	return code, out.String()
}

func TestRun(t *testing.T) {
	for _, c := range []struct {
		pkg  string
		code int
		says []string
		not  []string
	}{
		{"./good", 0, []string{"ok  \tx/good", "5 tests: 3 passed, 0 failed, 2 skipped", "skipped 2: no hub here (TestSkip, TestSkipToo/x)"}, []string{"quiet", "FAIL"}},
		{"./bad", 1, []string{"what is wrong", "--- FAIL: TestBad/sub", "FAIL\tx/bad", "3 tests: 1 passed, 2 failed, 0 skipped"}, []string{"--- PASS"}},
		{"./panic", 1, []string{"oh no", "a_test.go:5", "FAIL\tx/panic"}, nil},
		{"./build", 1, []string{"undefined: testing", "[build failed]"}, nil},
		{"./exit", 1, []string{"FAIL\tx/exit"}, nil},
		{"./nowhere", 1, []string{"nowhere"}, nil},
	} {
		code, out := goTest(t, c.pkg)
		if code != c.code {
			t.Errorf("%s: code %d\n%s", c.pkg, code, out)
		}
		for _, want := range c.says {
			if !strings.Contains(out, want) {
				t.Errorf("%s does not say %q:\n%s", c.pkg, want, out)
			}
		}
		for _, bad := range c.not {
			if strings.Contains(out, bad) {
				t.Errorf("%s says %q:\n%s", c.pkg, bad, out)
			}
		}
	}
}
