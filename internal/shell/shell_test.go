package shell_test

import (
	"strings"
	"testing"

	"tare/internal/shell"
)

// What stands in front of a part: "&" that && joins it to the one before, "=" that it only
// sets the shell's state.
var lines = map[string][]string{
	// Plain lists.
	"a":                    {"a"},
	"a && b":               {"a", "&b"},
	"a && b && c && d":     {"a", "&b", "&c", "&d"},
	"a; b":                 {"a", "b"},
	"a;b;":                 {"a", "b"},
	"a && b; c && d":       {"a", "&b", "c", "&d"},
	"a\nb\n\nc":            {"a", "b", "c"},
	"a &&     b":           {"a", "&b"},
	"a &&\\\n b":           {"a", "&b"},
	"a # && b":             {"a"},
	"a # one\nb # two\n":   {"a", "b"},
	"! a && b":             {"! a", "&b"},
	"a -x 'b && c' && d":   {"a -x 'b && c'", "&d"},
	"echo \"a && b; c\"":   {"echo \"a && b; c\""},
	"echo a\\;b; c":        {"echo a\\;b", "c"},
	"echo `a && b` && c":   {"echo `a && b`", "&c"},
	"echo $(a; b) && c":    {"echo $(a; b)", "&c"},
	"a > /x && b >> /x":    {"a > /x", "&b >> /x"},
	"a | b && c | d":       {"a | b", "&c | d"},
	"A=1 a && b":           {"A=1 a", "&b"},
	"echo {1,2} && b":      {"echo {1,2}", "&b"},
	"echo ${A:-b && c}; d": {"echo ${A:-b && c}", "d"},
	// State.
	"cd /src && make":                    {"=cd /src", "&make"},
	"export A=1 B=2 && a":                {"=export A=1 B=2", "&a"},
	"A=1; a":                             {"=A=1", "a"},
	"A=$(b); a":                          {"A=$(b)", "a"},
	"export A=\"$(b)\"; a":               {"export A=\"$(b)\"", "a"},
	"set -eux; a; b":                     {"=set -eux", "a", "b"},
	"set -euxo pipefail; a; b":           {"=set -euxo pipefail", "a", "b"},
	"set -o errexit; a":                  {"=set -o errexit", "a"},
	"umask 077 && a && b":                {"=umask 077", "&a", "&b"},
	"f() { a; b; }; f; f":                {"=f() { a; b; }", "f", "f"},
	"f() { a || return 1; }; f && b":     {"=f() { a || return 1; }", "f", "&b"},
	"unset A; a":                         {"=unset A", "a"},
	". /env && a":                        {". /env", "&a"},
	": ${A:=1}; a":                       {"=: ${A:=1}", "a"},
	"cd /x > /log && a":                  {"cd /x > /log", "&a"},
	"eval \"$(a)\" && b":                 {"eval \"$(a)\"", "&b"},
	"set -- a b; c; d":                   {"set -- a b; c; d"},
	"set a; c; d":                        {"set a; c; d"},
	"a; set -- $(b); c; d":               {"a", "set -- $(b); c; d"},
	"a && trap 'rm x' EXIT && b && c":    {"a", "&trap 'rm x' EXIT && b && c"},
	"a & b; c":                           {"a & b; c"},
	"a; b & wait; c":                     {"a", "b & wait; c"},
	"a; (b &) ; c":                       {"a", "(b &) ; c"},
	"a; exec > /log; b; c":               {"a", "exec > /log; b; c"},
	"a; [ -e x ] && exit 0; b":           {"a", "[ -e x ]", "&exit 0; b"},
	"a; if b; then exit 0; fi; c":        {"a", "if b; then exit 0; fi; c"},
	"a; (exit 3); c":                     {"a", "(exit 3)", "c"},
	"a; echo $?; b":                      {"a; echo $?", "b"},
	"a; b; echo $_ && c":                 {"a", "b; echo $_", "&c"},
	"alias l=ls; l":                      {"alias l=ls; l"},
	"a && readonly A=1 && b":             {"a", "&readonly A=1 && b"},
	"pushd /x && a && popd":              {"pushd /x && a && popd"},
	"a && f() { b; } && f":               {"a", "&f() { b; } && f"},
	"export -n A; b":                     {"export -n A; b"},
	"ulimit -n 100; a":                   {"ulimit -n 100; a"},
	"a; shift; b":                        {"a", "shift; b"},
	"cd a && cd b && c && cd - && d; e":  {"=cd a", "&=cd b", "&c", "&=cd -", "&d", "e"},
	"a && true":                          {"a", "&=true"},
	"x=$((1+2)) && a":                    {"=x=$((1+2))", "&a"},
	"a=(1 2); echo ${a[0]}; b":           {"a=(1 2); echo ${a[0]}; b"},
	"declare -A m; m[x]=1; b":            {"declare -A m; m[x]=1; b"},
	"source /env && [[ -n $X ]] && b":    {"source /env", "&[[ -n $X ]]", "&b"},
	"f() { exit 1; }; a || f":            {"=f() { exit 1; }", "a || f"},
	"f() { trap x EXIT; }; f; b":         {"f() { trap x EXIT; }; f; b"},
	"command cd /x && a":                 {"command cd /x", "&a"},
	"a && \\\n# a comment\n b":           {"a", "&b"},
	"mkdir /a && cd /a && a; cd / && b;": {"mkdir /a", "&=cd /a", "&a", "=cd /", "&b"},
	// Whole.
	"a || b":                              {"a || b"},
	"a && b || c":                         {"a && b || c"},
	"a || b && c":                         {"a || b", "&c"},
	"if a; then b; fi && c":               {"if a; then b; fi", "&c"},
	"for i in 1 2; do a; b; done; c":      {"for i in 1 2; do a; b; done", "c"},
	"while a; do b; done; c":              {"while a; do b; done", "c"},
	"case $x in a) b && c;; esac && d":    {"case $x in a) b && c;; esac", "&d"},
	"(a && b) && c":                       {"(a && b)", "&c"},
	"{ a && b; } > /log && c":             {"{ a && b; } > /log", "&c"},
	"a; (cd /x && b) && c":                {"a", "(cd /x && b)", "&c"},
	"a && (trap x EXIT; b) && c":          {"a", "&(trap x EXIT; b)", "&c"},
	"cat <<E > /x\na && b\nE\nc && d":     {"cat <<E > /x\na && b\nE", "c", "&d"},
	"cat <<E > /x && a\nbody\nE\nb":       {"cat <<E > /x && a\nbody\nE", "b"},
	"cat <<A; cat <<B\n1\nA\n2\nB\nc; d":  {"cat <<A; cat <<B\n1\nA\n2\nB", "c", "d"},
	"a; cat <<-E | b\n\tbody && x\n\tE\n": {"a", "cat <<-E | b\n\tbody && x\n\tE"},
}

