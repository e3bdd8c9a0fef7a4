package tare_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestOneOfEach: there is one plural and one short ID, in units.
func TestOneOfEach(t *testing.T) {
	names := regexp.MustCompile(`^(?i:plurals?|pluralize|short_?id|short_?digest)$`)
	found := 0
	for _, file := range sources(t) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		home := filepath.ToSlash(filepath.Dir(file)) == "internal/units"
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			switch {
			case !ok || fn.Recv != nil || !names.MatchString(fn.Name.Name):
			case home:
				found++
			default:
				t.Errorf("%s: %s: internal/units has one", file, fn.Name.Name)
			}
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "Encoded()[:12]") {
			t.Errorf("%s: units.ShortID cuts digests", file)
		}
	}
	if found != 2 {
		t.Errorf("units has %d of Plural and ShortID", found)
	}
}
