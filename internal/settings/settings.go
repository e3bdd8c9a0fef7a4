// Package settings reads what a user always wants: defaults of flags, by command, from
// ~/.config/tare/config.yaml. The command line and the environment win over them.
package settings

import (
	"context"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tare/internal/request"
	"tare/internal/suggest"
	"tare/internal/yamlfile"
)

// Error is a fault in the user's file, or in its name. It is a request.Error.
type Error struct{ err error }

// Error implements error.
func (e Error) Error() string { return e.err.Error() }

// Unwrap makes it a usage error.
func (e Error) Unwrap() error { return request.Error{Err: e.err} }

// Applied is what a file has set for one command.
type Applied struct {
	File   string            // "" if there was none
	places map[string]string // FILE:LINE:COLUMN by the flag's name
}

// Apply sets the flags of a command that neither the command line nor the environment
// sets, as the user's file says. The whole file is checked: what is wrong with it is an
// Error with its place. Without a file nothing happens.
func Apply(ctx context.Context, c *cobra.Command, env func(string) string) (a Applied, err error) {
	if exempt(c) || !c.HasParent() {
		return a, nil
	}
	path, named := Path(env)
	b, err := read(ctx, path, named)
	if err != nil || b == nil {
		return a, err
	}
	a = Applied{File: path, places: map[string]string{}}
	defer func() {
		if p := recover(); p != nil { // the YAML library
			err = Error{yamlfile.Panicked(path, p)}
		}
	}()
	f := file{name: path, root: c.Root()}
	if err := f.parse(b); err != nil {
		return a, Error{err}
	}
	for _, s := range f.of(c) {
		if err := a.set(c, s, env); err != nil {
			return a, Error{yamlfile.At(path, s.value, true, "%s: %s", s.flag, err)}
		}
	}
	return a, nil
}

// set sets one flag, unless the command line or a variable did.
func (a Applied) set(c *cobra.Command, s setting, env func(string) string) error {
	f := c.Flags().Lookup(s.flag)
	_, mine := a.places[s.flag]
	if f == nil || f.Changed || mine || slices.ContainsFunc(environment[s.flag], func(v string) bool { return env(v) != "" }) {
		return nil
	}
	for _, v := range s.texts {
		if strings.HasPrefix(v, "SOURCE_DATE_EPOCH=") && s.flag == "build-arg" && os.Getenv("SOURCE_DATE_EPOCH") != "" {
			continue
		}
		if err := c.Flags().Set(s.flag, v); err != nil {
			return err
		}
	}
	at := s.value.GetToken().Position
	a.places[s.flag] = a.File + ":" + strconv.Itoa(at.Line) + ":" + strconv.Itoa(at.Column)
	return nil
}