func TestSplit(t *testing.T) {
	for text, want := range lines {
		bash := strings.Contains(text, "=(") || strings.Contains(text, "declare") || strings.Contains(text, "[[")
		l, err := shell.Split(text, bash)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		var got []string
		for _, p := range l.Parts {
			s := p.Text
			if p.State {
				s = "=" + s
			}
			if p.And {
				s = "&" + s
			}
			got = append(got, s)
		}
		if strings.Join(got, "\x00") != strings.Join(want, "\x00") {
			t.Errorf("%q:\n got %q\nwant %q", text, got, want)
		}
	}
	if len(lines) < 80 {
		t.Errorf("only %d lines", len(lines))
	}
}

// A part that holds several commands says why; one that is a single command does not.
func TestWhole(t *testing.T) {
	for text, want := range map[string]string{
		"a && b": "|", "f() { a; } && b": "function", "a | b": "", "a; trap x EXIT; b": "|a trap", "a & b": "background", "if a; then b; fi; c": "an if|",
		"a || b": "||", "for i in x; do a; done": "loop", "(a)": "subshell", "{ a; }": "group", "a; echo $?": "$?", "cat <<E && b\nE\n": "here-document",
		"case x in x) a;; esac": "case", "exec a": "", "a; exit 0": "|", "set -- a; b": "positional", "a && export -n X && b": "|flag",
	} {
		l, err := shell.Split(text, false)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if text == "a || b" {
			if len(l.Parts) != 1 || !strings.Contains(l.Parts[0].Whole, "||") {
				t.Errorf("%+v", l.Parts)
			}
			continue
		}
		for n, w := range strings.Split(want, "|") {
			if got := l.Parts[n].Whole; w == "" && got != "" || !strings.Contains(got, w) {
				t.Errorf("%q, part %d: %q, want %q", text, n, got, w)
			}
		}
	}
}

