package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"sort"
	"strings"
)

// mutant is one fault behind a switch.
type mutant struct {
	id   int
	file string // package/file
	line int
	in   string // the function
	kind string
	text string // the mutated code, in one line
	nth  int    // of those in the function that look the same
}

// key names a mutant without its line, so that it stays known when lines move.
func (m mutant) key() string {
	key := fmt.Sprintf("%s %s: %s: %s", m.file, m.in, m.kind, m.text)
	if m.nth > 1 {
		key += fmt.Sprintf(" #%d", m.nth)
	}
	return key
}

// edit replaces n bytes at an offset. Of two at the same place, closing ones come first;
// of opening ones the outer first, of closing ones the inner first.
type edit struct {
	at, n, order int
	close        bool
	text         string
}

type planter struct {
	src   []byte
	fset  *token.FileSet
	file  string
	first int
	in    string
	bad   func(line int) bool
	edits []edit
	found []mutant
}

// plant puts switches into a file's functions. It never adds a line, so that what the
// compiler complains about can be found again; it leaves alone the lines that are bad.
func plant(file string, src []byte, first int, bad func(line int) bool) ([]byte, []mutant, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, nil, err
	}
	p := &planter{src: src, fset: fset, file: file, first: first, bad: bad}
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		p.in = fn.Name.Name
		p.walk(fn.Body)
	}
	sort.SliceStable(p.edits, func(i, j int) bool {
		a, b := p.edits[i], p.edits[j]
		if a.at != b.at {
			return a.at < b.at
		}
		if a.close != b.close {
			return a.close
		}
		if a.close {
			return a.order > b.order
		}
		return a.order < b.order
	})
	var out bytes.Buffer
	at := 0
	for _, e := range p.edits {
		out.Write(src[at:e.at])
		out.WriteString(e.text)
		at = e.at + e.n
	}
	out.Write(src[at:])
	return out.Bytes(), p.found, nil
}

func (p *planter) offset(pos token.Pos) int { return p.fset.Position(pos).Offset }

func (p *planter) text(n ast.Node) string { return string(p.src[p.offset(n.Pos()):p.offset(n.End())]) }

// add makes a mutant of n and returns its switch's number.
func (p *planter) add(n ast.Node, kind string) int {
	id := p.first + len(p.found)
	text := strings.Join(strings.Fields(p.text(n)), " ")
	if len(text) > 90 {
		text = text[:90] + "…"
	}
	p.found = append(p.found, mutant{id: id, file: p.file, line: p.fset.Position(n.Pos()).Line, in: p.in, kind: kind, text: text})
	return id
}

func (p *planter) wrap(n ast.Node, open, close string) {
	order := len(p.edits)
	p.edits = append(p.edits, edit{at: p.offset(n.Pos()), order: order, text: open},
		edit{at: p.offset(n.End()), order: order, close: true, text: close})
}

// walk visits outer nodes before inner ones: wrap relies on it.
func (p *planter) walk(root ast.Node) {
	ast.Inspect(root, func(n ast.Node) bool {
		switch n := n.(type) {
		case nil:
			return false
		case *ast.GenDecl:
			return n.Tok != token.CONST
		case *ast.ArrayType:
			return false
		}
		first, last := p.fset.Position(n.Pos()).Line, p.fset.Position(n.End()).Line
		for line := first; line <= last && first == last; line++ {
			if p.bad(line) {
				return false
			}
		}
		if p.bad(first) {
			return true
		}
		switch n := n.(type) {
		case *ast.BlockStmt:
			p.statements(n.List)
		case *ast.CaseClause:
			p.statements(n.Body)
		case *ast.IfStmt:
			switch n.Cond.(type) {
			case *ast.CallExpr, *ast.Ident, *ast.SelectorExpr, *ast.UnaryExpr, *ast.IndexExpr:
				p.wrap(n.Cond, fmt.Sprintf("mutantNot(%d, ", p.add(n.Cond, "not")), ")")
			}
			if len(n.Body.List) == 1 {
				if r, ok := n.Body.List[0].(*ast.ReturnStmt); ok && n.Else == nil {
					p.wrap(r, fmt.Sprintf("if !mutant(%d) { ", p.add(r, "left out")), " }")
				}
			}
		case *ast.ReturnStmt:
			p.result(n)
		case *ast.BinaryExpr:
			p.binary(n)
		}
		return true
	})
}

// statements leaves out each statement in turn.
func (p *planter) statements(list []ast.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.AssignStmt:
			if s.Tok == token.DEFINE || p.text(s.Lhs[0]) == "_" {
				continue
			}
		case *ast.IncDecStmt, *ast.ExprStmt:
		case *ast.BranchStmt:
			if s.Tok != token.CONTINUE && s.Tok != token.BREAK {
				continue
			}
		default:
			continue
		}
		if p.bad(p.fset.Position(s.Pos()).Line) {
			continue
		}
		p.wrap(s, fmt.Sprintf("if !mutant(%d) { ", p.add(s, "left out")), " }")
	}
}

