package shell_test

import (
	"fmt"
	"strings"
	"testing"

	"tare/internal/shell"
)

func line(t *testing.T, text string) *shell.Line {
	t.Helper()
	l, err := shell.Split(text, false)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return l
}

// Each command is found where it stands, with the program that really runs, and "sure" only
// where nothing but the success of those before it decides.
func TestCommands(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"apk add gcc", "0:apk(add,gcc)! [apk add gcc]"},
		{"/sbin/apk add gcc && make -j 4", "0:apk(add,gcc)! [/sbin/apk add gcc]; 1:make(-j,4)! [make -j 4]"},
		{"sudo -E env X=1 nice apk add y", "0:apk(add,y)! [sudo -E env X=1 nice apk add y]"},
		{"X=1 make", "0:make()  [X=1 make]"},
		{"a | b", "0:a()  [a]; 0:b()  [b]"},
		{"a > f", "0:a()  [a > f]"},
		{"a || b", "0:a()  [a]; 0:b()  [b]"},
		{"! a", "0:a()  [! a]"},
		{"a & wait", "0:a()  [a ]; 0:wait()  [wait]"},
		{"if a; then b 'c d'; fi; e", "0:a()  [a]; 0:b(c d)  [b 'c d']; 1:e()! [e]"},
		{"for x in 1 2; do a $x; done", "0:a(?)  [a $x]"},
		{"$CC x", "0:()! [$CC x]"},
		{"X=1", ""},
		{`echo "a b" c\ d 'e"f' "$x" ~/y a\` + "\nb", `0:echo(a b,c d,e"f,?,?,ab)! [echo "a b" c\ d 'e"f' "$x" ~/y a\` + "\nb]"},
		{`echo "a\n" $'b' $(c)`, `0:echo(?,$b,?)! [echo "a\n" $'b' $(c)]; 0:c()  [c]`},
	} {
		var got []string
		for _, x := range line(t, c.text).Commands() {
			var args []string
			for _, a := range x.Args() {
				if a.Static {
					args = append(args, a.Text)
				} else {
					args = append(args, "?")
				}
			}
			got = append(got, fmt.Sprintf("%d:%s(%s)%s [%s]", x.Part, x.Name(), strings.Join(args, ","), map[bool]string{true: "!", false: " "}[x.Sure], c.text[x.From:x.To]))
			for _, w := range x.Words {
				if w.Static && !strings.ContainsAny(c.text[w.From:w.To], `'"\`) && w.Text != c.text[w.From:w.To] {
					t.Errorf("%q: the word %q stands at %q", c.text, w.Text, c.text[w.From:w.To])
				}
			}
		}
		if g := strings.Join(got, "; "); g != c.want {
			t.Errorf("%q:\n %s\nwant\n %s", c.text, g, c.want)
		}
	}
}

func TestHasAndStatic(t *testing.T) {
	for _, c := range []struct {
		text        string
		has, static bool // of --flag
	}{
		{"x --flag y", true, true},
		{"x '--flag'", true, true},
		{"--flag y", false, true},
		{"x --flags", false, true},
		{"x $flag", false, false},
		{"x --flag *.h", true, false},
		{"$x --flag", false, false},
		{"x a[1]", false, false},
	} {
		x := line(t, c.text).Commands()[0]
		if x.Has("-f", "--flag") != c.has || x.Static() != c.static {
			t.Errorf("%q: has %v, static %v", c.text, x.Has("-f", "--flag"), x.Static())
		}
	}
}

// A command that is added at the end runs exactly if the line succeeds.
func TestEnd(t *testing.T) {
	for text, want := range map[string]string{
		"a":                "a && NEW",
		"a && b;":          "a && b && NEW;",
		"a; b  # why":      "a; b && NEW  # why",
		"a || b":           "a || b && NEW",
		"a &":              "",
		"exit 0":           "",
		"a; exec b":        "",
		"trap x EXIT":      "",
		"exit 0; a":        "",
		"a <<E\nb\nE\n":    "",
		"{ a <<E\nb\nE\n}": "",
		`a \` + "\n":       "a && NEW",
	} {
		l := line(t, text)
		at, ok := l.End()
		got := ""
		if ok {
			got = l.Text[:at] + " && NEW" + l.Text[at:]
		}
		if strings.TrimRight(got, "\n\\ ") != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// A part goes with what joins it to the others, and what hung on it hangs on nothing else.
func TestCut(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want string
	}{
		{"a && b && c", 0, "b && c"},
		{"a && b && c", 1, "a && c"},
		{"a && b && c", 2, "a && b"},
		{"a; b && c", 1, "a; c"},
		{"a; b; c", 1, "a; c"},
		{"a; b", 0, "b"},
		{"a", 0, ""},
	} {
		l := line(t, c.text)
		got := ""
		if from, to, ok := l.Cut(c.n); ok {
			got = l.Text[:from] + l.Text[to:]
		}
		if got != c.want {
			t.Errorf("%q without part %d: %q, want %q", c.text, c.n, got, c.want)
		}
	}
}
