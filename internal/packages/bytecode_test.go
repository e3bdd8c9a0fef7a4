package packages

import "testing"

// Byte code leads to its source, whatever made it and however the source is called.
func TestPythonSource(t *testing.T) {
	for file, want := range map[string]string{
		"usr/lib/a/__pycache__/m.cpython-312.pyc":         "usr/lib/a/m.py",
		"usr/lib/a/__pycache__/m.cpython-312.opt-2.pyc":   "usr/lib/a/m.py",
		"usr/lib/a/__pycache__/m.pypy39.pyc":              "usr/lib/a/m.py",
		"usr/lib/a/__pycache__/with.dots.cpython-312.pyc": "usr/lib/a/with.dots.py",
		"usr/lib/a/__pycache__/m.pyc":                     "usr/lib/a/m.py",
		"__pycache__/m.cpython-312.pyc":                   "m.py",
		"usr/lib/a/m.pyc":                                 "usr/lib/a/m.py",
		"usr/lib/a/m.pyo":                                 "usr/lib/a/m.py",
		"usr/lib/a/m.py":                                  "",
		"usr/lib/a/m.pyd":                                 "",
	} {
		if got := pythonSource(file); got != want {
			t.Errorf("%s comes from %q, not %q", file, got, want)
		}
	}
}
