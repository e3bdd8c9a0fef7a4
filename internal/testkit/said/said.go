// Package said keeps the rule that every sentence which a package can say has a case in
// which it is said and one in which it is not: the sentences are read from the source, so
// that none can be added without both.
package said

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Case is a sentence, or a part of one, as the source has it (with its verbs), and two
// texts that the package makes: one that has it, and one that does not, of what is nearly
// the same.
type Case [3]string

// Check holds the cases against the sentences of the package in the current directory, as
// go test sets it. Files, such as "claims.go", are those that are looked at; default all
// but tests. silent are texts of the source that are no sentences: keys, titles, units.
func Check(t *testing.T, cases []Case, silent []string, files ...string) {
	t.Helper()
	found := sentences(t, files, asked)
	has := map[string]bool{}
	for _, c := range cases {
		sentence, said, not := c[0], c[1], c[2]
		has[sentence] = true
		at, ok := found[sentence]
		if !ok {
			t.Errorf("%q stands nowhere in the source", sentence)
			continue
		}
		re := pattern(sentence)
		if !re.MatchString(said) {
			t.Errorf("%s: %q is not said in %q", at, sentence, said)
		}
		if re.MatchString(not) {
			t.Errorf("%s: %q must not be said in %q", at, sentence, not)
		}
	}
	for _, s := range silent {
		if _, ok := found[s]; !ok {
			t.Errorf("%q stands nowhere in the source", s)
		}
		has[s] = true
	}
	var missing []string
	for s, at := range found {
		if !has[s] {
			missing = append(missing, at+": "+strconv.Quote(s))
		}
	}
	slices.Sort(missing)
	for _, m := range missing {
		t.Errorf("%s has no case in which it is said and one in which it is not", m)
	}
}

// Expected is Check for packages whose tests hold whole texts against what is wanted, row by
// row: each sentence must stand in what a test wants, and that test must have rows that want
// something else instead of it. A file of tests stands for itself: it has one table or a few
// of the same kind.
func Expected(t *testing.T, silent []string, files ...string) {
	t.Helper()
	found := sentences(t, files, asked)
	for _, s := range silent {
		if _, ok := found[s]; !ok {
			t.Errorf("%q stands nowhere in the source", s)
		}
		delete(found, s)
	}
	tests, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var wanted [][]string
	for _, file := range tests {
		var list []string
		if file != "said_test.go" {
			for w := range sentences(t, []string{file}, nil) {
				list = append(list, w)
			}
		}
		wanted = append(wanted, list)
	}
	var missing []string
	for s, at := range found {
		yes, no := false, false
		for _, list := range wanted {
			said := slices.ContainsFunc(list, func(w string) bool { return wants(w, s) })
			yes = yes || said
			no = no || said && slices.ContainsFunc(list, func(w string) bool { return !wants(w, s) })
		}
		if !yes || !no {
			missing = append(missing, at+": "+strconv.Quote(s))
		}
	}
	slices.Sort(missing)
	for _, m := range missing {
		t.Errorf("%s: no test wants it to be said here and not there", m)
	}
}

// wants tells whether a text of a test is a sentence, or a part of one by which it is known.
func wants(text, sentence string) bool {
	const least = 10 // characters
	if pattern(sentence).MatchString(text) {
		return true
	}
	longest, part := "", strings.Trim(text, " .:,;")
	for _, fixed := range verb.Split(sentence, -1) {
		if fixed = strings.Trim(fixed, " .:,;"); len(fixed) > len(longest) {
			longest = fixed
		}
		if len(part) >= least && strings.Contains(fixed, part) {
			return true
		}
	}
	return len(longest) >= least && strings.Contains(text, longest)
}

// verb is a verb of package fmt.
var verb = regexp.MustCompile(`%[-+# 0-9.]*[a-zA-Z]`)

// pattern matches what a format makes.
func pattern(sentence string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("(?s)")
	last := 0
	for _, m := range verb.FindAllStringIndex(sentence, -1) {
		b.WriteString(regexp.QuoteMeta(sentence[last:m[0]]) + ".*")
		last = m[1]
	}
	b.WriteString(regexp.QuoteMeta(sentence[last:]))
	return regexp.MustCompile(strings.ReplaceAll(b.String(), "%%", "%"))
}

// word is one that says something.
var word = regexp.MustCompile(`[A-Za-z]{2,}`)

// asked are functions whose texts are looked for, and errors, which say of themselves that
// something failed.
var asked = map[string]bool{"fmt.Errorf": true, "errors.New": true, "strings.HasPrefix": true, "strings.HasSuffix": true, "strings.Contains": true, "strings.TrimPrefix": true,
	"strings.TrimSuffix": true, "strings.CutPrefix": true, "strings.CutSuffix": true, "strings.Cut": true, "regexp.MustCompile": true, "pattern.New": true, "strings.NewReplacer": true, "slices.Contains": true}

// sentences are the texts of at least two words in the source, with the place of each, but
// for arguments of the functions in skip.
func sentences(t *testing.T, files []string, skip map[string]bool) map[string]string {
	t.Helper()
	if len(files) == 0 {
		all, err := filepath.Glob("*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range all {
			if !strings.HasSuffix(f, "_test.go") {
				files = append(files, f)
			}
		}
	}
	out := map[string]string{}
	for _, file := range files {
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec:
				return false
			case *ast.Field:
				return n.Tag == nil
			case *ast.KeyValueExpr:
				if k, ok := n.Key.(*ast.Ident); ok && k.Name == "What" { // evidence is named, not said
					return false
				}
			case *ast.CallExpr:
				if s, ok := n.Fun.(*ast.SelectorExpr); ok {
					if x, ok := s.X.(*ast.Ident); ok && skip[x.Name+"."+s.Sel.Name] {
						return false
					}
				}
			case *ast.BasicLit:
				s, err := strconv.Unquote(n.Value)
				if n.Kind == token.STRING && err == nil && strings.ContainsAny(s, " ") && len(word.FindAllString(verb.ReplaceAllString(s, ""), -1)) > 1 {
					out[s] = set.Position(n.Pos()).String()
				}
			}
			return true
		})
	}
	return out
}
