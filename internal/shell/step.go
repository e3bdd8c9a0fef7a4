package shell

import (
	"fmt"
	"slices"
	"strings"
)

// Step is a script that carries parts of a line out: one command, and what only sets the
// shell's state before it.
type Step struct {
	First, Last int // parts of the line
	Script      string
}

// Exit codes of a step's script that are not the command's.
const (
	// Gone says that what the step before left in the state's directory is not there.
	Gone = 97
	// Nowhere says that the working directory of the step before is not there.
	Nowhere = 98
)

// Steps are the scripts of a line's parts, to be carried out one after the other. dir is a
// directory that all of them see and that is no part of the result: there each leaves the
// state of its shell (directory, variables, options, umask, functions of Bash, whether its
// list goes on) for the next.
func (l *Line) Steps(dir string) []Step {
	var out []Step
	for n := 0; n < len(l.Parts); n++ {
		s := Step{First: n, Last: n}
		for s.Last < len(l.Parts)-1 && l.Parts[s.Last].State && l.goesOn(s.First, s.Last+1) {
			s.Last++
		}
		if k := len(out) - 1; k >= 0 && s.Last == len(l.Parts)-1 && l.Parts[s.Last].State && l.goesOn(out[k].First, s.First) {
			out[k].Last = s.Last // nothing comes behind it
		} else {
			out = append(out, s)
		}
		n = s.Last
	}
	plain := l.Plain()
	for n := range out {
		if plain {
			out[n].Script = l.Parts[n].Text
		} else {
			out[n].Script = l.script(out, n, dir)
		}
	}
	return out
}

// Plain tells whether no part leaves the next anything but files, and each runs only if the
// one before succeeded: then the scripts of its steps are its commands as they stand.
func (l *Line) Plain() bool {
	for n, p := range l.Parts {
		if p.And != (n > 0) || p.traits.stateful {
			return false
		}
	}
	return true
}

// goesOn tells whether a step that begins with one part may go on to another: a list of &&
// is left only where the step has all of it.
func (l *Line) goesOn(first, next int) bool {
	return l.Parts[next].And || !l.Parts[first].And
}

// Again is the line as a script that does the same and is another text, so that a builder
// does not take its result from a cache.
func (l *Line) Again() string { return "# once more\n" + l.Text }

func (l *Line) script(steps []Step, n int, dir string) string {
	s := steps[n]
	var b strings.Builder
	if n > 0 {
		fmt.Fprintf(&b, "[ -r %[1]s/%[2]d ] || exit %[3]d\n. %[1]s/%[2]d 2>/dev/null\n", dir, n, Gone)
		for _, p := range l.Parts[:s.First] {
			if p.traits.function && p.State {
				b.WriteString(p.Text + "\n")
			}
		}
	}
	text := l.Text[l.Parts[s.First].From:l.Parts[s.Last].To]
	and := l.Parts[s.First].And
	if and {
		b.WriteString("if [ \"$__tare_st\" = 0 ]; then\n")
	}
	switch {
	case s.Last+1 < len(l.Parts) && l.Parts[s.Last+1].And:
		b.WriteString("if\n" + text + "\nthen __tare_st=0; else __tare_st=$?; fi\n")
	default:
		b.WriteString(text + "\n__tare_st=$?\n")
	}
	if and {
		b.WriteString("fi\n")
	}
	if n == len(steps)-1 {
		b.WriteString("exit \"$__tare_st\"\n")
		return b.String()
	}
	var unset []string
	for _, p := range l.Parts[:s.Last+1] {
		for _, v := range p.traits.unset {
			if !slices.Contains(unset, v) {
				unset = append(unset, v)
			}
		}
	}
	fmt.Fprintf(&b, save, Nowhere, strings.Join(unset, " "), fmt.Sprintf("%s/%d", dir, n+1))
	return b.String()
}

// save writes the state of the shell down, in the words that bring it back. It uses nothing
// but what every POSIX shell has built in. What ends with options, so that none of them
// troubles what comes before.
const save = `__tare_e=$-
__tare_o=$(set +o)
set +aeuxCfv
__tare_q() {
__tare_r=$1
while :; do case $__tare_r in
*"'"*) printf "%%s'\\\\''" "${__tare_r%%%%"'"*}"; __tare_r=${__tare_r#*"'"};;
*) break;;
esac; done
printf "%%s'" "$__tare_r"
}
{
printf "cd '"; __tare_q "$PWD"; printf ' || exit %d\n'
printf 'umask %%s\n' "$(umask)"
for __tare_n in %s; do
eval "[ -n \"\${$__tare_n+x}\" ]" || printf 'unset %%s\n' "$__tare_n"
done
export -p
set | while IFS= read -r __tare_l; do
case $__tare_l in [A-Za-z_]*=*) ;; *) continue;; esac
__tare_n=${__tare_l%%%%=*}
case $__tare_n in *[!A-Za-z0-9_]*|__tare*|BASH*|DIRSTACK|EPOCH*|EUID|FUNCNAME|GROUPS|HOSTNAME|HOSTTYPE|LINENO|MACHTYPE|OPTERR|OPTIND|OSTYPE|PIPESTATUS|PPID|RANDOM|SECONDS|SHELLOPTS|SHLVL|SRANDOM|UID|_) continue;; esac
if eval "[ -n \"\${$__tare_n+x}\" ]"; then
printf "%%s='" "$__tare_n"; eval "__tare_q \"\${$__tare_n}\""; echo
fi
done
if [ -n "${BASH_VERSION-}" ]; then declare -f; shopt -p; fi
printf '__tare_st=%%s\n' "$__tare_st"
printf '%%s\n' "$__tare_o"
case $__tare_e in *e*) echo 'set -e';; esac
} > %s || exit 1
exit 0
`