func TestWhatCannotBeSplit(t *testing.T) {
	for text, want := range map[string]string{
		"a && (": "cannot be read", "if a; then": "cannot be read", "a > /tmp/$$; b": "number of its own process", "a; (echo $$)": "number of its own process",
		"a; echo \\": "backslash", strings.Repeat("a; ", 50_000): "longer",
	} {
		if l, err := shell.Split(text, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.50q: %v does not say %q: %+v", text, err, want, l)
		}
	}
}

func TestLanguage(t *testing.T) {
	for words, want := range map[string][2]bool{
		"": {false, true}, "/bin/sh -c": {false, true}, "/bin/bash -o pipefail -c": {true, true}, "/bin/bash -euxo pipefail -c": {true, true}, "bash -lc": {true, true},
		"/bin/ash -eo pipefail -c": {false, true}, "python3 -c": {false, false}, "pwsh -Command": {false, false}, "conda run -n x bash -c": {false, false},
		"/usr/bin/env bash -c": {false, false}, "/bin/bash": {false, false}, "cmd /S /C": {false, false}, "/bin/zsh -c": {false, false},
	} {
		if bash, ok := shell.Language(strings.Fields(words)); bash != want[0] || ok != want[1] {
			t.Errorf("%s: %v %v", words, bash, ok)
		}
	}
}

func TestSteps(t *testing.T) {
	for text, want := range map[string]string{
		"a && b":                       "a|b",
		"cd /x && make && cd / && rm":  "cd /x && make|cd / && rm",
		"set -e; A=1; a; b":            "set -e; A=1; a|b",
		"a; cd /":                      "a; cd /",
		"[ x ] && cd y; make":          "[ x ]|cd y|make",
		"[ x ] && a && cd y; make":     "[ x ]|a|cd y|make",
		"[ x ] && a && cd y":           "[ x ]|a && cd y",
		"cd /x":                        "cd /x",
		"f() { a; }; f && cd /x; b; c": "f() { a; }; f|cd /x|b|c",
	} {
		l, err := shell.Split(text, false)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range l.Steps("/state") {
			got = append(got, l.Text[l.Parts[s.First].From:l.Parts[s.Last].To])
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%q: %q, want %s", text, got, want)
		}
	}
}

// Only commands that leave nothing but files are carried out as they stand.
func TestPlain(t *testing.T) {
	for text, want := range map[string]bool{
		"a && b && c > /x": true, "a | b && c": true, "(cd /x && a) && b": true, "a $(b) \"$HOME\" && c": true, "A=1 a && b": true,
		"a; b": false, "cd /x && b": false, "a && A=1 && b": false, "a && . /env && b": false, "a ${A:=1} && b": false, "a $((A=1)) && b": false,
		"eval a && b": false, "$a && b": false, "a && b; c": false, "a && if b; then c; fi": false, "a && { b; } && c": false, "a || b": false, "f() { a; } ; f": false, "printf -v A x && b": false,
	} {
		l, err := shell.Split(text, false)
		if err != nil {
			t.Fatal(err)
		}
		if l.Plain() != want {
			t.Errorf("%q: %v", text, !want)
		}
		if s := l.Steps("/state"); want && (s[0].Script != l.Parts[0].Text || strings.Contains(s[len(s)-1].Script, "/state")) {
			t.Errorf("%q: %+v", text, s)
		}
	}
}

// Whatever the text: no panic, and the parts are all of it.
func FuzzSplit(f *testing.F) {
	for text := range lines {
		f.Add(text, false)
		f.Add(text, true)
	}
	f.Fuzz(func(t *testing.T, text string, bash bool) {
		l, err := shell.Split(text, bash)
		if err != nil {
			return
		}
		rest, at := "", 0
		for _, p := range l.Parts {
			rest += text[at:p.From] + "\n"
			at = p.To
			if strings.TrimSpace(text[p.From:p.To]) != p.Text {
				t.Fatalf("%q is not %q", p.Text, text[p.From:p.To])
			}
		}
		for line := range strings.Lines(rest + text[at:]) {
			line, _, _ = strings.Cut(line, "#")
			if left := strings.Trim(line, " \t\r\n;&\\"); left != "" {
				t.Fatalf("%q is in no part of %q", left, text)
			}
		}
		next := 0
		for _, s := range l.Steps("/state") {
			if s.First != next || s.Last < s.First {
				t.Fatalf("steps of %q", text)
			}
			next = s.Last + 1
		}
		if next != len(l.Parts) {
			t.Fatalf("%d of %d parts have a step: %q", next, len(l.Parts), text)
		}
	})
}
