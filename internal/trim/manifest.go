package trim

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"tare/internal/draft"
	"tare/internal/layer"
	"tare/internal/shell"
)

func init() {
	register(Rule{ID: "manifest-order", Kind: Lossless, Title: "dependencies that are installed after the source is copied", Find: manifestOrder})
}

// manifests are the files that tools read to install what a project depends on, where no
// argument names them.
var manifests = map[string][]string{
	"npm":      {"package.json", "package-lock.json", "npm-shrinkwrap.json", ".npmrc"},
	"yarn":     {"package.json", "yarn.lock", ".yarnrc", ".yarnrc.yml"},
	"pnpm":     {"package.json", "pnpm-lock.yaml", ".npmrc"},
	"bundle":   {"Gemfile", "Gemfile.lock"},
	"composer": {"composer.json", "composer.lock"},
	"go":       {"go.mod", "go.sum"},
	"poetry":   {"pyproject.toml", "poetry.lock"},
	"uv":       {"pyproject.toml", "uv.lock"},
}

// manifestOrder copies the dependencies' manifests first, installs, and then copies the rest:
// a change of the source then does not install everything again.
func manifestOrder(p *Project) []Candidate {
	var out []Candidate
	for _, cp := range p.copies() {
		src, dest, ok := p.File.Copied(cp)
		run := p.File.Next(cp)
		if !ok || cp.Keyword != "COPY" || !cp.FromContext() || len(src) != 1 || strings.ContainsAny(src[0].Text+dest.Text, "*?[$") || !p.here(cp, dest.Text) ||
			run == nil || run.Keyword != "RUN" || run.Script == nil || !p.File.Shell(run) {
			continue
		}
		root := strings.Trim(path.Clean("/"+src[0].Text), "/")
		if files := p.needed(run, root); len(files) > 0 {
			if c, ok := p.reorder(cp, run, root, src[0], dest, files); ok {
				out = append(out, c)
			}
		}
	}
	return out
}

// here tells whether a COPY goes to the working directory, where tools look for manifests.
func (p *Project) here(cp *draft.Instruction, dest string) bool {
	if path.Clean(dest) == "." {
		return true
	}
	at := ""
	for _, i := range p.chain {
		if i == cp {
			break
		}
		if _, text, ok := strings.Cut(i.Text, " "); ok && i.Keyword == "WORKDIR" {
			at = path.Clean(strings.TrimSpace(text))
		}
	}
	return path.IsAbs(dest) && path.Clean(dest) == at
}

