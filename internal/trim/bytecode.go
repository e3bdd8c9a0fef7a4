package trim

import (
	"path"
	"slices"
	"strings"

	"tare/internal/draft"
	"tare/internal/layer"
	"tare/internal/shell"
	"tare/internal/tree"
)

func init() {
	register(Rule{ID: "bytecode", Kind: Lossless, Title: "byte code that pip compiles, or that Python writes while a RUN runs it", Find: bytecode})
}

// bytecode lets pip compile nothing, and Python write no byte code of what a RUN runs: Python
// compiles when a program starts, and writes it then if it may.
func bytecode(p *Project) []Candidate {
	var out []Candidate
	for _, i := range p.runs() {
		if c, ok := p.compiled(i); ok {
			out = append(out, c)
		}
	}
	if c, ok := p.imported(); ok {
		out = append(out, c)
	}
	return out
}

// compiled is about byte code of packages that a RUN's pip installs: their sources are in
// the same layer.
func (p *Project) compiled(i *draft.Instruction) (Candidate, bool) {
	k, ok := p.layer(i)
	refs := p.written(i, func(file string, _ *layer.Entry) bool {
		_, fresh := p.Facts.Tree.In(int(k), sourceOf(file))
		return ok && strings.HasSuffix(file, ".pyc") && fresh
	})
	if !ok || !slices.ContainsFunc(refs, p.alive) {
		return Candidate{}, false
	}
	out := Candidate{Line: i.Lines[0], What: "pip install --no-compile: Python compiles when a program starts, which takes longer then", Exact: true}
	pips := 0
	for _, c := range i.Script.Commands {
		v := pipVerb(&c, "install")
		if v == nil {
			continue
		}
		if pips++; !c.Has("--no-compile") {
			out.Edits = append(out.Edits, i.Script.Insert(v.To, " --no-compile"))
		}
	}
	if out.Edits == nil {
		return out, false
	}
	m := p.model().never(refs...)
	out.Predicted = m.vanish(k, p.emptied(k, refs)...).saves()
	if pips > 1 || p.python(i, true) {
		out.unknown("this RUN or a later one may run Python, which compiles what it uses")
	}
	return out, true
}

// imported is about byte code that Python writes while RUNs run it: its sources were there
// before. All RUNs go together, since one uses what another has written.
func (p *Project) imported() (Candidate, bool) {
	out := Candidate{What: "python -B: Python writes no byte code of what this RUN runs", Exact: true}
	m := p.model()
	unsure := false
	for _, i := range p.runs() {
		k, ok := p.layer(i)
		if !ok {
			continue
		}
		refs := p.written(i, func(file string, _ *layer.Entry) bool {
			_, fresh := p.Facts.Tree.In(int(k), sourceOf(file))
			return strings.HasSuffix(file, ".pyc") && !fresh
		})
		var edits []draft.Edit
		for _, c := range i.Script.Commands {
			if args := c.Args(); interpreter(&c) && !c.Has("-B") && len(args) > 0 && args[0].Text != "-m" {
				edits = append(edits, i.Script.Insert(args[0].From-1, " -B"))
			}
		}
		if edits == nil || !slices.ContainsFunc(refs, p.alive) {
			unsure = unsure || out.Line > 0 && p.python(i, false)
			continue
		}
		if out.Line == 0 {
			out.Line = i.Lines[0]
		}
		out.Edits = append(out.Edits, edits...)
		m.never(refs...)
		m.vanish(k, p.emptied(k, refs)...)
		unsure = unsure || p.others(i)
	}
	if out.Edits == nil {
		return out, false
	}
	if out.Predicted = m.saves(); unsure {
		out.unknown("other commands may run Python, which compiles what it uses")
	}
	return out, true
}

// sourceOf is the source of byte code: a/__pycache__/b.cpython-311.pyc is of a/b.py.
func sourceOf(file string) string {
	dir, name := path.Split(file)
	name, _, _ = strings.Cut(name, ".")
	return path.Join(strings.TrimSuffix(path.Clean(dir), "/__pycache__"), name+".py")
}

// interpreter tells whether a command runs Python itself.
func interpreter(c *shell.Command) bool {
	return strings.HasPrefix(c.Name(), "python") && strings.Trim(c.Name()[len("python"):], "0123456789.") == ""
}

// plain are programs that are known not to be written in Python, and to run none.
var plain = []string{"rm", "mkdir", "cp", "mv", "ln", "echo", "printf", "cd", "set", "export", "chmod", "chown", "touch", "true", "test", "[", "cat", "rmdir", "install", "sed", "apk", "umask"}

// python tells whether a RUN (besides pip's commands), or one behind it, may run Python.
func (p *Project) python(i *draft.Instruction, later bool) bool {
	for _, j := range p.chain {
		if j.Keyword != "RUN" || j != i && (!later || j.Stage == i.Stage && j.Index < i.Index || j.Stage < i.Stage) {
			continue
		}
		if j.Script == nil || !p.File.Shell(j) {
			return true
		}
		for _, c := range j.Script.Commands {
			if !slices.Contains(plain, c.Name()) && (j != i || pipVerb(&c, "install") == nil) {
				return true
			}
		}
	}
	return false
}

// others tells whether a RUN has commands besides Python's own that may run Python.
func (p *Project) others(i *draft.Instruction) bool {
	return slices.ContainsFunc(i.Script.Commands, func(c shell.Command) bool {
		return !slices.Contains(plain, c.Name()) && !interpreter(&c) || interpreter(&c) && c.Has("-m")
	})
}

// emptied are the directories of byte code of a layer that hold nothing but some entries.
func (p *Project) emptied(k int32, refs []tree.Ref) []string {
	var out []string
	for _, r := range refs {
		file := p.Facts.Tree.Entry(r).Path
		if at := strings.LastIndex(file, "/__pycache__/"); at >= 0 {
			if top := file[:at+len("/__pycache__")]; !slices.Contains(out, top) && !p.before(k, top) {
				out = append(out, top)
			}
		}
	}
	return slices.DeleteFunc(out, func(top string) bool {
		for n := range p.Facts.Tree.Lists[k] {
			e := &p.Facts.Tree.Lists[k][n]
			if e.Path != top && under(e.Path, top) && !slices.Contains(refs, tree.Ref{Layer: k, Entry: int32(n)}) {
				return true
			}
		}
		return false
	})
}
