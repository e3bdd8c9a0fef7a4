package yamlfile_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"

	"tare/internal/yamlfile"
)

// What is wrong with a file is said with its place; what is right is read.
func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "",
		"# nothing":                     "",
		"a: 1":                          "",
		"---\na: 1":                     "",
		"a: 1\n---\n":                   "", // nothing comes after it
		"a: 1\n---\nb: 2":               "f.yaml:3:1: a second document: a test is one",
		"a: &x 1\nb: *x":                "f.yaml:2:4: aliases (*name) are not allowed in a test",
		"a: &x {b: 1}\nc:\n  <<: *x":    "aliases (*name) are not allowed in a test",
		"a: {b: 1":                      "f.yaml:1:4: ",
		"a: [1":                         "f.yaml:1:4: ",
		"a: \"b":                        "f.yaml:1:4: ",
		"a: 1\n b: 2":                   "f.yaml:",
		"a: 1\na: 2":                    "f.yaml:2:1: ",
		strings.Repeat("#", 101):        "f.yaml: 101 bytes are too many for a test (100)",
		"a: " + strings.Repeat("x", 97): "",
	} {
		doc, err := yamlfile.Parse("f.yaml", "a test", []byte(text), 100)
		var e *yamlfile.Error
		switch {
		case want == "" && (err != nil || doc == nil):
			t.Errorf("%q: %v", text, err)
		case want != "" && (!errors.As(err, &e) || !strings.HasPrefix(err.Error(), "f.yaml:") || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %v, not %s", text, err, want)
		}
	}
}

// An excerpt shows the line, with a mark, and the library's own prefix is not in it.
func TestExcerpt(t *testing.T) {
	doc, err := yamlfile.Parse("f.yaml", "a test", []byte("first: 1\nsecond: two\nthird: 3\n"), 100)
	if err != nil {
		t.Fatal(err)
	}
	n := ast.Filter(ast.StringType, doc.Docs[0])
	var two ast.Node
	for _, s := range n {
		if s.String() == "two" {
			two = s
		}
	}
	e := yamlfile.At("f.yaml", two, true, "%s is no number", "two")
	text := e.Error()
	if !strings.HasPrefix(text, "f.yaml:2:9: two is no number\n") || !strings.Contains(text, "second: two") || !strings.Contains(text, "^") || strings.Contains(text, "[2:9]") {
		t.Error(text)
	}
	if e := yamlfile.At("f.yaml", two, false, "no"); e.Error() != "f.yaml:2:9: no" {
		t.Error(e)
	}
	if e := yamlfile.At("f.yaml", nil, true, "no place"); e.Error() != "f.yaml: no place" {
		t.Error(e)
	}
}

// An error of the library's gets a place; another one keeps its text.
func TestLocated(t *testing.T) {
	if got := yamlfile.Located("f.yaml", errors.New("whatever")).Error(); got != "f.yaml: whatever" {
		t.Error(got)
	}
	_, err := yamlfile.Parse("f.yaml", "a test", []byte("ok: 1\nbad: {"), 100)
	var e *yamlfile.Error
	if !errors.As(err, &e) || e.Line != 2 || e.Excerpt == "" || strings.HasPrefix(e.Text, "[") {
		t.Errorf("%#v", e)
	}
	if got := yamlfile.Panicked("f.yaml", fmt.Errorf("index out of range")).Error(); got != "f.yaml: it cannot be read as YAML (index out of range)" {
		t.Error(got)
	}
}

// FuzzParse: whatever the bytes, there is an answer, and errors name the file.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"a: 1", "a: &x [*x]", "? a\n: b", "- - -\n", "%YAML 1.2\n---\n", "a: |\n  b", "\xff", "{", "a: !!binary x"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var err error
		func() {
			defer func() { // as every caller does
				if p := recover(); p != nil {
					err = yamlfile.Panicked("f.yaml", p)
				}
			}()
			_, err = yamlfile.Parse("f.yaml", "a test", b, 1<<16)
		}()
		if err != nil && !strings.HasPrefix(err.Error(), "f.yaml:") {
			t.Errorf("%q: %v", b, err)
		}
	})
}
