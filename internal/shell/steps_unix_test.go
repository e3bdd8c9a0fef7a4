//go:build unix

package shell_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tare/internal/shell"
)

// carried are lines that leave a trace of the shell's state in a file out.
var carried = []string{
	"mkdir d && cd d && pwd > ../out",
	"export A=1 && touch x && sh -c 'echo $A' > out",
	"A='it'\\''s \"x\"' ; touch x; echo \"$A\" > out",
	"A=\"$(printf 'two\\nlines\\n\\n')\"; echo \"$A.\" > out; printf %s \"$A\" >> out",
	"export A=\"a'b\"; sh -c 'echo \"$A\"' > out; unset A; echo x; sh -c 'echo \"${A-none}\"' >> out",
	"unset FROM_IMAGE; touch x; echo \"${FROM_IMAGE-none}\" > out",
	"umask 077; touch x; ls -l x > ls; cut -c1-10 ls > out",
	"f() { echo \"f $1 $A\" >> out; }; A=2; touch x; f 1; A=3; f 2",
	"echo 'X=fromfile; export Y=exported' > env; . ./env; touch x; echo $X > out; sh -c 'echo $Y' >> out",
	"set -e; touch x; echo $- > all; case $(cat all) in *e*) echo yes > out;; esac",
	"set -eu; touch x; A=1; echo ${A} > out; case $- in *u*) echo u >> out;; esac",
	"set -f; touch x; echo * > out",
	"false && touch skipped; ls > out",
	"true; [ -e nothing ] && touch skipped && touch skipped2; touch after; ls > out",
	"set -e; [ -e nothing ] && touch skipped; touch after; ls > out",
	"false; touch x; ls > out",
	"mkdir -p a/b && cd a/b && touch x && cd .. && pwd > out && cd - && pwd >> ../out && mv ../out ../../out",
	"IFS=,; A=1,2,3; touch x; for i in $A; do echo $i; done > out",
	"A=1; touch x; A=2; B=$A$A; touch y; echo $A$B > out",
	"X=a; cat <<E > out && touch y\n$X && b\nE\necho z >> out",
	"PATH=/nowhere:$PATH; touch x; echo \"$PATH\" > out",
	"A=-n; touch x; printf '%s\\n' \"$A\" '\\' > out; B='\\'; touch y; printf '%s\\n' \"$B\" >> out",
	"eval 'A=evaled; export B=too'; touch x; echo $A > out; sh -c 'echo $B' >> out",
	"set -a; touch x; Z=9; touch y; sh -c 'echo $Z' > out",
	"set -C; touch x; echo a > new; (echo b > new) 2>/dev/null || echo kept > out",
	"read A B < /dev/null; echo v w > in; read A B < in; echo $B$A > out",
	"touch x; trap 'echo trapped > out' EXIT; touch y",
	"touch x; set -- p q; echo $2 > out",
	"touch x; false; echo $? > out",
}

var inBash = []string{
	"set -o pipefail; touch x; false | true || echo failed > out",
	"shopt -s nullglob; touch x; echo none* > out",
	"echo 'g() { echo called; }' > env; source ./env; touch x; g > out",
	"a=(1 2 3); touch x; echo ${a[1]} > out",
	"export A=$'tab\\there\\nand \\'quote'; touch x; printf %s \"$A\" > out",
	"[[ -n $FROM_IMAGE ]] && touch x && echo $FROM_IMAGE > out",
	"set -euxo pipefail; A=$(echo b); touch x; cd /; cd - > /dev/null; echo $A > out",
}

// TestStepsDoWhatTheLineDoes carries lines out, as a whole and step by step, with the
// shells that are here.
func TestStepsDoWhatTheLineDoes(t *testing.T) {
	for _, sh := range []string{"dash", "bash", "busybox", "bash --posix"} {
		words := strings.Fields(sh)
		if words[0] == "busybox" {
			words = append(words, "sh")
		}
		if _, err := exec.LookPath(words[0]); err != nil {
			t.Logf("no %s here", words[0])
			continue
		}
		list := carried
		if strings.HasPrefix(sh, "bash") {
			list = append(list[:len(list):len(list)], inBash...)
		}
		for _, text := range list {
			l, err := shell.Split(text, words[0] == "bash")
			if err != nil {
				t.Errorf("%q: %v", text, err)
				continue
			}
			// The same place for both: some lines print where they are.
			dir, state := filepath.Join(t.TempDir(), "w"), t.TempDir()
			run := func(script string) {
				t.Helper()
				cmd := exec.Command(words[0], append(words[1:len(words):len(words)], "-c", script)...)
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), "FROM_IMAGE=yes")
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%s: %q: %v: %s\n%s", sh, text, err, out, script)
				}
			}
			result := func(scripts ...string) string {
				t.Helper()
				if err := os.Mkdir(dir, 0o755); err != nil {
					t.Fatal(err)
				}
				for _, s := range scripts {
					run(s)
				}
				out, err := os.ReadFile(filepath.Join(dir, "out"))
				if err != nil {
					t.Errorf("%s: %q: %v", sh, text, err)
				}
				if err := os.RemoveAll(dir); err != nil {
					t.Fatal(err)
				}
				return string(out)
			}
			var scripts []string
			for _, s := range l.Steps(state) {
				scripts = append(scripts, s.Script)
			}
			if got, want := result(scripts...), result(l.Again()); got != want || want == "" {
				t.Errorf("%s: %q: %d steps make %q, the line %q", sh, text, len(scripts), got, want)
			}
			if len(scripts) < 2 && !strings.Contains(text, "a=(") && !strings.Contains(text, "set -o pipefail; touch") {
				t.Errorf("%q has %d steps", text, len(scripts))
			}
		}
	}
}

// A step without what the one before it left does not run.
func TestAStateThatIsGone(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	l, err := shell.Split("cd / && echo a && echo b", false)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	steps := l.Steps(dir)
	code := func(script string) int {
		cmd := exec.Command("sh", "-c", script)
		_ = cmd.Run()
		return cmd.ProcessState.ExitCode()
	}
	if got := code(steps[1].Script); got != shell.Gone {
		t.Errorf("exit code %d", got)
	}
	if err := os.WriteFile(filepath.Join(dir, "1"), []byte("cd /nowhere || exit 98\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := code(steps[1].Script); got != shell.Nowhere {
		t.Errorf("exit code %d", got)
	}
}
