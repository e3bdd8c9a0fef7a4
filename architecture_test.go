// Package tare_test keeps the rules of docs/architecture.md. It reads the import
// lines itself, so that the rules hold whatever the build tags.
package tare_test

import (
	"bufio"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// imports says which of our packages a package may import. Imports point downwards: a
// package that is not listed under another must never appear there.
var imports = map[string][]string{
	"units":        {},
	"pattern":      {},
	"garbage":      {},
	"progress":     {},
	"screen":       {},
	"buildinfo":    {},
	"infile":       {},
	"outfile":      {},
	"secret":       {"pattern"},
	"layer":        {"packages", "parts/elffile", "secret"},
	"image":        {"layer", "logs", "packages", "progress", "rpmdb", "units"},
	"store":        {"image", "infile", "logs", "pattern", "units"},
	"diffids":      {"image", "store"},
	"members":      {"layer"},
	"repository":   {"image", "source"},
	"daemon":       {"image", "layer", "logs", "members", "socket"},
	"source":       {"daemon", "diffids", "image", "infile", "layer", "logs", "members", "patience", "progress", "ranges", "store", "units"},
	"patience":     {},
	"artifact":     {"image", "repository", "source"},
	"engine":       {"image"},
	"buildkit":     {"buildcontext", "container", "definition", "dockerfile", "emulation", "engine", "image", "infile", "outfile", "pattern", "screen", "socket", "steplog", "store", "units"},
	"steplog":      {"screen"},
	"emulation":    {},
	"container":    {"engine", "infile", "socket", "store", "watch"},
	"socket":       {},
	"doctor":       {},
	"tree":         {"layer"},
	"packages":     {"pattern"},
	"rpmdb":        {"packages"},
	"buildcontext": {"dockerfile", "suggest"},
	"dockerfile":   {"pattern"},
	"shell":        {},
	"definition":   {"engine", "units"},
	"cut":          {},
	"weigh":        {"image", "layer", "packages", "parts/elffile", "secret", "suggest", "tree", "units"},
	"advice":       {"layer", "packages", "secret", "tree", "units", "weigh"},
	"compare":      {"advice", "image", "layer", "packages", "parts/elffile", "tree", "units", "weigh"},
	"explain":      {"compare", "packages", "suggest", "tree", "units", "weigh"},
	"profile":      {"advice", "compare", "dockerfile", "engine", "packages", "pattern", "tree", "units", "weigh"},
	"experiment":   {"compare", "pattern", "suggest", "units", "weigh", "yamlfile"},
	"chart":        {"compare", "explain", "profile", "screen", "units", "weigh"},
	"report":       {"compare", "cut", "experiment", "explain", "packages", "profile", "screen", "units", "weigh"},
	"page":         {"chart", "compare", "experiment", "profile", "report", "screen", "units", "weigh"},
	"tracereport":  {"compare", "profile", "report", "touch", "units", "weigh"},
	"exercise":     {"compare", "experiment", "explain", "pattern", "report", "suggest", "units"},
	"growth":       {"chart", "page", "report", "units"},
	"strata":       {"advice", "fleet", "image", "layer", "request", "tree", "units", "weigh"},
	"stratareport": {"chart", "page", "report", "strata", "units", "weigh"},
	"fleetreport":  {"columns", "fleet", "garbage", "infile", "layer", "outfile", "page", "progress", "request", "scan", "strata"},
	"columns":      {"fleet", "layer", "secret", "strata", "weigh"},
	"gate":         {"compare", "engine", "experiment", "image", "layer", "profile", "tree", "units", "weigh"},
	"gatereport":   {"gate", "report", "request", "screen", "units"},

	"request":   {},
	"workspace": {"buildcontext"},
	"builds":    {"buildcontext", "dockerfile", "engine", "profile", "request", "store", "suggest", "units"},
	"runner":    {"engine", "image", "request", "units"},
	"revision":  {"logs"},
	"target":    {"advice", "contents", "daemon", "diffids", "engine", "garbage", "image", "layer", "logs", "progress", "request", "revision", "source", "store", "units", "weigh"},
	"indexes":   {"artifact", "image", "layer", "logs", "progress", "report", "request", "source", "store", "suggest", "target", "units"},
	"bill":      {"image", "request", "screen", "source", "store", "suggest", "table", "target", "units"},
	"toc":       {},
	"contents":  {"image", "layer", "ranges", "toc", "units"},
	"ranges":    {},
	"update":    {"bill", "image", "ranges", "request", "screen", "source", "suggest", "table", "target", "toc", "units"},
	"listing":   {"builds", "engine", "image", "request", "screen", "store", "table", "target", "units"},
	"ports":     {},
	"lab":       {"buildcontext", "compare", "experiment", "infile", "outfile", "ports", "request", "screen", "table", "target", "units", "weigh", "workspace"},
	"bench":     {"buildcontext", "buildinfo", "builds", "compare", "dockerfile", "engine", "exercise", "experiment", "explain", "image", "lab", "outfile", "profile", "runner", "source", "store", "target", "weigh"},
	"touch":     {"compare", "engine", "layer", "packages", "profile", "tree", "units", "weigh"},
	"watch":     {"engine", "socket"},
	"trace":     {"bench", "compare", "engine", "experiment", "infile", "lab", "layer", "profile", "request", "runner", "suggest", "target", "touch", "tree", "weigh"},
	"releases":  {"growth", "image", "progress", "repository", "request", "source", "store", "target", "units", "weigh"},
	"lint":      {"dockerfile"},
	"preview":   {"advice", "buildcontext", "dockerfile", "engine", "image", "layer", "profile", "secret", "weigh"},
	"check":     {"advice", "bench", "buildcontext", "builds", "dockerfile", "engine", "experiment", "gate", "image", "lab", "lint", "outfile", "pattern", "preview", "profile", "profiler", "request", "revision", "suggest", "target", "tree", "units", "weigh"},
	"fleet":     {"image", "layer", "outfile", "request", "store"},
	"shard":     {"request"},
	"scan":      {"artifact", "fleet", "growth", "image", "indexes", "infile", "layer", "logs", "patience", "progress", "releases", "repository", "request", "shard", "source", "store", "units"},
	"scales":    {"compare", "exercise", "explain", "image", "request", "target", "tree", "weigh"},
	"seen":      {"layer", "tree", "weigh"},
	"draft":     {"dockerfile", "shell"},
	"trim":      {"draft", "image", "layer", "packages", "report", "seen", "shell", "tree", "units", "weigh"},
	"trimmer":   {"bench", "buildcontext", "dockerfile", "draft", "engine", "experiment", "infile", "lab", "layer", "outfile", "profile", "profiler", "report", "request", "seen", "target", "touch", "trace", "trim", "units", "weigh", "workspace"},
	"outline":   {"layer", "tree", "units", "weigh"},
	"tui":       {"compare", "cut", "layer", "outline", "progress", "screen", "tree", "units", "weigh"},
	"web":       {"layer", "outline", "screen", "tree", "units", "weigh"},
	"viewer":    {"compare", "garbage", "layer", "outline", "page", "progress", "report", "request", "scales", "screen", "target", "tree", "tui", "units", "web", "weigh"},
	"profiler":  {"bench", "buildcontext", "dockerfile", "engine", "layer", "pattern", "profile", "request", "seen", "shell", "suggest", "target", "tree", "units", "weigh", "workspace"},

	"parts":          {},
	"parts/fatbin":   {"parts"},
	"parts/elffile":  {"parts", "parts/fatbin"},
	"parts/archives": {"parts"},
	"inside":         {"layer", "parts", "parts/archives", "parts/elffile", "request", "target", "tree", "weigh"},
	"insidereport":   {"compare", "inside", "parts", "report", "units", "weigh"},

	"table":    {"request", "screen"},
	"fsck":     {"engine", "store", "units"},
	"serve":    {"engine", "socket", "suggest", "units"},
	"session":  {"bench", "buildinfo", "builds", "doctor", "engine", "fsck", "indexes", "logs", "progress", "source", "store", "target"},
	"display":  {"progress", "screen", "units"},
	"prompt":   {"request"},
	"pager":    {},
	"browser":  {},
	"suggest":  {"request"},
	"settings": {"infile", "request", "suggest", "yamlfile"},
	"yamlfile": {},
	"plugin":   {"daemon", "units"},
	"logs":     {"pattern"},
	"help":     {"request", "suggest", "target"},

	"printer": {"browser", "outfile", "page", "pager", "report", "request", "screen", "suggest", "target"},
	"flags":   {"builds", "check", "fleetreport", "gatereport", "help", "indexes", "releases", "runner", "scales", "scan", "shard", "target", "touch", "trace", "update", "viewer"},

	"cli": {"bench", "bill", "buildinfo", "builds", "check", "display", "doctor", "engine", "exercise", "flags", "fleetreport", "fsck", "gate", "gatereport", "growth", "help", "indexes", "infile", "inside", "insidereport", "lab", "listing", "logs", "outfile", "page", "plugin", "printer", "profiler", "progress", "prompt", "releases", "report", "request", "runner", "scales", "scan", "screen", "serve", "session", "settings", "shard", "source", "store", "stratareport", "suggest", "table", "target", "trace", "tracereport", "trimmer", "units", "update", "viewer"},

	"testkit/fused":    {},
	"testkit":          {"engine", "image", "source", "store", "weigh"},
	"testkit/said":     {},
	"testkit/fleets":   {"fleet", "image", "layer", "store"},
	"testkit/frontend": {"definition", "engine"},
	"corpus":           {"experiment"}, // what tare trim is measured with: tests and benchmarks only
	"hostile":          {},             // tests only
	"cmd/tare":         {"buildkit", "cli", "container", "doctor", "engine", "garbage", "plugin", "session", "source", "watch"},
}

// dependencies says which packages may import a third-party package. Others may be
// imported wherever they are needed.
var dependencies = map[string][]string{
	"github.com/spf13/":                                         {"cli", "flags", "help", "printer", "settings"},
	"github.com/moby/buildkit":                                  {"buildkit", "container", "emulation", "lint", "steplog", "testkit/frontend"},
	"github.com/moby/buildkit/solver/pb":                        {"buildkit", "container", "definition", "testkit/frontend"},
	"github.com/moby/buildkit/frontend/dockerfile":              {"buildkit", "dockerfile", "lint", "testkit/frontend"},
	"github.com/knqyf263/go-rpmdb":                              {"rpmdb"},
	"modernc.org/":                                              {"rpmdb"},
	"go.etcd.io/bbolt":                                          {"buildkit"},
	"google.golang.org/":                                        {"buildkit", "daemon", "definition"},
	"github.com/containerd/containerd/v2/core/remotes/docker":   {"artifact", "buildkit", "releases", "repository", "source"},
	"github.com/containerd/containerd/v2/core/remotes":          {"artifact", "buildkit", "patience", "releases", "repository", "source", "store"},
	"github.com/containerd/containerd/v2/plugins/content/local": {"store", "buildkit"},
	"github.com/docker/cli":                                     {"builds", "cli", "daemon", "listing", "plugin", "runner", "session", "source", "buildkit", "table"},
	"github.com/google/go-containerregistry":                    {"testkit"},
	"golang.org/x/net/publicsuffix":                             {"source"},
	"github.com/mattn/go-runewidth":                             {"cut"},
	"github.com/goccy/go-yaml":                                  {"corpus", "experiment", "settings", "yamlfile"},
	"mvdan.cc/sh":                                               {"shell"},
	"charm.land/":                                               {"tui"},
	"golang.org/x/perf":                                         {"experiment"},
	"github.com/parquet-go/":                                    {"columns"},
	"github.com/owenrumney/go-sarif":                            {"gatereport"},
	"github.com/jstemmer/go-junit-report":                       {"gatereport"},
}

// pure packages compute: no files, no network, no processes, no clock of their own.
var pure = map[string][]string{
	"advice":       {"os", "net", "net/http", "os/exec", "context"},
	"tree":         {"os", "net", "net/http", "os/exec", "context"},
	"weigh":        {"os", "net", "net/http", "os/exec", "context"},
	"chart":        {"os", "net", "net/http", "os/exec", "context"},
	"exercise":     {"os", "net", "net/http", "os/exec", "context"},
	"experiment":   {"os", "net", "net/http", "os/exec", "context"},
	"explain":      {"os", "net", "net/http", "os/exec", "context"},
	"growth":       {"os", "net", "net/http", "os/exec", "context"},
	"strata":       {"os", "net", "net/http", "os/exec", "context"},
	"stratareport": {"os", "net", "net/http", "os/exec", "context"},
	"gatereport":   {"os", "net", "net/http", "os/exec", "context"},
	"secret":       {"os", "net", "net/http", "os/exec", "context"},
	"outline":      {"os", "net", "net/http", "os/exec", "context"},
	"packages":     {"os", "net", "net/http", "os/exec", "context"},
	"shell":        {"os", "net", "net/http", "os/exec", "context"},
	"dockerfile":   {"os", "net", "net/http", "os/exec", "context"},
	"definition":   {"os", "net", "net/http", "os/exec", "context"},
	"cut":          {"os", "net", "net/http", "os/exec", "context"},
	"compare":      {"os", "net", "net/http", "os/exec", "context"},
	"profile":      {"os", "net", "net/http", "os/exec", "context"},
	"page":         {"os", "net", "net/http", "os/exec", "context"},
	"report":       {"os", "net", "net/http", "os/exec", "context"},
	"screen":       {"os", "net", "net/http", "os/exec", "context"},
	"tracereport":  {"os", "net", "net/http", "os/exec", "context"},
	"touch":        {"os", "net", "net/http", "os/exec", "context"},
	"units":        {"os", "net", "net/http", "os/exec", "context"},

	"parts":          {"os", "net", "net/http", "os/exec", "context"},
	"parts/fatbin":   {"os", "net", "net/http", "os/exec", "context"},
	"parts/elffile":  {"os", "net", "net/http", "os/exec", "context"},
	"parts/archives": {"os", "net", "net/http", "os/exec", "context"},
	"insidereport":   {"os", "net", "net/http", "os/exec", "context"},
}

// packageOf is a file's package as the tables name it.
func packageOf(file string) string {
	dir := filepath.ToSlash(filepath.Dir(file))
	return strings.TrimPrefix(dir, "internal/")
}

func sources(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, root := range []string{"cmd", "internal"} {
		err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() && d.Name() == "testdata" {
				return fs.SkipDir
			}
			if err == nil && strings.HasSuffix(p, ".go") {
				out = append(out, p)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(out) < 50 {
		t.Fatalf("only %d files found: is this the root of the repository?", len(out))
	}
	return out
}

func TestWhoMayImportWhom(t *testing.T) {
	for _, file := range sources(t) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		r := packageOf(file)
		allowed, known := imports[r]
		if !known {
			t.Errorf("%s: the package %q is not in the table: say there what it may import", file, r)
			continue
		}
		for _, i := range f.Imports {
			path := strings.Trim(i.Path.Value, `"`)
			if inner, ours := strings.CutPrefix(path, "tare/internal/"); ours && !slices.Contains(allowed, inner) {
				t.Errorf("%s: %s must not import %s", file, r, inner)
			}
			if where := usersOf(path); where != nil && !slices.Contains(where, r) {
				t.Errorf("%s: %s belongs to %v only", file, path, where)
			}
			if slices.Contains(pure[r], path) {
				t.Errorf("%s: %s is pure and must not import %s", file, r, path)
			}
		}
	}
}

// usersOf finds the rule with the longest matching path.
func usersOf(path string) []string {
	best, where := "", []string(nil)
	for p, list := range dependencies {
		if strings.HasPrefix(path, p) && len(p) > len(best) {
			best, where = p, list
		}
	}
	return where
}

// Every package says what it is, and so does every exported identifier.
func TestEverythingExportedIsExplained(t *testing.T) {
	packages := map[string]bool{}
	for _, file := range sources(t) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		packages[packageOf(file)] = packages[packageOf(file)] || f.Doc != nil
		for _, d := range f.Decls {
			for _, name := range unexplained(d) {
				t.Errorf("%s: %s has no doc comment", file, name)
			}
		}
	}
	for p, explained := range packages {
		if !explained {
			t.Errorf("package %s has no doc comment", p)
		}
	}
}

func unexplained(d ast.Decl) []string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && d.Name.IsExported() && exportedReceiver(d) {
			return []string{d.Name.Name}
		}
	case *ast.GenDecl:
		var out []string
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && s.Doc == nil && d.Doc == nil {
					out = append(out, s.Name.Name)
				}
			case *ast.ValueSpec:
				if s.Names[0].IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
					out = append(out, s.Names[0].Name)
				}
			}
		}
		return out
	}
	return nil
}

// exportedReceiver is false for methods of unexported types, which implement
// somebody's interface and are explained there.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	e := d.Recv.List[0].Type
	if s, ok := e.(*ast.StarExpr); ok {
		e = s.X
	}
	id, ok := e.(*ast.Ident)
	return ok && id.IsExported()
}

// The repository names no package registry and no path of one machine.
func TestNothingLocalIsCommitted(t *testing.T) {
	bad := []string{"proxy.golang" + ".org", "registry.npmjs" + ".org", "deb.debian" + ".org", "/wo" + "rk/main", "/wo" + "rk/shared"}
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "bin" || d.Name() == "dist") {
			return fs.SkipDir
		}
		if d.IsDir() || p == "go.sum" || p == ".git" { // a worktree's .git is a file
			return nil
		}
		f, err := os.Open(p)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		for sc, n := bufio.NewScanner(f), 1; sc.Scan(); n++ {
			for _, b := range bad {
				if strings.Contains(sc.Text(), b) {
					t.Errorf("%s:%d names %s", p, n, b)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