// result returns nothing in place of something.
func (p *planter) result(r *ast.ReturnStmt) {
	if len(r.Results) != 1 {
		return
	}
	switch e := r.Results[0].(type) {
	case *ast.BasicLit, *ast.FuncLit, *ast.BinaryExpr:
		return
	case *ast.CompositeLit:
		switch e.Type.(type) {
		case *ast.Ident, *ast.SelectorExpr:
			if len(e.Elts) == 0 { // it is nothing
				return
			}
		}
	case *ast.Ident:
		if e.Name == "nil" || e.Name == "true" || e.Name == "false" {
			return
		}
	}
	p.wrap(r.Results[0], fmt.Sprintf("mutantZero(%d, ", p.add(r, "returns nothing")), ")")
}

func (p *planter) binary(n *ast.BinaryExpr) {
	x, y := p.text(n.X), p.text(n.Y)
	switch n.Op {
	case token.LAND:
		p.wrap(n.X, fmt.Sprintf("(mutant(%d) || ", p.add(n.X, "taken as true")), ")")
		p.wrap(n.Y, fmt.Sprintf("(mutant(%d) || ", p.add(n.Y, "taken as true")), ")")
	case token.LOR:
		p.wrap(n.X, fmt.Sprintf("(!mutant(%d) && (", p.add(n.X, "taken as false")), "))")
		p.wrap(n.Y, fmt.Sprintf("(!mutant(%d) && (", p.add(n.Y, "taken as false")), "))")
	case token.EQL, token.NEQ:
		p.wrap(n, fmt.Sprintf("mutantNot(%d, ", p.add(n, "not")), ")")
	case token.LSS, token.GTR, token.LEQ, token.GEQ:
		p.wrap(n, fmt.Sprintf("mutantNot(%d, ", p.add(n, "not")), ")")
		if strings.ContainsAny(x+y, "\n{") {
			return
		}
		same := fmt.Sprintf("mutant(%d) && (%s) == (%s)", p.add(n, "boundary"), x, y)
		if n.Op == token.LSS || n.Op == token.GTR {
			p.wrap(n, "(", " || "+same+")")
		} else {
			p.wrap(n, "(", " && !("+same+"))")
		}
	case token.ADD, token.SUB, token.MUL, token.QUO, token.REM:
		if _, ok := n.X.(*ast.BasicLit); ok {
			if _, ok := n.Y.(*ast.BasicLit); ok {
				return
			}
		}
		name := map[token.Token]string{token.ADD: "mutantAdd", token.SUB: "mutantSub", token.MUL: "mutantMul", token.QUO: "mutantQuo", token.REM: "mutantRem"}[n.Op]
		p.wrap(n, fmt.Sprintf("%s(%d, ", name, p.add(n, "arithmetic")), ")")
		p.edits = append(p.edits, edit{at: p.offset(n.OpPos), n: len(n.Op.String()), order: len(p.edits), text: ","})
	}
}

// switches is compiled into the package.
const switches = `
import ("os"; "strconv"; "sync")

var mutantActive = func() int { n, err := strconv.Atoi(os.Getenv("MUTANTS_ACTIVE")); if err != nil { return -1 }; return n }()
var mutantFile = os.Getenv("MUTANTS_REACHED")
var mutantSeen sync.Map

func mutantReached(id int) {
	if _, seen := mutantSeen.LoadOrStore(id, true); seen { return }
	f, err := os.OpenFile(mutantFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil { panic(err) }
	f.WriteString(strconv.Itoa(id) + "\n")
	f.Close()
}

func mutant(id int) bool {
	if mutantFile != "" { mutantReached(id) }
	return id == mutantActive
}

type mutantNumber interface { ~int|~int8|~int16|~int32|~int64|~uint|~uint8|~uint16|~uint32|~uint64|~float32|~float64 }
type mutantInteger interface { ~int|~int8|~int16|~int32|~int64|~uint|~uint8|~uint16|~uint32|~uint64 }

func mutantNot(id int, v bool) bool { return v != mutant(id) }
func mutantZero[T any](id int, v T) T { if mutant(id) { var zero T; return zero }; return v }
func mutantAdd[T mutantNumber|~string](id int, a, b T) T { if mutant(id) { return a }; return a + b }
func mutantSub[T mutantNumber](id int, a, b T) T { if mutant(id) { return a + b }; return a - b }
func mutantMul[T mutantNumber](id int, a, b T) T { if mutant(id) { return a + b }; return a * b }
func mutantQuo[T mutantNumber](id int, a, b T) T { if mutant(id) { return a * b }; return a / b }
func mutantRem[T mutantInteger](id int, a, b T) T { if mutant(id) { return a * b }; return a % b }
`
