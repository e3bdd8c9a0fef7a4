package indexes_test

import (
	"strings"
	"testing"

	"tare/internal/indexes"
)

func TestTrust(t *testing.T) {
	for patterns, names := range map[string][2]string{ // trusted, and not
		"":                            {"", "python a.example/b"},
		"**":                          {"python a.example/b a.example:5000/b/c:1 ghcr.io/o/i@sha256:" + strings.Repeat("a", 64), ""},
		"true":                        {"python", ""},
		"**,false":                    {"", "python"},
		"python":                      {"python python:slim docker.io/library/python", "a.example/python team/python pythonx"},
		"team/app":                    {"team/app:1 docker.io/team/app", "team/app2 team/app/x a.example/team/app"},
		"a.example":                   {"a.example/x a.example/x/y:1", "a.example.org/x b.example/a.example a.example:5000/x"},
		"a.example:5000/team/**":      {"a.example:5000/team/x a.example:5000/team/x/y", "a.example:5000/team2/x a.example/team/x"},
		"a.example/*/app":             {"a.example/team/app", "a.example/app a.example/t/e/app a.example/team/app/x"},
		"a.example/te?m/app":          {"a.example/team/app", "a.example/te/m/app a.example/tem/app"},
		"localhost/x":                 {"localhost/x:1", "docker.io/localhost/x localhost/y"},
		"a.example/x, b.example/y":    {"a.example/x b.example/y", "a.example/y"},
		"a.example/x+y":               {"", "a.example/xxy"},
		"a.example/team.app":          {"a.example/team.app", "a.example/teamXapp"},
		"*.example/x":                 {"a.example/x", "a.example/y evil.org/a.example/x"},
		"ghcr.io/our-org/*,a.example": {"ghcr.io/our-org/i:2 a.example/z", "ghcr.io/our-org/i/j ghcr.io/other/i"},
	} {
		var tr indexes.Trust
		if patterns != "" {
			if err := tr.Set(patterns); err != nil {
				if strings.Contains(patterns, "+") {
					continue // no repository has that in its name
				}
				t.Errorf("%q: %v", patterns, err)
			}
		}
		for n, list := range names {
			for name := range strings.FieldsSeq(list) {
				if tr.Of(name) != (n == 0) {
					t.Errorf("%q and %s: %v", patterns, name, n != 0)
				}
			}
		}
		if tr.Any() != (names[0] != "") {
			t.Errorf("%q: any is %v", patterns, tr.Any())
		}
		if tr.Of("Not A Name") {
			t.Errorf("%q trusts what is no name", patterns)
		}
	}
	for _, wrong := range []string{"a/b:1", "a.example/b@sha256:00", "a.example/[b]", "a.example/b c", "a.example/B", ",", "https://a.example/x", `a\b`} {
		if err := new(indexes.Trust).Set(wrong); err == nil {
			t.Errorf("%q is accepted", wrong)
		}
	}
	var tr indexes.Trust
	if tr.Set("a.example/x") != nil || tr.Set("b.example/y") != nil || tr.String() != "a.example/x,b.example/y" {
		t.Error(tr.String())
	}
}
