package profile

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"tare/internal/dockerfile"
)

// Build is what a build was made from: kept of every build, to tell later why the next
// one could not use its results.
type Build struct {
	Source string            `json:"source"` // the Dockerfile
	Target string            `json:"target"`
	Args   map[string]string `json:"args"`
	Files  map[string]File   `json:"files"` // the build context, by path
	// Bases are what FROM lines and other images were resolved to, by name.
	Bases map[string]string `json:"bases"`
}

// File is what of a file decides whether a COPY is in the cache. Its time does not.
type File struct {
	Mode uint32 `json:"m"`           // kind and permission bits, as os.FileMode
	Size int64  `json:"s,omitempty"` // bytes
	Link string `json:"l,omitempty"`
	Sum  string `json:"h,omitempty"` // of its content
	// Time is the mtime in nanoseconds: with the size it tells whether Sum still holds.
	Time int64 `json:"t,omitempty"`
}

// Miss says why a line was not in the cache.
type Miss struct {
	Line   int    `json:"line"`   // first line of the instruction
	Cause  string `json:"cause"`  // in words
	Kind   string `json:"kind"`   // text, setting, arg, file, base, follows, no-cache, unknown-build, evicted
	Detail string `json:"detail"` // the file, the argument, the base
	// Follows is the line whose miss made this one; 0 for a cause of its own.
	Follows int `json:"follows,omitempty"`
}

// misses explains every line that was carried out though it might have been cached.
func (r *Result) misses(in Input) {
	var follow []Miss
	for i := range r.Lines {
		l := &r.Lines[i]
		if !l.Ran || l.Cached || l.SameAs > 0 || l.Keyword == "FROM" {
			continue
		}
		if from := r.upstream(in, i); from > 0 {
			follow = append(follow, Miss{Line: l.Lines[0], Kind: "follows", Follows: from, Cause: fmt.Sprintf("line %d was rebuilt", from)})
			continue
		}
		r.Misses = append(r.Misses, r.direct(in, i))
	}
	r.Misses = append(r.Misses, follow...)
}

// upstream is the line before this one, in its stage or one that it takes from, which
// was carried out itself; 0 if there is none.
func (r *Result) upstream(in Input, i int) int {
	l := &r.Lines[i]
	for j := i - 1; j >= 0; j-- {
		o := &r.Lines[j]
		if o.Stage == l.Stage && r.executed(o) {
			return r.origin(o)
		}
	}
	s := in.File.Stages[l.Stage]
	from := []string{s.Base}
	if k := r.instruction(in, l); k != nil {
		if k.From != "" {
			from = append(from, k.From)
		}
		for _, m := range k.Mounts {
			if m.From != "" {
				from = append(from, m.From)
			}
		}
	}
	for _, name := range from {
		n := in.File.StageIndex(name, l.Stage)
		for j := len(r.Lines) - 1; n >= 0 && j >= 0; j-- {
			if o := &r.Lines[j]; o.Stage == n && r.executed(o) {
				return r.origin(o)
			}
		}
	}
	return 0
}

func (r *Result) executed(l *Line) bool { return l.Ran && !l.Cached && l.Keyword != "FROM" }

// origin is the line itself, or the one that is the same step.
func (r *Result) origin(l *Line) int {
	if l.SameAs > 0 {
		return l.SameAs
	}
	return l.Lines[0]
}

func (r *Result) instruction(in Input, l *Line) *dockerfile.Instruction {
	s := &in.File.Stages[l.Stage]
	for i := range s.Instructions {
		if s.Instructions[i].Lines == l.Lines {
			return &s.Instructions[i]
		}
	}
	return nil
}

// direct finds the cause of a miss that follows from no other: what this instruction
// depends on, and what that was in the last build.
func (r *Result) direct(in Input, i int) Miss {
	l := &r.Lines[i]
	m := Miss{Line: l.Lines[0]}
	say := func(kind, detail, format string, a ...any) Miss {
		m.Kind, m.Detail, m.Cause = kind, detail, fmt.Sprintf(format, a...)
		return m
	}
	if in.NoCache {
		return say("no-cache", "", "the build was told not to use the cache")
	}
	if in.Last == nil {
		return say("unknown-build", "", "no earlier build of this Dockerfile is known")
	}
	old, err := dockerfile.Parse([]byte(in.Last.Source))
	if err != nil {
		return say("unknown-build", "", "the Dockerfile of the last build cannot be read")
	}
	was := stageLike(old, in.File, l.Stage)
	if was == nil {
		return say("text", "", "its stage was not in the last build")
	}
	if base := in.File.Image(in.File.Stages[l.Stage].Name, in.Now.Args); base != "" && in.Last.Bases[base] != in.Now.Bases[base] {
		if in.Last.Bases[base] == "" {
			return say("base", base, "the base is %s now", base)
		}
		return say("base", base, "the base %s was %s and is %s", base, abbreviated(in.Last.Bases[base]), abbreviated(in.Now.Bases[base]))
	}
	if now, then := in.File.Stages[l.Stage].Text, was.Text; now != then {
		return say("base", now, "the FROM line was %q", then)
	}
	// Instructions before and with this one, side by side with those of the last build.
	s := &in.File.Stages[l.Stage]
	for n := range s.Instructions {
		k := &s.Instructions[n]
		now := code(string(in.Source), k.Lines)
		if n >= len(was.Instructions) {
			return say("text", "", "line %d is new", k.Lines[0])
		}
		if then := code(in.Last.Source, was.Instructions[n].Lines); then != now {
			if k.Lines == l.Lines {
				return say("text", k.Text, "its text was %q", was.Instructions[n].Text)
			}
			return say("setting", k.Text, "line %d (%s) was %q", k.Lines[0], k.Text, was.Instructions[n].Text)
		}
		if k.Lines == l.Lines {
			break
		}
	}
	k := r.instruction(in, l)
	if k == nil {
		return say("evicted", "", "its result was no longer in the build cache")
	}
	if name, then, now, changed := changedArg(in, s, k); changed {
		return say("arg", name, "build argument %s was %q and is %q", name, then, now)
	}
	if p, what := changedFile(in, k); p != "" {
		return say("file", p, "%s: %s", p, what)
	}
	return say("evicted", "", "nothing that it depends on changed: its result was no longer in the build cache")
}

