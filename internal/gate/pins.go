package gate

import (
	"slices"
	"strings"

	"tare/internal/units"
)

func known(n int64) units.Amount { return units.Known(n) }

// pins are what changed files and settings say of versions.
type pins struct {
	roots []root
	lines [][]string // of each root: what a file says now and did not, or did and does not say now
	whole [][]string // all that it says now
}

// maxPins bounds the files that are read for versions, in bytes.
const maxPins = 4 << 20

// pins reads the changed files and settings that an instruction stands on.
func (d *divider) pins(roots []root) *pins {
	p := &pins{}
	for _, r := range roots {
		if r.part != Yours {
			continue
		}
		var was, is []string
		switch {
		case r.at >= 0 && !r.named:
			continue // a setting that the instruction does not use
		case r.at >= 0:
			is = []string{d.g.after.Lines[r.at].Text}
			if i := d.g.was[r.at]; i >= 0 {
				was = []string{d.g.before.Lines[i].Text}
			}
		default:
			was, is = read(d.g.before, r.file), read(d.g.after, r.file)
		}
		p.roots = append(p.roots, r)
		p.whole = append(p.whole, is)
		var lines []string
		if was != nil {
			lines = append(without(is, was), without(was, is)...)
		}
		p.lines = append(p.lines, lines)
	}
	return p
}

func read(s *Source, name string) []string {
	if s.Read == nil || s.Files[name].Size > maxPins {
		return nil
	}
	b, ok := s.Read(name)
	if !ok {
		return nil
	}
	return strings.Split(string(b), "\n")
}

// without are the lines that another text does not have.
func without(lines, other []string) (out []string) {
	have := map[string]bool{}
	for _, l := range other {
		have[l] = true
	}
	for _, l := range lines {
		if !have[l] {
			out = append(out, l)
		}
	}
	return out
}

// of is the reason that pins a package: its changed lines name it, or, where it is not known
// which lines those are, it says the version that is new next to the name. nil if none does.
func (p *pins) of(pkg string, then, now []string) *root {
	_, name, _ := strings.Cut(pkg, " ")
	fresh := without(now, then)
	for n := range p.roots {
		r := &p.roots[n]
		switch {
		case r.at >= 0: // a setting that the instruction uses
			if slices.ContainsFunc(slices.Concat(fresh, without(then, now)), func(v string) bool {
				return slices.ContainsFunc(slices.Concat(p.lines[n], p.whole[n]), func(l string) bool { return strings.Contains(l, v) || within(v, l) })
			}) || slices.ContainsFunc(p.lines[n], func(l string) bool { return names(l, name) }) {
				return r
			}
		case p.lines[n] != nil:
			if slices.ContainsFunc(p.lines[n], func(l string) bool { return names(l, name) }) || beside(p.lines[n], p.whole[n], name, fresh) {
				return r
			}
		default:
			if slices.ContainsFunc(fresh, func(v string) bool { return near(p.whole[n], name, v) }) {
				return r
			}
		}
	}
	return nil
}

// within tells whether a setting says the beginning of a version: 8.1 of 8.1.2-r0.
func within(version, line string) bool {
	_, value, ok := strings.Cut(line, "=")
	value = strings.Trim(strings.TrimSpace(value), `"'`)
	return ok && len(value) > 1 && strings.HasPrefix(version, value)
}

// beside tells whether a changed line says a new version in a file that names the package
// just above: lock files have both on lines of their own.
func beside(changed, whole []string, name string, fresh []string) bool {
	return slices.ContainsFunc(fresh, func(v string) bool {
		return slices.ContainsFunc(changed, func(l string) bool { return strings.Contains(l, v) }) && near(whole, name, v)
	})
}

// near tells whether a version stands in the line of a name or the three after it.
func near(lines []string, name, version string) bool {
	for n, l := range lines {
		if names(l, name) && slices.ContainsFunc(lines[n:min(n+4, len(lines))], func(l string) bool { return strings.Contains(l, version) }) {
			return true
		}
	}
	return false
}

// names tells whether a line has the name of a package as a word. Python takes - and _ and
// capitals for the same.
func names(line, name string) bool {
	fold := func(s string) string { return strings.ReplaceAll(strings.ToLower(s), "_", "-") }
	line, name = fold(line), fold(name)
	for at := 0; name != ""; {
		i := strings.Index(line[at:], name)
		if i < 0 {
			return false
		}
		i += at
		end := i + len(name)
		if (i == 0 || !part(line[i-1])) && (end == len(line) || !part(line[end])) {
			return true
		}
		at = end
	}
	return false
}

// part tells whether a byte may be one of a package's name.
func part(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b == '-' || b == '_' || b == '+'
}
