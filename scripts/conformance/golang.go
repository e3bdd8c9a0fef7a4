package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"strconv"
	"strings"
)

// scope holds the strings and files that a Go function has worked out so far, as far as
// they can be read without running it.
type scope struct {
	text     map[string]string
	contexts map[string]files
}

// files is a context as a test describes it: BuildKit's tests make theirs with fstest.
type files []fileOf

type fileOf struct {
	kind, name, text string // kind: file, dir, symlink
	mode             uint32
	known            bool // text could be read
}

// str is the value of a string or []byte expression.
func (s *scope) str(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			v, err := strconv.Unquote(e.Value)
			return v, err == nil
		}
		return e.Value, e.Kind == token.INT
	case *ast.ParenExpr:
		return s.str(e.X)
	case *ast.Ident:
		v, ok := s.text[e.Name]
		return v, ok
	case *ast.BinaryExpr:
		a, ok1 := s.str(e.X)
		b, ok2 := s.str(e.Y)
		return a + b, ok1 && ok2 && e.Op == token.ADD
	case *ast.CallExpr:
		return s.call(e)
	}
	return "", false
}

func (s *scope) call(e *ast.CallExpr) (string, bool) {
	if t, ok := e.Fun.(*ast.ArrayType); ok && t.Len == nil && len(e.Args) == 1 { // []byte(…)
		return s.str(e.Args[0])
	}
	switch name := dotted(e.Fun); name {
	case "string":
		return s.str(e.Args[0])
	case "integration.UnixOrWindows":
		return s.str(e.Args[0])
	case "strings.TrimSpace":
		v, ok := s.str(e.Args[0])
		return strings.TrimSpace(v), ok
	case "fmt.Sprintf", "fmt.Appendf":
		list := e.Args
		if name == "fmt.Appendf" {
			list = list[1:]
		}
		var values []any
		for _, a := range list {
			v, ok := s.str(a)
			if !ok {
				return "", false
			}
			values = append(values, v)
		}
		out := fmt.Sprintf(strings.ReplaceAll(values[0].(string), "%d", "%s"), values[1:]...)
		return out, !strings.Contains(out, "%!")
	}
	return "", false
}

// dotted is the name of a function as it is written: fmt.Sprintf.
func dotted(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return dotted(e.X) + "." + e.Sel.Name
	}
	return ""
}

// context reads integration.Tmpdir(t, fstest.CreateFile(…), …).
func (s *scope) context(e ast.Expr) (files, bool) {
	call, ok := e.(*ast.CallExpr)
	if !ok || dotted(call.Fun) != "integration.Tmpdir" || call.Ellipsis != token.NoPos {
		return nil, false
	}
	var out files
	for _, a := range call.Args[1:] {
		c, ok := a.(*ast.CallExpr)
		if !ok || len(c.Args) < 2 {
			return nil, false
		}
		name, ok := s.str(c.Args[0])
		if !ok {
			return nil, false
		}
		f := fileOf{name: name}
		switch dotted(c.Fun) {
		case "fstest.CreateFile":
			f.kind = "file"
			f.text, f.known = s.str(c.Args[1])
			f.mode = octal(c.Args[2])
		case "fstest.CreateDir":
			f.kind, f.known, f.mode = "dir", true, octal(c.Args[1])
		case "fstest.Symlink": // old name, new name
			f.kind, f.text = "symlink", name
			f.name, f.known = s.str(c.Args[1])
		default:
			return nil, false
		}
		out = append(out, f)
	}
	return out, true
}

func octal(e ast.Expr) uint32 {
	if b, ok := e.(*ast.BasicLit); ok {
		if n, err := strconv.ParseUint(b.Value, 0, 32); err == nil {
			return uint32(n)
		}
	}
	return 0o644
}

// assign carries an assignment out.
func (s *scope) assign(name string, value ast.Expr) {
	delete(s.text, name)
	delete(s.contexts, name)
	if v, ok := s.str(value); ok {
		s.text[name] = v
	} else if c, ok := s.context(value); ok {
		s.contexts[name] = c
	}
}
