package cli

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"tare/internal/session"
)

// printed finds command lines of tare in a text: a word that may be a command, and the
// rest of the line up to what cannot be one.
var printed = regexp.MustCompile("(?:^|[^A-Za-z0-9_./-])tare ([a-z-][^`\"\n;)|]*)")

// checkPrinted finds commands and flags in a text that do not exist. Words after tare
// that are no command are prose, if the text is.
func checkPrinted(t testing.TB, root *cobra.Command, where, text string, prose bool) (found int) {
	t.Helper()
	for _, m := range printed.FindAllStringSubmatch(text, -1) {
		words := strings.Fields(m[1])
		c, rest := root, words
		for len(rest) > 0 {
			var kid *cobra.Command
			for _, k := range c.Commands() {
				if k.Name() == rest[0] || k.HasAlias(rest[0]) {
					kid = k
				}
			}
			if kid == nil {
				break
			}
			c, rest = kid, rest[1:]
		}
		if c == root || c.Hidden {
			if !prose && !strings.HasPrefix(words[0], "-") {
				t.Errorf("%s: tare has no command %q (tare %s)", where, words[0], m[1])
			}
			continue
		}
		found++
		if c.Name() == "run" {
			rest = rest[:min(len(rest), 1)] // what follows the image is the program's
		}
		c.InitDefaultHelpFlag()
		for _, w := range rest {
			name, _, _ := strings.Cut(strings.TrimRight(w, ".,:'"), "=")
			long, is := strings.CutPrefix(name, "--")
			if is && long != "" && c.Flags().Lookup(long) == nil && c.InheritedFlags().Lookup(long) == nil {
				t.Errorf("%s: %s has no flag --%s (tare %s)", where, c.CommandPath(), long, m[1])
			}
		}
	}
	return found
}

func wholeRoot() *cobra.Command {
	root := newRoot(newApp(context.Background(), Streams{}, session.Engines{}, nil), nil)
	root.InitDefaultHelpCmd()
	return root
}

// complaints counts what a check has to say.
type complaints struct {
	testing.TB
	n int
}

func (c *complaints) Helper()               {}
func (c *complaints) Errorf(string, ...any) { c.n++ }

func TestCheckPrinted(t *testing.T) {
	for text, want := range map[string]int{
		"see tare weigh --layer 2 app": 0, "tare frobnicate it": 1, "(tare weigh --frobnicate app)": 1, "tare ps": 1, "tare image ls": 0,
		"tare run app --whatever": 0, "tare system df --verbose.": 0, "a tare of 3 kg": 1, "/usr/bin/tare weigh --no x": 0,
	} {
		c := complaints{TB: t}
		if checkPrinted(&c, wholeRoot(), "", text, false); c.n != want {
			t.Errorf("%q: %d complaints, want %d", text, c.n, want)
		}
	}
}

// Every command that the program may print exists, with its flags: in errors, hints and
// help, wherever the text stands.
func TestPrintedCommandsExist(t *testing.T) {
	root, found := wholeRoot(), 0
	err := filepath.WalkDir("..", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if text, err := strconv.Unquote(lit.Value); err == nil {
					found += checkPrinted(t, root, p, text, true)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 80 {
		t.Errorf("only %d commands found", found)
	}
}

// The same of the pages: what stands there as a command is one.
func TestDocumentedCommandsExist(t *testing.T) {
	code := regexp.MustCompile("`[^`\n]+`|(?m)^\\$ .*$|^    .*$")
	root, found := wholeRoot(), 0
	err := filepath.WalkDir("../..", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "decisions" || strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2 || d.Name() == "bin") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(p, ".md") || filepath.Base(p) == "CHANGELOG.md" {
			return nil
		}
		b, err := os.ReadFile(p)
		for _, span := range code.FindAllString(string(b), -1) {
			found += checkPrinted(t, root, p, strings.Trim(span, "`$ "), strings.HasPrefix(span, "    "))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 40 {
		t.Errorf("only %d commands found", found)
	}
}
