package weigh

import "testing"

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"*.pyc", "a/b/x.pyc", true}, {"*.pyc", "x.pyc", true}, {"*.pyc", "x.pyc.txt", false}, {"*.pyc", "x.pyc/in/it", true},
		{"usr/lib", "usr/lib", true}, {"usr/lib", "usr/lib/x/y", true}, {"/usr/lib/", "usr/lib/x", true}, {"usr/lib", "usr/library", false},
		{"usr/lib", "opt/usr/lib/x", false}, {"lib", "opt/usr/lib/x", true}, {"usr/*/x", "usr/lib/x", true}, {"usr/*/x", "usr/a/b/x", false},
		{"usr/**/x", "usr/x", true}, {"usr/**/x", "usr/a/b/x", true}, {"**/probe", "probe", true}, {"**/probe", "bin/probe", true}, {"**", "anything/at/all", true},
		{"a?c", "abc", true}, {"a?c", "a/c", false}, {"[ab]x", "ax", true}, {"[!ab]x", "ax", false}, {"[!ab]x", "cx", true}, {"{a,b}.go", "d/b.go", true},
		{"a.c", "abc", false}, {"a+b(c)", "a+b(c)", true}, {"line\nbreak", "line\nbreak", true},
	} {
		match, err := glob(c.pattern)
		if err != nil {
			t.Errorf("%q: %v", c.pattern, err)
		} else if match(c.path) != c.want {
			t.Errorf("%q matches %q: not %v", c.pattern, c.path, c.want)
		}
	}
	for _, p := range []string{"[", "a[", "{a", `a\`} {
		if _, err := glob(p); err == nil {
			t.Errorf("%q is a pattern", p)
		}
	}
	if match, err := glob(""); match != nil || err != nil {
		t.Errorf("no pattern: %v", err)
	}
}
