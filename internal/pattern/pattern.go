// Package pattern holds regular expressions that are compiled when they are first used.
//
// A program with eighty of them compiled when it starts spends 5 ms on each `tare --help`, as long as all else that happens before
// the first line. Go's own commands do the same (cmd/go's lazyregexp).
package pattern

import (
	"os"
	"regexp"
	"strings"
	"sync"
)

// Regexp gives a compiled regular expression: compiled the first time, the same one from then on. It may be called by several
// goroutines at once.
type Regexp func() *regexp.Regexp

// tested says that this program is a test: there all are compiled at once, so that a wrong one is found by any test of its package.
var tested = len(os.Args) > 0 && strings.HasSuffix(strings.TrimSuffix(os.Args[0], ".exe"), ".test")

// New names a regular expression of package regexp's syntax. A wrong one panics: in tests at once, elsewhere when it is first used.
func New(expression string) Regexp {
	if tested {
		compiled := regexp.MustCompile(expression)
		return func() *regexp.Regexp { return compiled }
	}
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
