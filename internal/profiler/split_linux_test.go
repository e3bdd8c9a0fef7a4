package profiler_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/profile"
	"tare/internal/profiler"
	"tare/internal/store"
	"tare/internal/testkit"
)

// shells puts an image with this machine's sh and bash into the store, with their
// libraries and the probe. Triggers are its ONBUILD.
func (w *world) shells(t *testing.T, name string, triggers ...string) {
	t.Helper()
	entries := []testkit.Entry{testkit.Dir("bin/"), testkit.Dir("tmp/"), testkit.Dir("etc/"), testkit.File("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")}
	seen := map[string]bool{}
	add := func(at, from string) {
		body, err := os.ReadFile(from)
		if err != nil {
			t.Skip(err)
		}
		e := testkit.File(strings.TrimPrefix(at, "/"), string(body))
		e.Mode = 0o755
		entries = append(entries, e)
	}
	library := regexp.MustCompile(`(?m)(/\S+) \(0x`)
	for _, shell := range []string{"sh", "bash"} {
		from, err := exec.LookPath(shell)
		if err != nil {
			t.Skip(err)
		}
		out, err := exec.Command("ldd", from).Output()
		if err != nil {
			t.Skipf("ldd %s: %v", from, err)
		}
		add("/bin/"+shell, from)
		for _, m := range library.FindAllStringSubmatch(string(out), -1) {
			if !seen[m[1]] {
				seen[m[1]] = true
				add(m[1], m[1])
			}
		}
	}
	probe := testkit.File("bin/probe", string(w.probe))
	probe.Mode = 0o755
	testkit.Put(t, w.st, name, store.Built, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, append(entries, probe)...)}, Compression: "none",
		Platform: ocispec.Platform{OS: "linux", Architecture: runtime.GOARCH}, History: []ocispec.History{{CreatedBy: "COPY shells /bin/ # test"}},
		Config: ocispec.ImageConfig{Env: []string{"PATH=/usr/bin:/bin"}}}))
	if len(triggers) > 0 {
		w.derive(t, name, "FROM "+name+"\nONBUILD "+strings.Join(triggers, "\nONBUILD ")+"\n")
	}
}

