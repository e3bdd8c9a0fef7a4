package trim

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"tare/internal/draft"
	"tare/internal/layer"
	"tare/internal/shell"
	"tare/internal/tree"
)

// cleanup is a directory that a tool fills and no container needs.
type cleanup struct {
	rule, title string
	tools       []string // programs that fill it
	// dirs are the directories: without a leading slash, or, with a leading "*/", below any
	// directory. Inside says that the directory itself stays and what is in it goes.
	dirs   []string
	inside bool
	// each says that what is directly in there is removed by its name, but for what other
	// rules are about.
	each bool
	// kept says that what is in there may be used by the tools where they stay in the image.
	kept bool
}

var cleanups = []cleanup{
	{rule: "apt-lists", title: "package lists of apt", tools: []string{"apt-get", "apt", "aptitude"}, dirs: []string{"var/lib/apt/lists"}, inside: true},
	{rule: "apt-cache", title: "packages that apt downloaded, and its caches", tools: []string{"apt-get", "apt", "aptitude"}, dirs: []string{"var/cache/apt"}, inside: true},
	{rule: "dnf-cache", title: "caches of dnf and yum", tools: []string{"dnf", "yum", "microdnf", "tdnf"}, dirs: []string{"var/cache/dnf", "var/cache/libdnf5", "var/cache/yum"}, inside: true},
	{rule: "zypper-cache", title: "caches of zypper", tools: []string{"zypper"}, dirs: []string{"var/cache/zypp"}, inside: true},
	{rule: "pacman-cache", title: "packages that pacman downloaded", tools: []string{"pacman"}, dirs: []string{"var/cache/pacman/pkg"}, inside: true},
	{rule: "npm-cache", title: "npm's cache", tools: []string{"npm", "npx"}, dirs: []string{"*/.npm", ".npm"}},
	{rule: "yarn-cache", title: "yarn's cache", tools: []string{"yarn", "yarnpkg"}, dirs: []string{"usr/local/share/.cache/yarn", "*/.cache/yarn", "*/.yarn/berry/cache"}},
	{rule: "go-cache", title: "Go's build cache", tools: []string{"go"}, dirs: []string{"*/.cache/go-build"}},
	{rule: "go-modules", title: "Go's module cache", tools: []string{"go"}, dirs: []string{"go/pkg/mod", "*/go/pkg/mod"}, kept: true},
	{rule: "cargo-cache", title: "cargo's downloads", tools: []string{"cargo"}, dirs: []string{"*/.cargo/registry", "*/.cargo/git", "usr/local/cargo/registry", "usr/local/cargo/git"}, kept: true},
	{rule: "maven-cache", title: "Maven's repository", tools: []string{"mvn", "mvnw"}, dirs: []string{"*/.m2/repository"}, kept: true},
	{rule: "gradle-cache", title: "Gradle's caches", tools: []string{"gradle", "gradlew"}, dirs: []string{"*/.gradle/caches"}, kept: true},
	{rule: "composer-cache", title: "composer's cache", tools: []string{"composer"}, dirs: []string{"*/.composer/cache", "*/.cache/composer"}},
	{rule: "uv-cache", title: "uv's cache", tools: []string{"uv"}, dirs: []string{"*/.cache/uv"}},
	{rule: "poetry-cache", title: "poetry's cache", tools: []string{"poetry"}, dirs: []string{"*/.cache/pypoetry"}},
	{rule: "user-cache", title: "caches of other tools", dirs: []string{"root/.cache", "home/*/.cache"}, each: true},
}

func init() {
	for _, c := range cleanups {
		register(Rule{ID: c.rule, Kind: Lossless, Title: c.title, Find: c.find})
	}
}

