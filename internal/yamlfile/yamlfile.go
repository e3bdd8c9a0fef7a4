// Package yamlfile reads YAML that people write, strictly: what is wrong with a file has
// its line, its column and the lines around.
package yamlfile

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Error is a fault in a file, with its place.
type Error struct {
	File         string
	Line, Column int // from 1; 0 if unknown
	Text         string
	Excerpt      string // the lines around, with a mark
}

// Error implements error.
func (e *Error) Error() string {
	s := e.File
	if e.Line > 0 {
		s += ":" + strconv.Itoa(e.Line) + ":" + strconv.Itoa(e.Column)
	}
	s += ": " + e.Text
	if e.Excerpt != "" {
		s += "\n" + e.Excerpt
	}
	return s
}

// Parse reads a file of one document. what it is, as "an experiment", stands in errors,
// which are *Error; more than max bytes are one. Aliases are refused: a few of them,
// nested, unfold to more than memory holds.
func Parse(name, what string, b []byte, max int) (*ast.File, error) {
	if len(b) > max {
		return nil, &Error{File: name, Text: fmt.Sprintf("%d bytes are too many for %s (%d)", len(b), what, max)}
	}
	doc, err := parser.ParseBytes(b, 0)
	if err != nil {
		return nil, Located(name, err)
	}
	for n, d := range doc.Docs {
		if d.Body == nil {
			continue
		}
		if n > 0 {
			return nil, At(name, first(d.Body), false, "a second document: %s is one", what)
		}
		for _, n := range ast.Filter(ast.AliasType, d) {
			return nil, At(name, n, false, "aliases (*name) are not allowed in %s", what)
		}
	}
	return doc, nil
}

// first is where a node begins: the library places a mapping at its first colon.
func first(n ast.Node) ast.Node {
	switch m := n.(type) {
	case *ast.MappingNode:
		if len(m.Values) > 0 && !m.IsFlowStyle {
			return m.Values[0].Key
		}
	case *ast.MappingValueNode:
		return m.Key
	}
	return n
}

// Panicked is the error for a panic of the YAML library, on input that it did not
// foresee; p is what recover returned.
func Panicked(name string, p any) error {
	return &Error{File: name, Text: fmt.Sprintf("it cannot be read as YAML (%v)", p)}
}

// At makes an error at a node, with the lines around if excerpt is set.
func At(name string, n ast.Node, excerpt bool, format string, a ...any) *Error {
	e := &Error{File: name, Text: fmt.Sprintf(format, a...)}
	if n != nil && n.GetToken() != nil {
		e.place(n.GetToken(), excerpt)
	}
	return e
}

// Located makes an error of the YAML library one with a place.
func Located(name string, err error) error {
	out := &Error{File: name, Text: err.Error()}
	var y yaml.Error
	if errors.As(err, &y) {
		out.Text = y.GetMessage()
		if t := y.GetToken(); t != nil {
			out.place(t, true)
		}
	}
	return out
}

func (e *Error) place(t *token.Token, excerpt bool) {
	if t.Position == nil {
		return
	}
	e.Line, e.Column = t.Position.Line, t.Position.Column
	if !excerpt {
		return
	}
	s := yaml.FormatErrorWithToken("", t, false, true)
	// The library's own "[line:column] " stands before the lines.
	if i := strings.Index(s, "\n"); i >= 0 && strings.HasPrefix(s, "[") {
		s = s[i+1:]
	}
	e.Excerpt = strings.TrimRight(s, "\n ")
}