// stageLike is the last build's stage of the same name, else of the same place.
func stageLike(old, now *dockerfile.File, n int) *dockerfile.Stage {
	for i := range old.Stages {
		if strings.EqualFold(old.Stages[i].Name, now.Stages[n].Name) {
			return &old.Stages[i]
		}
	}
	if n < len(old.Stages) {
		return &old.Stages[n]
	}
	return nil
}

func code(source string, lines [2]int) string {
	all := strings.Split(source, "\n")
	if lines[0] < 1 || lines[1] > len(all) {
		return ""
	}
	return strings.TrimSpace(strings.Join(all[lines[0]-1:lines[1]], "\n"))
}

func abbreviated(d string) string {
	if i := strings.Index(d, ":"); i >= 0 && len(d) > i+13 {
		return d[:i+13]
	}
	return d
}

// changedArg finds an argument that is in force at an instruction and has another
// value. RUN sees all that are declared before it; others those that they name.
func changedArg(in Input, s *dockerfile.Stage, at *dockerfile.Instruction) (name, then, now string, changed bool) {
	for _, k := range s.Instructions {
		if k.Lines[0] >= at.Lines[0] {
			break
		}
		for _, v := range slices.Sorted(maps.Keys(k.Vars)) {
			if at.Keyword != "RUN" && !strings.Contains(at.Text, "$"+v) && !strings.Contains(at.Text, "${"+v) {
				continue
			}
			value := func(b *Build) string {
				if x, ok := b.Args[v]; ok {
					return x
				}
				if k.Vars[v] != "" {
					return k.Vars[v]
				}
				return in.File.Args[v]
			}
			if a, b := value(in.Last), value(in.Now); a != b {
				return v, a, b, true
			}
		}
	}
	return "", "", "", false
}

// changedFile finds the first file of the context that an instruction takes and that is
// not as it was.
func changedFile(in Input, k *dockerfile.Instruction) (string, string) {
	var sources []string
	switch k.Keyword {
	case "COPY", "ADD":
		if k.From == "" {
			sources = k.Sources
		}
	case "RUN":
		for _, m := range k.Mounts {
			if m.Type == "bind" && m.From == "" {
				sources = append(sources, m.Source)
			}
		}
	}
	if len(sources) == 0 {
		return "", ""
	}
	all := map[string]bool{}
	for p := range in.Now.Files {
		all[p] = true
	}
	for p := range in.Last.Files {
		all[p] = true
	}
	for _, p := range slices.Sorted(maps.Keys(all)) {
		if !slices.ContainsFunc(sources, func(s string) bool { return takes(s, p) }) || slices.ContainsFunc(k.Excludes, func(x string) bool { return takes(x, p) }) {
			continue
		}
		then, had := in.Last.Files[p]
		now, has := in.Now.Files[p]
		switch {
		case !had:
			return p, "it is new"
		case !has:
			return p, "it is gone"
		case then.Sum != now.Sum || then.Size != now.Size || then.Link != now.Link:
			return p, "its content changed"
		case then.Mode != now.Mode:
			return p, fmt.Sprintf("its mode was %o and is %o", then.Mode&0o7777, now.Mode&0o7777)
		}
	}
	return "", ""
}

// takes tells whether a source of a COPY, which may be a pattern, takes a path.
func takes(source, p string) bool {
	source = path.Clean("/" + source)[1:]
	if source == "" {
		return true
	}
	s, e := strings.Split(source, "/"), strings.Split(p, "/")
	if len(s) > len(e) {
		return false
	}
	for i := range s {
		if ok, err := path.Match(s[i], e[i]); err != nil || !ok {
			return false
		}
	}
	return true
}