// find offers, for each RUN that leaves files there, to remove them at its end; where later
// RUNs use the same tool, which would have to fetch them again, a cache mount for all.
func (c *cleanup) find(p *Project) []Candidate {
	type place struct {
		i    *draft.Instruction
		k    int32
		tops []string
	}
	var list []place
	for _, i := range p.runs() {
		k, ok := p.layer(i)
		if !ok {
			continue
		}
		if tops := c.tops(p, k); len(tops) > 0 {
			list = append(list, place{i, k, tops})
		}
	}
	var out []Candidate
	for n, x := range list {
		if len(list) > 1 && !c.inside && len(c.tools) > 0 {
			break
		}
		command, paths := c.command(p, x.k, x.tops)
		edit, ok := p.File.Append(x.i, command)
		if !ok {
			continue
		}
		cand := Candidate{Line: x.i.Lines[0], What: "remove " + c.title + " in the same RUN", Edits: []draft.Edit{edit},
			Predicted: p.model().remove(x.k, paths...).saves(), Exact: true}
		line := p.refills(x.i, x.tops, func(cmd *shell.Command) bool { return slices.Contains(c.tools, cmd.Name()) })
		if line > 0 {
			cand.unknown(fmt.Sprintf("line %d uses the same tool, which may fetch again what is not there any more", line))
		}
		out = append(out, c.candidate(p, cand))
		if line > 0 && n == 0 {
			if all, ok := c.everywhere(p, x.i, x.k); ok {
				out = append(out, c.candidate(p, all))
			}
		}
	}
	if out != nil || len(list) == 0 || c.inside {
		return out
	}
	// Several RUNs fill it: each would fetch again what the one before it removed.
	m := p.model()
	cand := Candidate{Line: list[0].i.Lines[0], What: "keep " + c.title + " in a cache mount", Exact: true}
	for _, i := range p.runs() {
		for _, top := range list[0].tops {
			if n := slices.IndexFunc(list, func(x place) bool { return x.i == i }); n >= 0 || p.uses(i, c.tools...) {
				cand.Edits = append(cand.Edits, p.File.Flag(i, "--mount=type=cache,target=/"+top))
				if n >= 0 {
					m.vanish(list[n].k, top)
				}
			}
		}
	}
	cand.Predicted = m.saves()
	return []Candidate{c.candidate(p, cand)}
}

// everywhere removes what a tool leaves from a RUN on, in each that uses it: what one removes
// the next fetches again.
func (c *cleanup) everywhere(p *Project, first *draft.Instruction, k int32) (Candidate, bool) {
	out := Candidate{Line: first.Lines[0], What: "remove " + c.title + " in each RUN that fetches them", Exact: true}
	m := p.model()
	for _, i := range p.runs() {
		n, ok := p.layer(i)
		tops := []string{}
		if ok {
			tops = c.tops(p, n)
		}
		if !ok || n < k || len(tops) == 0 {
			if ok && n > k && p.uses(i, c.tools...) {
				out.unknown(fmt.Sprintf("line %d uses the same tool, which may fetch again what is not there any more", i.Lines[0]))
			}
			continue
		}
		command, paths := c.command(p, n, tops)
		edit, ok := p.File.Append(i, command)
		if !ok {
			return out, false
		}
		out.Edits = append(out.Edits, edit)
		m.remove(n, paths...)
	}
	if out.Unknown == "" {
		out.Predicted = m.saves()
	}
	return out, len(out.Edits) > 1
}

// candidate makes an edit a checked one where the tools stay in the image and may use what
// goes.
func (c *cleanup) candidate(p *Project, cand Candidate) Candidate {
	if c.kept && p.has(c.tools...) {
		cand.Kind = Checked
		for _, i := range p.runs() {
			if k, ok := p.layer(i); ok {
				for _, top := range c.tops(p, k) {
					cand.Gone = append(cand.Gone, p.paths(p.written(i, func(file string, _ *layer.Entry) bool { return under(file, top) }))...)
				}
			}
		}
	}
	return cand
}

// tops are the directories of a layer that the cleanup is about and in which it wrote files.
func (c *cleanup) tops(p *Project, k int32) []string {
	var out []string
	for n := range p.Facts.Tree.Lists[k] {
		e := &p.Facts.Tree.Lists[k][n]
		if e.Kind == layer.Dir || e.Kind >= layer.Whiteout {
			continue
		}
		for _, d := range c.dirs {
			top := topOf(e.Path, d)
			if c.each && top != "" {
				name, _, _ := strings.Cut(strings.TrimPrefix(e.Path, top+"/"), "/")
				if top += "/" + name; slices.Contains(known, name) {
					continue
				}
			}
			if r := (tree.Ref{Layer: k, Entry: int32(n)}); top != "" && !slices.Contains(out, top) && (p.alive(r) || !p.joinable(r)) {
				out = append(out, top)
			}
		}
	}
	return out
}

