package tare_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

// The bounds of sizes, in lines: what is larger holds more than one idea. Those of
// single packages and files only fall.
const (
	maxFile    = 400 // of what is not a test
	maxTest    = 600
	maxPackage = 4000 // tests left out
)

var (
	packageLines = map[string]int{
		"cli": 3500,
	}
	fileLines = map[string]int{}
	// functionLines bounds every function of a package.
	functionLines = map[string]int{
		"cli": 60,
	}
)

func TestSizes(t *testing.T) {
	sums, longest := map[string]int{}, map[string]int{}
	for _, file := range sources(t) {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n, most, p := strings.Count(string(b), "\n"), maxFile, packageOf(file)
		if strings.HasSuffix(file, "_test.go") {
			most = maxTest
		} else {
			sums[p] += n
			if fileLines[file] > 0 {
				most = fileLines[file]
			}
			if bound := functionLines[p]; bound > 0 {
				longest[p] = max(longest[p], functions(t, file, b, bound))
			}
		}
		if n > most {
			t.Errorf("%s has %d lines, more than %d: more than one idea", file, n, most)
		}
	}
	for p, n := range sums {
		most := maxPackage
		if packageLines[p] > 0 {
			most = packageLines[p]
		}
		if n > most {
			t.Errorf("package %s has %d lines, more than %d", p, n, most)
		}
	}
	for p, bound := range functionLines {
		t.Logf("the longest function of %s has %d lines of %d", p, longest[p], bound)
	}
}

// functions names the functions of a file that are longer than bound lines, and
// returns how long the longest is.
func functions(t *testing.T, file string, src []byte, bound int) int {
	set, longest := token.NewFileSet(), 0
	f, err := parser.ParseFile(set, file, src, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range f.Decls {
		if d, ok := d.(*ast.FuncDecl); ok {
			n := set.Position(d.End()).Line - set.Position(d.Pos()).Line + 1
			longest = max(longest, n)
			if n > bound {
				t.Errorf("%s: %s has %d lines, more than %d", file, d.Name.Name, n, bound)
			}
		}
	}
	return longest
}
