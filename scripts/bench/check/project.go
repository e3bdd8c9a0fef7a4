package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// project is a project before or after a pull request: a Dockerfile and its context.
type project struct {
	name  string
	dir   string // of the context in the repository; "." for its top
	file  string // the Dockerfile's name
	lines []string
	files map[string][]byte
}

// clone is a copy.
func (p *project) clone() *project {
	q := *p
	q.lines, q.files = slices.Clone(p.lines), map[string][]byte{}
	for k, v := range p.files {
		q.files[k] = v
	}
	return &q
}

// write puts it into a directory of which it is all.
func (p *project) write(root string) error {
	old, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	for _, e := range old {
		if e.Name() != ".git" {
			if err := os.RemoveAll(filepath.Join(root, e.Name())); err != nil {
				return err
			}
		}
	}
	files := map[string][]byte{p.file: []byte(strings.Join(p.lines, "\n") + "\n")}
	for name, b := range p.files {
		files[name] = b
	}
	for name, b := range files {
		name = filepath.Join(root, p.dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// at is the line of the Dockerfile, from 1, that has a text; 0 if none has.
func (p *project) at(text string) int {
	return 1 + slices.IndexFunc(p.lines, func(l string) bool { return strings.Contains(l, text) })
}

// path is a file of the context as reports name it.
func (p *project) path(name string) string { return filepath.ToSlash(filepath.Join(p.dir, name)) }

// set replaces the line that has a text, or adds behind it, or removes it.
func (p *project) set(text string, with ...string) {
	n := p.at(text) - 1
	p.lines = slices.Concat(p.lines[:n:n], with, p.lines[n+1:])
}

// newProject makes up a project.
func newProject(r *rand.Rand, n int, url string) *project {
	p := &project{name: fmt.Sprintf("p%d", n), dir: ".", file: "Dockerfile", files: map[string][]byte{}}
	if r.IntN(3) == 0 {
		p.dir = "services/api"
	}
	if r.IntN(4) == 0 {
		p.file = "Dockerfile.prod"
	}
	seed := func(what string) string { return fmt.Sprintf("%d %s", n, what) }
	own := url + "/" + p.name
	p.files["src/main.c"] = random(20_000+r.IntN(50_000), seed("main"))
	p.files["app/data.bin"] = random(10_000+r.IntN(400_000), seed("data"))
	p.files["app/readme.txt"] = []byte("what it does: nothing much\n")
	p.files["conf/gen.conf"] = []byte(fmt.Sprintf("# how much\nbytes %d\n", 100_000+r.IntN(300_000)))
	p.files["packages.txt"] = []byte("jq=1.1\n")
	p.files["notes/large.bin"] = random(1_500_000, seed("ignored"))
	p.files[".dockerignore"] = []byte("notes\n")
	if r.IntN(2) == 0 { // else the repository itself is copied, which every commit changes
		p.files[".dockerignore"] = []byte(".git\nnotes\n")
	}
	run := func(args ...string) string { return `RUN ["/tool", "` + strings.Join(args, `", "`) + `"]` }
	p.lines = []string{"# " + p.name, "FROM base:now AS build", "WORKDIR /make", "COPY src /make", run("compile", "/make/main.c", "/out/main"),
		"", "FROM base:now", "ARG CURL=1.2", "ENV MODE=plain"}
	body := []string{
		run("install", own, "curl=$CURL", "zlib"),
		"COPY packages.txt /etc/packages.txt",
		run("install-from", own, "/etc/packages.txt"),
		"COPY conf /etc/app/",
		run("generate", "/etc/app/gen.conf", "/var/lib/gen"),
		"COPY . /srv",
		run("noise", "/var/log/build.log"),
		run("write", "/opt/tool.bin", fmt.Sprint(200_000+r.IntN(300_000)), seed("tool")),
		run("write", "/opt/tmp", fmt.Sprint(1_200_000+r.IntN(300_000)), seed("tmp"), "and", "remove", "/opt/tmp"),
		"COPY --from=build /out/main /usr/bin/main",
	}
	if r.IntN(3) == 0 { // the application last, as it should be, or first
		body = append(body[5:6:6], append(slices.Clone(body[:5]), body[6:]...)...)
	}
	p.lines = append(p.lines, body...)
	p.lines = append(p.lines, `CMD ["/usr/bin/main"]`, "LABEL app="+p.name)
	return p
}