// known are the directories below .cache that other rules are about.
var known = []string{"pip", "yarn", "go-build", "composer", "uv", "pypoetry"}

// topOf is the directory of a path that a pattern names; "" for none.
func topOf(file, pattern string) string {
	if rest, ok := strings.CutPrefix(pattern, "*/"); ok {
		if at := strings.Index("/"+file, "/"+rest+"/"); at >= 0 {
			return file[:at+len(rest)]
		}
		return ""
	}
	if before, after, ok := strings.Cut(pattern, "*"); ok {
		rest, ok := strings.CutPrefix(file, before)
		if !ok {
			return ""
		}
		name, _, _ := strings.Cut(rest, "/")
		if top := before + name + after; strings.HasPrefix(file, top+"/") {
			return top
		}
		return ""
	}
	if strings.HasPrefix(file, pattern+"/") {
		return pattern
	}
	return ""
}

// command is what removes directories, and the paths that it removes.
func (c *cleanup) command(p *Project, k int32, tops []string) (command string, paths []string) {
	command = "rm -rf"
	for _, top := range tops {
		if c.inside {
			command += " /" + top + "/*"
			paths = append(paths, p.children(top, k)...)
			continue
		}
		command += " " + quoted("/"+top)
		paths = append(paths, top)
	}
	return command, paths
}

// children are the paths directly in a directory that a container would see when the layers
// above k are away, but for those whose names begin with a dot.
func (p *Project) children(dir string, k int32) []string {
	var out []string
	for n := range k + 1 {
		for m := range p.Facts.Tree.Lists[n] {
			e := &p.Facts.Tree.Lists[n][m]
			if e.Kind < layer.Whiteout && path.Dir(e.Path) == dir && path.Base(e.Path)[0] != '.' && p.Facts.Tree.Seen(tree.Ref{Layer: n, Entry: int32(m)}, int(k)) && !slices.Contains(out, e.Path) {
				out = append(out, e.Path)
			}
		}
	}
	return out
}

// alive tells whether what an entry carries is seen in the end, or hidden by a later layer
// that only writes it again.
func (p *Project) alive(r tree.Ref) bool {
	switch p.Facts.Tree.Name(r).Class {
	case tree.DeletedFile, tree.DeletedDir, tree.Opaque:
		return false
	}
	return true
}

// joinable tells whether a later RUN hides what an entry carries, and can be joined to the
// one that wrote it: then another rule is about it.
func (p *Project) joinable(r tree.Ref) bool {
	a, b := p.maker(r.Layer), p.maker(p.Facts.Tree.Name(r).By)
	if a == nil || b == nil || a.Keyword != "RUN" || b.Keyword != "RUN" || a.Stage != b.Stage {
		return true // a COPY that hides it
	}
	_, _, ok := p.join(a, b)
	return ok
}

// uses tells whether a RUN runs one of some programs.
func (p *Project) uses(i *draft.Instruction, programs ...string) bool {
	for _, c := range i.Script.Commands {
		if slices.Contains(programs, c.Name()) {
			return true
		}
	}
	return false
}

// has tells whether the image has one of some programs.
func (p *Project) has(programs ...string) bool {
	found := false
	p.Facts.Live(func(_ tree.Ref, e *layer.Entry) {
		found = found || e.Mode&0o111 != 0 && slices.Contains(programs, path.Base(e.Path)) && strings.HasSuffix(path.Dir(e.Path), "bin")
	})
	return found
}

// quoted is a path as a word of a shell.
func quoted(file string) string {
	if strings.ContainsAny(file, " \t'\"$`\\*?[]{}()<>|&;#~!") {
		return "'" + strings.ReplaceAll(file, "'", `'\''`) + "'"
	}
	return file
}
