package gate

import (
	"slices"
	"strconv"
	"strings"
)

// setters are instructions that make no layer and change what later ones do.
var setters = []string{"ARG", "ENV", "SHELL", "USER", "WORKDIR"}

// settings are the changed settings that are in force at an instruction: for a RUN all, for
// others those that their text uses.
func (g *graph) settings(n int) (out []root) {
	l := &g.after.Lines[n]
	if !slices.Contains([]string{"RUN", "COPY", "ADD", "FROM"}, l.Keyword) {
		return nil
	}
	inherited := g.chain(l.Stage)
	for i := n - 1; i >= 0; i-- {
		s := &g.after.Lines[i]
		global := s.Stage < 0
		if !slices.Contains(inherited, s.Stage) && !global || !slices.Contains(setters, s.Keyword) || g.was[i] >= 0 && g.same[i] {
			continue
		}
		used := uses(l.words(), variables(s.Text)) || g.through(i, n) || s.Keyword == "WORKDIR" && l.relative()
		if used || l.Keyword == "RUN" && (!global || g.declared(i, n, inherited)) {
			text := "is new"
			switch {
			case g.handed[i]:
				text = handed
			case g.was[i] >= 0:
				text = "was " + quote(g.before.Lines[g.was[i]].Text)
			}
			out = append(out, root{part: Yours, at: i, text: text, named: used})
		}
	}
	out = append(out, g.given(n)...)
	for _, i := range g.gone {
		s := &g.before.Lines[i]
		if g.stages[l.Stage] != s.Stage || !slices.Contains(setters, s.Keyword) {
			continue
		}
		used := uses(l.words(), variables(s.Text)) || s.Keyword == "WORKDIR" && l.relative()
		if l.Keyword == "RUN" || used {
			out = append(out, root{part: Yours, at: g.where(i), text: "removed: " + s.Text, named: used})
		}
	}
	return out
}

// declared tells whether a stage declares an argument again that an ARG before the first FROM
// sets: commands get it then, whether or not they name it.
func (g *graph) declared(i, n int, stages []int) bool {
	names := variables(g.after.Lines[i].Text)
	for k := i + 1; k < n; k++ {
		s := &g.after.Lines[k]
		if s.Keyword == "ARG" && slices.Contains(stages, s.Stage) && intersect(variables(s.Text), names) {
			return true
		}
	}
	return false
}

// relative tells whether a COPY or ADD writes below the working directory.
func (l *Line) relative() bool {
	if l.Keyword != "COPY" && l.Keyword != "ADD" {
		return false
	}
	words := strings.Fields(l.Text)
	to := strings.TrimLeft(words[len(words)-1], `"'[`)
	return !strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "$")
}

// given are the arguments that an instruction was carried out with, as histories have them,
// and that have other values now.
func (g *graph) given(n int) (out []root) {
	step := func(s *Subject, layers []int) map[string]string {
		for _, h := range s.Steps {
			if len(layers) == 1 && h.Layer == layers[0] {
				return arguments(h.Instruction)
			}
		}
		return nil
	}
	if g.was[n] < 0 {
		return nil
	}
	then, now := step(g.a, g.before.Lines[g.was[n]].Layers), step(g.b, g.after.Lines[n].Layers)
	for i := n - 1; i >= 0; i-- {
		s := &g.after.Lines[i]
		if s.Keyword != "ARG" {
			continue
		}
		for _, name := range variables(s.Text) {
			if was, had := then[name]; had && was != now[name] {
				out = append(out, root{part: Yours, at: i, text: handed, named: uses(g.after.Lines[n].words(), []string{name})})
			}
		}
	}
	return out
}

// arguments are those that BuildKit writes before a command: RUN |1 V=1 make.
func arguments(step string) map[string]string {
	rest, ok := strings.CutPrefix(step, "RUN |")
	if !ok {
		return nil
	}
	out := map[string]string{}
	count, rest, _ := strings.Cut(rest, " ")
	words := strings.Fields(rest)
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 || n > len(words) {
		return nil
	}
	for _, w := range words[:n] {
		name, value, _ := strings.Cut(w, "=")
		out[name] = value
	}
	return out
}

// chain are a stage and those that it goes on from.
func (g *graph) chain(stage int) (out []int) {
	for stage >= 0 && !slices.Contains(out, stage) {
		out = append(out, stage)
		below := -1
		for i := range g.after.Lines {
			l := &g.after.Lines[i]
			if l.Stage != stage || l.Keyword != "FROM" {
				continue
			}
			for _, w := range strings.Fields(l.Text)[1:] {
				if !strings.HasPrefix(w, "--") {
					below = slices.IndexFunc(g.after.Stages[:min(stage, len(g.after.Stages))], func(name string) bool { return strings.EqualFold(name, w) })
					break
				}
			}
		}
		stage = below
	}
	return out
}

// through tells whether a variable that one instruction sets is used by a setting that the
// text of another uses: ARG V, ENV X=$V, RUN make $X.
func (g *graph) through(i, n int) bool {
	names := variables(g.after.Lines[i].Text)
	for k := i + 1; k < n; k++ {
		s := &g.after.Lines[k]
		if (s.Keyword == "ARG" || s.Keyword == "ENV") && (uses(s.Text, names) || s.Keyword == "ARG" && intersect(variables(s.Text), names)) {
			names = append(names, variables(s.Text)...)
		}
	}
	return uses(g.after.Lines[n].words(), names)
}

func intersect(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// variables are the names that an ARG or ENV sets.
func variables(text string) (out []string) {
	words := strings.Fields(text)
	if len(words) < 2 || words[0] != "ARG" && words[0] != "ENV" {
		return nil
	}
	if words[0] == "ENV" && !strings.Contains(words[1], "=") {
		return words[1:2]
	}
	for _, w := range words[1:] {
		name, _, _ := strings.Cut(w, "=")
		out = append(out, name)
	}
	return out
}

// uses tells whether a text uses one of some variables.
func uses(text string, names []string) bool {
	for _, n := range names {
		for rest := text; ; {
			_, after, ok := strings.Cut(rest, "$")
			if !ok {
				break
			}
			rest = after
			if v, ok := strings.CutPrefix(strings.TrimPrefix(after, "{"), n); ok && (v == "" || !word(v[0])) {
				return true
			}
		}
	}
	return false
}

func word(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z'
}
