package dockerfile

import (
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

// FuzzSize holds the sizer against BuildKit's lexer: no word becomes longer than it said.
func FuzzSize(f *testing.F) {
	for _, w := range []string{
		"$a${b}$c", `"$a\"$b"'$a'\$a`, "${a:-${b:+$c}}", "${a//b/$a}", "${a//x*/'}'$b}", "${a/?/\\/$b}", "${b%%*y}", "${b#x\\*}", "$1$@$", "${a//b/$0$0}",
		"${a//'\\'/\"\\x\"}", "<<$a", "\xff$a", "${x:?no}", "${", "$", "${a//", `${b//\?/$a}`,
	} {
		f.Add(w, "xbx", "y\\*yé\xff")
	}
	f.Fuzz(func(t *testing.T, word, a, b string) {
		if len(word) > 200 || len(a) > 100 || len(b) > 100 {
			return
		}
		vars := env{"a": a, "b": b, "c": ""}
		for _, mode := range []shell.Lex{{}, {RawQuotes: true, RawEscapes: true, SkipUnsetEnv: true}, {SkipProcessQuotes: true}} {
			lex := shell.NewLex('\\')
			lex.RawQuotes, lex.RawEscapes, lex.SkipUnsetEnv, lex.SkipProcessQuotes = mode.RawQuotes, mode.RawEscapes, mode.SkipUnsetEnv, mode.SkipProcessQuotes
			got, _, err := lex.ProcessWord(word, vars)
			z := sizer{size: func(name string) int64 { v, _ := vars.Get(name); return weight(v) }, escape: '\\', quotes: !mode.SkipProcessQuotes}
			n := weight(word)
			if strings.Contains(word, "$") {
				var serr error
				if n, serr = z.of(word); serr != nil {
					return
				}
			}
			if err == nil && int64(len(got)) > n {
				t.Errorf("%q with a=%q b=%q (%+v): %q has %d bytes, at most %d were expected", word, a, b, mode, got, len(got), n)
			}
		}
	})
}