// Blame says which lines of the file an error is about, since it names their flags; ""
// if none.
func (a Applied) Blame(err error) string {
	var out []string
	text := err.Error() + " "
	for flag, place := range a.places {
		if at := strings.Index(text, "--"+flag); at >= 0 && !word(text[at+2+len(flag)]) {
			out = append(out, place+" sets --"+flag)
		}
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

func word(b byte) bool {
	return b == '-' || b >= 'a' && b <= 'z' || b >= '0' && b <= '9'
}

// setting is one line of a file.
type setting struct {
	section, flag string
	value         ast.Node
	texts         []string // as on the command line, each with the flag
}

// file is a file that is being read.
type file struct {
	name string
	root *cobra.Command
	list []setting
}

// of are the settings for a command, its own first.
func (f *file) of(c *cobra.Command) []setting {
	var own, all []setting
	name := section(c)
	for _, s := range f.list {
		if s.section == name {
			own = append(own, s)
		}
		if g := c.Flags().Lookup(s.flag); s.section == All && g != nil && !g.Hidden && refusal(name, s.flag) == "" && global(f.root, s.flag, g) {
			all = append(all, s)
		}
	}
	return append(own, all...)
}

func (f *file) parse(b []byte) error {
	doc, err := yamlfile.Parse(f.name, "a file of settings", b, MaxFile)
	if err != nil {
		return err
	}
	known := sections(f.root)
	for _, d := range doc.Docs {
		rows, err := f.mapping(d.Body, "the file: want COMMAND: {FLAG: VALUE}")
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := f.section(row, known); err != nil {
				return err
			}
		}
	}
	return nil
}

// section reads what is said of one command.
func (f *file) section(row *ast.MappingValueNode, known map[string]*cobra.Command) error {
	name := keyOf(row)
	names := []string{All}
	for n := range known {
		if refusedCommands[n] == "" {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	if why := refusedCommands[name]; why != "" {
		return yamlfile.At(f.name, row.Key, true, "%s takes no defaults from a file: %s", name, why)
	}
	if known[name] == nil && name != All {
		if c, rest, err := f.root.Find(strings.Fields(name)); err == nil && len(rest) == 0 && known[section(c)] != nil {
			return yamlfile.At(f.name, row.Key, true, "%s has the settings of %s: write them there", name, section(c))
		}
		return yamlfile.At(f.name, row.Key, true, "%q is not a command%s", name, suggest.Meant(name, names))
	}
	rows, err := f.mapping(row.Value, name+": want FLAG: VALUE")
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := f.setting(name, row, known); err != nil {
			return err
		}
	}
	return nil
}

// setting reads one flag of a section.
func (f *file) setting(name string, row *ast.MappingValueNode, known map[string]*cobra.Command) error {
	flag := keyOf(row)
	of := known
	if name != All {
		of = map[string]*cobra.Command{name: known[name]}
	}
	have := map[string]bool{}
	var found bool
	if _, empty := row.Value.(*ast.NullNode); empty {
		return yamlfile.At(f.name, row.Key, false, "%s: a value is missing", flag)
	}
	s := setting{section: name, flag: flag, value: row.Value}
	for _, command := range slices.Sorted(maps.Keys(of)) {
		for n, g := range usable(of[command]) {
			if refusal(command, n) != "" || name == All && !global(f.root, n, g) {
				continue
			}
			have[n] = true
			if n != flag {
				continue
			}
			found = true
			var err error
			if s.texts, err = texts(f.name, g, row.Value); err != nil {
				return err
			}
		}
	}
	if found {
		f.list = append(f.list, s)
		return nil
	}
	if why := refusal(name, flag); why != "" {
		return yamlfile.At(f.name, row.Key, true, "--%s is for the command line only: %s", flag, why)
	}
	var names []string
	for n := range have {
		names = append(names, n)
	}
	slices.Sort(names)
	whose := name + " has no flag"
	if name == All {
		whose = "no command has a flag"
	}
	return yamlfile.At(f.name, row.Key, true, "%s %q%s", whose, flag, suggest.Meant(strings.TrimLeft(flag, "-"), names))
}

// mapping are the rows of a map; an empty one has none.
func (f *file) mapping(n ast.Node, want string) ([]*ast.MappingValueNode, error) {
	switch n := n.(type) {
	case nil, *ast.NullNode, *ast.CommentGroupNode:
		return nil, nil
	case *ast.MappingNode:
		return n.Values, nil
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, nil
	}
	return nil, yamlfile.At(f.name, n, true, "%s", want)
}

func keyOf(row *ast.MappingValueNode) string {
	if s, ok := row.Key.(*ast.StringNode); ok {
		return s.Value
	}
	return row.Key.String()
}

// list tells whether flags of a kind take several values.
func list(kind string) bool { return kind == "stringArray" || kind == "stringSlice" }

// texts are a flag's values as the command line has them.
func texts(name string, f *pflag.Flag, n ast.Node) ([]string, error) {
	kind := f.Value.Type()
	if seq, ok := n.(*ast.SequenceNode); ok && list(kind) {
		var out []string
		for _, v := range seq.Values {
			s, err := scalar(name, f, "string", v)
			if err != nil {
				return nil, err
			}
			out = append(out, s)
		}
		return out, nil
	}
	s, err := scalar(name, f, kind, n)
	return []string{s}, err
}

// scalar is one value. Flags that take text take numbers as well (cpus: 1.5).
func scalar(name string, f *pflag.Flag, kind string, n ast.Node) (string, error) {
	want := "text"
	switch v := n.(type) {
	case *ast.BoolNode:
		if kind == "bool" || list(kind) && f.NoOptDefVal != "" { // true is the flag alone
			return strconv.FormatBool(v.Value), nil
		}
	case *ast.IntegerNode, *ast.FloatNode:
		if _, whole := v.(*ast.IntegerNode); kind != "bool" && (whole || kind != "int" && kind != "int64") {
			return v.GetToken().Value, nil
		}
	case *ast.StringNode:
		if kind != "bool" && kind != "int" && kind != "int64" {
			return v.Value, nil
		}
	case *ast.LiteralNode:
		if kind != "bool" && kind != "int" && kind != "int64" {
			return v.Value.Value, nil
		}
	}
	switch kind {
	case "bool":
		want = "true or false"
	case "int", "int64":
		want = "a number"
	case "stringArray", "stringSlice":
		want = "a list of texts"
	}
	if _, is := n.(*ast.BoolNode); is && want == "text" {
		want = `text: "true" in quotes is one`
	}
	return "", yamlfile.At(name, n, true, "%s: want %s", f.Name, want)
}