// TestSplitWithRealShells builds lines command by command. What a command adds says whether
// the state of the shell reached it; that the result is the line's is checked by the product.
// "+" joins a command's text with the bytes of its files, "state" marks what only sets state.
func TestSplitWithRealShells(t *testing.T) {
	w := needWorld(t)
	w.shells(t, "split-base", "RUN cd /tmp && echo trigger > trigger && echo t > t")
	cases := []struct{ line, want string }{
		{"RUN cd /tmp && echo a > a && cd / && echo bb > b", "cd /tmp state|echo a > a +2|cd / state|echo bb > b +3"},
		{"RUN export A=1 B='two words'; C=3; echo $A$B$C > /env; sh -c 'echo $A$B$C' > /env2", "export A=1 B='two words' state|C=3 state|echo $A$B$C > /env +12|sh -c 'echo $A$B$C' > /env2 +11"},
		{"RUN set -e; false || true; umask 077; echo x > /private; umask 022; echo y > /public", "set -e state|false || true +0 whole|umask 077 state|echo x > /private +2|umask 022 state|echo y > /public +2"},
		{"RUN f() { echo \"$1\" > /f$1; }; f one; f two && f three", "f() { echo \"$1\" > /f$1; } state|f one +4|f two +4|f three +6"},
		{"RUN (cd /tmp; echo s > sub); echo o > o", "(cd /tmp; echo s > sub) +2 whole|echo o > o +2"},
		{"RUN echo hello | { read x; echo $x$x > /piped; }; echo z > /z", "echo hello | { read x; echo $x$x > /piped; } +11 whole?|echo z > /z +2"},
		{"RUN echo 1 > /m1 && false || echo 22 > /m2; true && echo 333 > /m3", "echo 1 > /m1 && false || echo 22 > /m2 +5 whole|true state|echo 333 > /m3 +4"},
		{"run --mount=type=cache,target=/c \\\n    --network=none \\\n    # a comment\n    echo c > /c/x && read v < /c/x && echo $v$v > /lower", "echo c > /c/x +0|read v < /c/x +0|echo $v$v > /lower +3"},
		{"RUN <<EOT\nset -e\nX=5\necho $X > /h1\ncd /tmp\necho $X > h2\nEOT", "set -e state|X=5 state|echo $X > /h1 +2|cd /tmp state|echo $X > h2 +2"},
		{"RUN echo 0123456789 > /big && echo s > /s && probe rm /big", "echo 0123456789 > /big +11|echo s > /s +2|probe rm /big +0"},
		{"RUN false; echo \"$?\" > /status; set -u; Y=${Z:-none}; echo $Y > /y", "false; echo \"$?\" > /status +2 whole|set -u state|Y=${Z:-none} state|echo $Y > /y +5"},
		{"SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nRUN false | true || echo failed > /pf; echo {a,b}1 > /brace && [[ x == x ]]", "false | true || echo failed > /pf +7 whole|echo {a,b}1 > /brace +6|[[ x == x ]] +0"},
		{"SHELL [\"/bin/bash\", \"-c\"]\nRUN x=1; echo $x > /x; g() { echo $x$1 > /g; }; g $'\\t'", "x=1 state|echo $x > /x +2|g() { echo $x$1 > /g; } state|g $'\\t' +"},
		{"RUN echo 1 > /bg & echo 2 > /fg; wait", "a background job lasts to the end of the line"},
		{"RUN echo $$ > /pid; echo 2 > /pid2", "the number of its own process"},
		{"RUN trap 'echo bye > /bye' EXIT; echo t > /t", "a trap lasts to the end of the line"},
		{"RUN cd /tmp && exec probe write /x 1; echo y", "exec replaces the shell"},
	}
	for n, c := range cases {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "Dockerfile"), "FROM split-base\n"+c.line+"\n")
			res, _, err := w.profile(t, profiler.Request{Target: dir, NoChecks: true, Split: true})
			if err != nil {
				t.Fatal(err)
			}
			if res.Failed != "" || len(res.Splits) != 2 {
				t.Fatalf("%s %+v %v", res.Failed, res.Splits, res.Notes)
			}
			if b := res.Splits[0]; b.Line != 1 || b.Skipped != "its base runs ONBUILD commands, which stand in no line of this file: cd /tmp && echo trigger > trigger && echo t > t" {
				t.Errorf("what the base triggers: %+v", b)
			}
			s := res.Splits[1]
			if s.Skipped != "" {
				if !strings.Contains(s.Skipped, c.want) {
					t.Errorf("it was not split: %s", s.Skipped)
				}
				return
			}
			var got []string
			for _, k := range s.Commands {
				text := fmt.Sprintf("%s +%d", k.Text, k.Bytes.Files)
				if k.State {
					text = k.Text + " state"
				}
				if k.Whole != "" {
					text += " whole"
				}
				got = append(got, text)
			}
			if !alike(strings.Join(got, "|"), c.want) {
				t.Errorf("%s\ngot  %s\nwant %s", c.line, strings.Join(got, "|"), c.want)
			}
			if len(s.Varying) > 0 {
				t.Errorf("%v vary", s.Varying)
			}
			w.sums(t, res.Result, s)
		})
	}
}

// alike compares what was split with what is wanted: "whole?" and "+" at the end leave open
// what follows.
func alike(got, want string) bool {
	pattern := regexp.QuoteMeta(want)
	pattern = strings.ReplaceAll(pattern, regexp.QuoteMeta(" whole?"), "( whole)?")
	if strings.HasSuffix(want, "+") {
		pattern += `\d+`
	}
	return regexp.MustCompile("^" + pattern + "$").MatchString(got)
}

// sums checks that the rows of a split lead to its line, which is the last of the image.
func (w *world) sums(t *testing.T, r *profile.Result, s profile.Split) {
	t.Helper()
	var all profile.Bytes
	for _, c := range s.Commands {
		all.Tar += c.Bytes.Tar
		all.Files += c.Bytes.Files
		all.Entries += c.Bytes.Entries
	}
	all.Tar -= s.Removed.Tar + s.Layers.Tar
	all.Files -= s.Removed.Files + s.Layers.Files
	all.Entries -= s.Removed.Entries + s.Layers.Entries
	line := r.Lines[len(r.Lines)-1].Bytes
	if all.Tar != line.Tar || all.Files != line.Files || all.Entries != line.Entries || s.Layers.Files != 0 {
		t.Errorf("the rows sum up to %+v, the line is %+v (layers %+v)", all, line, s.Layers)
	}
}
