package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// buildkitInputs reads the Dockerfiles that stand in BuildKit's own tests of its
// Dockerfile frontend, with the contexts that those tests make, and the files that its
// parser is tested with.
func buildkitInputs(module, work string) (list []input, out []leftOut, err error) {
	tests, err := filepath.Glob(filepath.Join(module, "frontend", "dockerfile", "*_test.go"))
	if err != nil || len(tests) == 0 {
		return nil, nil, fmt.Errorf("no tests of the frontend in %s: %w", module, err)
	}
	r := &goReader{work: work}
	for _, file := range tests {
		src, err := os.ReadFile(file)
		if err == nil {
			err = r.read(filepath.Base(file), src)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	parsed, err := filepath.Glob(filepath.Join(module, "frontend", "dockerfile", "parser", "testfiles", "*", "Dockerfile"))
	if err != nil {
		return nil, nil, err
	}
	for _, p := range parsed {
		b, err := os.ReadFile(p)
		if err != nil {
			return nil, nil, err
		}
		r.emitText("parser/"+filepath.Base(filepath.Dir(p)), string(b), nil)
	}
	return r.list, r.left, r.err
}

// goReader collects inputs from Go source.
type goReader struct {
	work string
	list []input
	left []leftOut
	err  error
	n    int
}

var (
	hasFrom    = regexp.MustCompile(`(?mi)^[ \t]*(FROM[ \t]+\S+.*)$`)
	forWindows = regexp.MustCompile(`(?i)nanoserver|windows|servercore`)
)

func looksLikeDockerfile(s string) bool {
	return hasFrom.MatchString(s) && strings.Contains(s, "\n") && !strings.Contains(s, "# error:")
}

// read goes through one file of tests in the order of its lines.
func (r *goReader) read(name string, src []byte) error {
	f, err := parser.ParseFile(token.NewFileSet(), name, src, 0)
	if err != nil {
		return err
	}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
			r.function(strings.TrimSuffix(name, "_test.go")+"/"+fn.Name.Name, fn.Body)
		}
	}
	return r.err
}

// function emits what a test solves, and then whatever else in it reads like a
// Dockerfile, with a context that is made up.
func (r *goReader) function(name string, body *ast.BlockStmt) {
	s := &scope{text: map[string]string{}, contexts: map[string]files{}}
	used, order, windows := map[string]bool{}, []string{}, map[ast.Node]bool{}
	found := func(text string) {
		if looksLikeDockerfile(text) {
			order = append(order, text)
		}
	}
	ast.Inspect(body, func(n ast.Node) bool {
		if windows[n] {
			return false
		}
		switch n := n.(type) {
		case *ast.AssignStmt:
			if len(n.Lhs) == 1 && len(n.Rhs) == 1 {
				if id, ok := n.Lhs[0].(*ast.Ident); ok {
					s.assign(id.Name, n.Rhs[0])
				}
			}
		case *ast.ValueSpec:
			for i, id := range n.Names {
				if i < len(n.Values) {
					s.assign(id.Name, n.Values[i])
				}
			}
		case *ast.CallExpr:
			if dotted(n.Fun) == "integration.UnixOrWindows" && len(n.Args) == 2 {
				windows[n.Args[1]] = true
			}
			if v, ok := s.str(n); ok {
				found(v)
			} else if dotted(n.Fun) == "fmt.Sprintf" || dotted(n.Fun) == "fmt.Appendf" {
				r.unknown(name, n, windows)
			}
		case *ast.BasicLit:
			if v, ok := s.str(n); ok && !strings.Contains(v, "%") {
				found(v)
			}
		case *ast.CompositeLit:
			if dotted(n.Type) == "client.SolveOpt" {
				if text, ok := r.solve(name, s, n); ok {
					used[text] = true
				}
			}
		}
		return true
	})
	for _, text := range order {
		if !used[text] {
			used[text] = true
			r.emitText(name, text, nil)
		}
	}
}

// unknown notes a Dockerfile that is worked out while the test runs.
func (r *goReader) unknown(name string, n *ast.CallExpr, skip map[ast.Node]bool) {
	for _, a := range n.Args {
		if v, ok := (&scope{}).str(a); ok && looksLikeDockerfile(v) && !forWindows.MatchString(v) {
			r.left = append(r.left, leftOut{"buildkit/" + name, "the Dockerfile is worked out while the test runs"})
		}
		skip[a] = true
	}
}

