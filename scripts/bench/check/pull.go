package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// pull is a pull request, and what happened around it.
type pull struct {
	kind          string
	before, after *project
	// big says that it adds 1 MB or more; blame are the places that may be blamed then, FILE
	// or FILE:LINE.
	big   bool
	blame []string
	// Drift: the base that today's name means, and whether packages have new versions.
	base     string
	packages bool
	// how the baseline is found: file, label, image, git.
	baseline string
}

// change is a kind of own change: it edits a project, of n bytes more, and says where that is.
type change struct {
	name string
	edit func(p *project, n int) (blame []string)
}

func (p *project) here(text string) string { return fmt.Sprintf("%s:%d", p.path(p.file), p.at(text)) }

func more(b []byte, n int, seed string) []byte { return append(b[:len(b):len(b)], random(n, seed)...) }

// changes are all kinds.
var changes = []change{
	{"a file grows", func(p *project, n int) []string {
		p.files["app/data.bin"] = more(p.files["app/data.bin"], n, p.name+"more")
		return []string{p.path("app/data.bin")}
	}},
	{"a new file", func(p *project, n int) []string {
		p.files["app/deep/new.bin"] = random(n, p.name+"new")
		return []string{p.path("app/deep/new.bin")}
	}},
	{"a file is renamed and grows", func(p *project, n int) []string {
		p.files["app/other.bin"] = more(p.files["app/data.bin"], n, p.name+"more")
		delete(p.files, "app/data.bin")
		return []string{p.path("app/other.bin")}
	}},
	{"a number in a configuration", func(p *project, n int) []string {
		var was int
		_, _ = fmt.Sscanf(string(p.files["conf/gen.conf"]), "# how much\nbytes %d", &was)
		p.files["conf/gen.conf"] = []byte(fmt.Sprintf("# how much\nbytes %d\n", was+n))
		return []string{p.path("conf/gen.conf"), p.here("generate")}
	}},
	{"source that is compiled in another stage", func(p *project, n int) []string {
		p.files["src/main.c"] = more(p.files["src/main.c"], n/2, p.name+"source")
		return []string{p.path("src/main.c"), p.here("COPY --from=build")}
	}},
	{"a line is changed", func(p *project, n int) []string {
		l := p.lines[p.at("/opt/tool.bin")-1]
		var was int
		f := strings.Split(l, `"`)
		_, _ = fmt.Sscan(f[7], &was)
		f[7] = fmt.Sprint(was + n)
		p.set("/opt/tool.bin", strings.Join(f, `"`))
		return []string{p.here("/opt/tool.bin")}
	}},
	{"a new line", func(p *project, n int) []string {
		p.set("ENV MODE", "ENV MODE=plain", fmt.Sprintf(`RUN ["/tool", "write", "/opt/new", "%d", "%s"]`, n, p.name))
		return []string{p.here("/opt/new")}
	}},
	{"a line no longer cleans up", func(p *project, n int) []string {
		l := p.lines[p.at("/opt/tmp")-1]
		f := strings.Split(l, `"`)
		f[7] = fmt.Sprint(n)
		p.set("/opt/tmp", strings.Join(f[:8], `"`)+`", "tmp"]`)
		return []string{p.here("/opt/tmp")}
	}},
	{"another base", func(p *project, n int) []string {
		if n < 1_000_000 {
			p.set("LABEL", "LABEL app=other")
			return nil
		}
		at := 0
		for i, l := range p.lines {
			if l == "FROM base:now" {
				at = i
			}
		}
		p.lines[at] = "FROM other:0"
		return []string{fmt.Sprintf("%s:%d", p.path(p.file), at+1)}
	}},
	{"the ignore file lets more in", func(p *project, n int) []string {
		p.files["notes/large.bin"] = random(n, p.name+"ignored")
		p.files[".dockerignore"] = []byte(strings.TrimSuffix(string(p.files[".dockerignore"]), "notes\n") + "docs\n")
		return []string{p.path("notes/large.bin"), p.path(".dockerignore")}
	}},
	{"an argument pins another version", func(p *project, n int) []string {
		p.set("ARG CURL", fmt.Sprintf("ARG CURL=%.2f", 1.2+float64(n)/1e6))
		return []string{p.here("ARG CURL"), p.here(`"install"`)}
	}},
	{"a file pins another version", func(p *project, n int) []string {
		p.files["packages.txt"] = []byte(fmt.Sprintf("jq=%.2f\n", 1.1+float64(n)/1e6))
		return []string{p.path("packages.txt"), p.here("install-from")}
	}},
	{"a file asks for one package more", func(p *project, n int) []string {
		p.files["packages.txt"] = []byte(fmt.Sprintf("jq=1.1\ngawk=%.2f\n", float64(n)/1e6))
		return []string{p.path("packages.txt"), p.here("install-from")}
	}},
	{"lines that moved, and a file", func(p *project, n int) []string {
		a, b := p.at("/opt/tool.bin")-1, p.at("noise")-1
		p.lines[a], p.lines[b] = p.lines[b], p.lines[a]
		p.lines = append([]string{"# a comment", ""}, p.lines...)
		p.files["app/deep/new.bin"] = random(n, p.name+"moved")
		return []string{p.path("app/deep/new.bin")}
	}},
	{"the Dockerfile is renamed, and a line is new", func(p *project, n int) []string {
		p.file = "Dockerfile.next"
		p.set("ENV MODE", "ENV MODE=plain", fmt.Sprintf(`RUN ["/tool", "write", "/opt/new", "%d", "%s"]`, n, p.name))
		return []string{p.here("/opt/new")}
	}},
	{"a deletion is taken back", func(p *project, n int) []string {
		p.set("LABEL", "LABEL app=x")
		return nil
	}},
}

// pulls makes up pull request number n: what it changes, and what drifts.
func newPull(r *rand.Rand, n int, url string) *pull {
	u := &pull{before: newProject(r, n, url), base: "base:0"}
	u.after = u.before.clone()
	own, drift := r.IntN(4) > 0, r.IntN(3) > 0
	var kinds []string
	if own {
		c := changes[n%len(changes)]
		u.big = r.IntN(2) == 0
		bytes := 200 + r.IntN(8_000)
		if u.big {
			bytes = 1_000_000 + r.IntN(2_000_000)
		}
		u.blame = c.edit(u.after, bytes)
		u.big = u.big && u.blame != nil
		kinds = append(kinds, c.name)
		if u.big {
			kinds[0] += " (1 MB or more)"
		}
	}
	if drift {
		switch d := r.IntN(4); d {
		case 0, 1:
			u.base = fmt.Sprintf("base:%d", 1+r.IntN(3))
			kinds = append(kinds, "the base moved")
			if d == 0 {
				break
			}
			fallthrough
		case 2:
			u.packages = true
			kinds = append(kinds, "packages moved")
		default:
			kinds = append(kinds, "noise")
		}
	}
	u.kind = strings.Join(kinds, ", ")
	if u.kind == "" {
		u.kind = "nothing"
	}
	u.baseline = []string{"file", "label", "file", "image"}[r.IntN(4)]
	if !drift && r.IntN(2) == 0 {
		u.baseline = "git"
	}
	if own && u.baseline == "image" && changes[n%len(changes)].name == "another base" {
		u.baseline = "label" // no history says which base an image stands on
	}
	return u
}