// needed are the files and directories of the context that a RUN installs from, relative to
// what a COPY takes; nil where the RUN does something else, too.
func (p *Project) needed(run *draft.Instruction, root string) []string {
	var out []string
	for n := range run.Script.Commands {
		c := &run.Script.Commands[n]
		if slices.Contains(plain, c.Name()) && c.Name() != "cd" {
			continue
		}
		var names []string
		if pipVerb(c, "install") != nil {
			names = pipNeeds(c)
		} else if list, ok := manifests[c.Name()]; ok && verbOf(c, "install", "ci", "i", "mod", "sync") != nil && c.Static() {
			if c.Name() == "go" && !c.Has("download") || c.Name() == "poetry" && !c.Has("--no-root") || c.Name() == "uv" && !c.Has("--no-install-project") {
				return nil
			}
			names = list
		}
		if names == nil {
			return nil
		}
		for _, name := range names {
			if p.inContext(path.Join(root, name)) && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

// pipNeeds are the files and directories that a command of pip names; nil where it installs
// the whole context or something that is not known.
func pipNeeds(c *shell.Command) []string {
	var out []string
	file := false
	for _, a := range c.Args() {
		text := a.Text
		switch {
		case !a.Static:
			return nil
		case file:
			out, file = append(out, path.Clean(text)), false
		case text == "-r" || text == "--requirement" || text == "-c" || text == "--constraint":
			file = true
		case strings.HasPrefix(text, "--requirement=") || strings.HasPrefix(text, "--constraint="):
			_, name, _ := strings.Cut(text, "=")
			out = append(out, path.Clean(name))
		case strings.HasPrefix(text, "-r") && len(text) > 2:
			out = append(out, path.Clean(text[2:]))
		case strings.HasPrefix(text, "-"):
		case text == "." || strings.HasPrefix(text, ".["):
			return nil
		case strings.Contains(text, "/") && !path.IsAbs(text) && !strings.Contains(text, "://"):
			out = append(out, path.Clean(text))
		}
	}
	return out
}

// inContext tells whether the context has a file or a directory.
func (p *Project) inContext(name string) bool {
	return plainName(name) && slices.ContainsFunc(p.Context, func(f ContextFile) bool { return under(f.Path, name) })
}

// plainName tells whether a name is a path below a directory, and a plain word of a COPY.
func plainName(name string) bool {
	return name != "." && name != ".." && !strings.HasPrefix(name, "../") && !path.IsAbs(name) && !strings.ContainsAny(name, " *?[$\"'\\")
}

// reorder makes the edit; ok is false where no other file is copied, whose change it is for.
func (p *Project) reorder(cp, run *draft.Instruction, root string, src, dest draft.Word, files []string) (Candidate, bool) {
	other := p.source(cp, root, files)
	if other == "" {
		return Candidate{}, false
	}
	head := string(p.File.Text[cp.At.From:src.From]) // the keyword and its flags
	if strings.ContainsAny(head, "\r\n") {
		return Candidate{}, false
	}
	byDir := map[string][]string{}
	var lines []string
	for _, f := range files {
		name := path.Join(src.Text, f)
		if slices.ContainsFunc(p.Context, func(c ContextFile) bool { return c.Path == path.Join(root, f) && !c.Dir }) {
			byDir[path.Dir(f)] = append(byDir[path.Dir(f)], name)
			continue
		}
		lines = append(lines, head+name+" "+path.Join(dest.Text, f))
	}
	for _, dir := range sortedKeys(byDir) {
		to := path.Join(dest.Text, dir) + "/"
		lines = append(lines, head+strings.Join(byDir[dir], " ")+" "+to)
	}
	slices.Sort(lines)
	end := p.File.Newline()
	whole := string(p.File.Text[cp.At.From:cp.At.To])
	c := Candidate{Line: cp.Lines[0], What: fmt.Sprintf("copy %s first, and the rest after line %d: a change of the source does not install everything again", strings.Join(files, ", "), run.Lines[0]),
		Edits: []draft.Edit{draft.Replace(cp.At, strings.Join(lines, end)), {Span: draft.Span{From: run.At.To, To: run.At.To}, Text: end + whole, Rank: 2}},
		Again: &Step{Line: run.Lines[0], File: other, Text: run.Text}}
	c.unknown("it is for rebuilds: what a change of the source costs is measured")
	return c, true
}

// source is a file of the context that a COPY takes and that no install needs: the smallest
// of those that people write; "" for none.
func (p *Project) source(cp *draft.Instruction, root string, files []string) string {
	var list []ContextFile
	for _, f := range p.Context {
		if f.Dir || !under(f.Path, root) && root != "" || f.Path == p.Name || f.Path == p.IgnoreName || f.Path == "tare.yaml" || f.Size == 0 {
			continue
		}
		if slices.ContainsFunc(files, func(m string) bool { return under(f.Path, path.Join(root, m)) }) {
			continue
		}
		if len(p.written(cp, func(file string, e *layer.Entry) bool {
			return strings.HasSuffix("/"+file, "/"+strings.TrimPrefix(strings.TrimPrefix(f.Path, root), "/")) && e.Size == f.Size
		})) > 0 {
			list = append(list, f)
		}
	}
	if len(list) == 0 {
		return ""
	}
	code := func(f ContextFile) int {
		if slices.Contains([]string{".py", ".js", ".ts", ".go", ".rb", ".php", ".c", ".rs", ".java", ".sh"}, path.Ext(f.Path)) {
			return 0
		}
		return 1
	}
	slices.SortFunc(list, func(a, b ContextFile) int {
		return cmp.Or(code(a)-code(b), cmp.Compare(a.Size, b.Size), cmp.Compare(a.Path, b.Path))
	})
	return list[0].Path
}