// solve reads a client.SolveOpt and returns the Dockerfile that it builds.
func (r *goReader) solve(name string, s *scope, lit *ast.CompositeLit) (string, bool) {
	attrs := map[string]string{}
	var context, dockerfile files
	known := true
	for _, e := range lit.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		m, _ := kv.Value.(*ast.CompositeLit)
		switch dotted(kv.Key) {
		case "FrontendAttrs":
			if m == nil {
				known = false
				continue
			}
			for _, e := range m.Elts {
				kv := e.(*ast.KeyValueExpr)
				k, ok1 := s.str(kv.Key)
				v, ok2 := s.str(kv.Value)
				known = known && ok1 && ok2
				attrs[k] = v
			}
		case "LocalMounts":
			if m == nil {
				continue
			}
			for _, e := range m.Elts {
				kv := e.(*ast.KeyValueExpr)
				switch dotted(kv.Key) {
				case "dockerui.DefaultLocalNameDockerfile":
					dockerfile = s.contexts[dotted(kv.Value)]
				case "dockerui.DefaultLocalNameContext":
					context = s.contexts[dotted(kv.Value)]
				}
			}
		}
	}
	file := "Dockerfile"
	if f := attrs["filename"]; f != "" {
		file = f
		delete(attrs, "filename")
	}
	for _, f := range dockerfile {
		if f.name == file && f.known && known {
			r.emit(name, f.text, file, dockerfile, context, attrs)
			return f.text, true
		}
	}
	return "", false
}

func (r *goReader) emitText(name, text string, attrs map[string]string) {
	c := files{{kind: "file", name: "Dockerfile", text: text, mode: 0o644, known: true}}
	r.emit(name, text, "Dockerfile", c, c, attrs)
}

// emit writes the files of an input.
func (r *goReader) emit(name, text, file string, dockerfile, context files, attrs map[string]string) {
	r.n++
	name = fmt.Sprintf("buildkit/%s#%d", name, r.n)
	if forWindows.MatchString(text) && !strings.Contains(text, "TARGETOS") {
		r.left = append(r.left, leftOut{name, "for Windows"})
		return
	}
	in := input{suite: "buildkit", name: name, file: file, attrs: attrs}
	if _, err := in.flags(); err != nil {
		r.left = append(r.left, leftOut{name, err.Error()})
		return
	}
	if err := r.write(&in, text, dockerfile, context); err != nil {
		r.err = fmt.Errorf("%s: %w", name, err)
		return
	}
	r.list = append(r.list, in)
}

func (r *goReader) write(in *input, text string, dockerfile, context files) error {
	in.context = filepath.Join(r.work, fmt.Sprintf("k%03d", r.n))
	in.dockerfile = in.context
	made, err := writeFiles(in.context, context)
	if err != nil {
		return err
	}
	in.madeUp = made
	same := len(dockerfile) == len(context)
	for i := range dockerfile {
		same = same && dockerfile[i] == context[i]
	}
	if !same {
		in.dockerfile = in.context + "f"
		if _, err := writeFiles(in.dockerfile, dockerfile); err != nil {
			return err
		}
	}
	if len(context) <= 1 { // a context that only has its Dockerfile, or is not known
		made, err := makeUp(in.context, text)
		if err != nil {
			return err
		}
		in.madeUp = append(in.madeUp, made...)
	}
	if err := settle(in.context); err != nil {
		return err
	}
	return settle(in.dockerfile)
}

// writeFiles lays a context out and returns what had to be made up in it.
func writeFiles(dir string, list files) (madeUp []string, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	for _, f := range list {
		at := filepath.Join(dir, f.name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return nil, err
		}
		switch {
		case f.kind == "dir":
			err = os.MkdirAll(at, os.FileMode(f.mode))
		case f.kind == "symlink":
			err = os.Symlink(f.text, at)
		case !f.known:
			madeUp = append(madeUp, f.name)
			err = makeUpFile(at)
		default:
			if err = os.WriteFile(at, []byte(f.text), 0o600); err == nil {
				err = os.Chmod(at, os.FileMode(f.mode))
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return madeUp, nil
}
