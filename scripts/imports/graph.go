package main

import (
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// pkg is one of our packages.
type pkg struct {
	name    string // "weigh", "cmd/tare"
	lines   int    // of its Go files, without tests
	imports []string
	floor   int // one above the highest of those that it imports
}

// graph are all packages by name.
type graph map[string]*pkg

// read reads the import lines of all packages but those for tests, whatever the build
// tags: what one system imports is an arrow.
func read(root string) (graph, error) {
	g := graph{}
	for _, top := range []string{"cmd", "internal"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") || strings.Contains(filepath.ToSlash(p), "/testdata/") {
				return err
			}
			dir, err := filepath.Rel(root, filepath.Dir(p))
			if err != nil {
				return err
			}
			return g.file(strings.TrimPrefix(filepath.ToSlash(dir), "internal/"), p)
		})
		if err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"testkit", "hostile", "corpus"} {
		delete(g, name)
	}
	for _, p := range g {
		slices.Sort(p.imports)
		p.imports = slices.Compact(p.imports)
	}
	for name := range g {
		g.floorOf(name)
	}
	return g, nil
}

func (g graph) file(name, path string) error {
	body, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	f, err := parser.ParseFile(token.NewFileSet(), path, body, parser.ImportsOnly)
	if err != nil {
		return err
	}
	p := g[name]
	if p == nil {
		p = &pkg{name: name}
		g[name] = p
	}
	p.lines += bytes.Count(body, []byte("\n"))
	for _, i := range f.Imports {
		if to, ours := strings.CutPrefix(strings.Trim(i.Path.Value, `"`), "tare/internal/"); ours {
			p.imports = append(p.imports, to)
		}
	}
	return nil
}

func (g graph) floorOf(name string) int {
	p := g[name]
	if p == nil {
		return 0
	}
	if p.floor > 0 {
		return p.floor
	}
	p.floor = 1 // a circle would not compile
	for _, to := range p.imports {
		p.floor = max(p.floor, g.floorOf(to)+1)
	}
	return p.floor
}

// floors are the packages by floor, the top first, each by name.
func (g graph) floors() [][]*pkg {
	top := 0
	for _, p := range g {
		top = max(top, p.floor)
	}
	out := make([][]*pkg, top)
	for _, p := range g {
		out[top-p.floor] = append(out[top-p.floor], p)
	}
	for _, list := range out {
		slices.SortFunc(list, func(a, b *pkg) int { return strings.Compare(a.name, b.name) })
	}
	return out
}
