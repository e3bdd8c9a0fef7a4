package trim

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"tare/internal/draft"
	"tare/internal/layer"
	"tare/internal/tree"
)

func init() {
	register(Rule{ID: "dockerignore", Kind: Checked, Title: "files of the context that a COPY takes along", Find: ignored})
	register(Rule{ID: "slimmer-base", Kind: Checked, Title: "a base image that has a slimmer sister", Find: slimmer})
	register(Rule{ID: "idle-stage", Kind: Lossless, Title: "a COPY --from whose files later lines delete or write again", Find: idle})
}

// along are what people copy into images without meaning to: patterns of an ignore file.
// Those that are byte code are declared to be no difference.
var along = []struct {
	pattern  string
	match    func(file string) bool
	lossless bool
}{
	{"**/.git", part(".git"), false},
	{"**/.svn", part(".svn"), false},
	{"**/.hg", part(".hg"), false},
	{"**/node_modules", part("node_modules"), false},
	{"**/.venv", part(".venv"), false},
	{"**/venv", part("venv"), false},
	{"**/__pycache__", part("__pycache__"), true},
	{"**/.pytest_cache", part(".pytest_cache"), false},
	{"**/.mypy_cache", part(".mypy_cache"), false},
	{"**/.tox", part(".tox"), false},
	{"**/.idea", part(".idea"), false},
	{"**/.vscode", part(".vscode"), false},
	{"**/.DS_Store", part(".DS_Store"), false},
	{"**/*.log", func(f string) bool { return strings.HasSuffix(f, ".log") }, false},
	{"**/*.tmp", func(f string) bool { return strings.HasSuffix(f, ".tmp") }, false},
	{"**/coverage", part("coverage"), false},
	{"**/.coverage", part(".coverage"), false},
	{"**/.terraform", part(".terraform"), false},
	{"**/test", part("test"), false},
	{"**/tests", part("tests"), false},
	{"**/docs", part("docs"), false},
}

func part(name string) func(string) bool {
	return func(file string) bool { return strings.Contains("/"+file+"/", "/"+name+"/") }
}

// ignored lets an ignore file keep back what a COPY of a whole directory takes along.
func ignored(p *Project) []Candidate {
	var out []Candidate
	for _, a := range along {
		var sent []string
		for _, f := range p.Context {
			if !f.Dir && a.match(f.Path) {
				sent = append(sent, f.Path)
			}
		}
		if len(sent) == 0 {
			continue
		}
		m := p.model()
		line := 0
		var gone []string
		for _, cp := range p.copies() {
			src, _, ok := p.File.Copied(cp)
			if !ok || !cp.FromContext() {
				continue
			}
			if slices.ContainsFunc(src, func(w draft.Word) bool { return a.match(path.Clean(w.Text)) }) {
				continue // it is asked for by name
			}
			k, _ := p.layer(cp)
			refs := p.written(cp, func(file string, _ *layer.Entry) bool {
				return a.match(file) && slices.ContainsFunc(sent, func(s string) bool {
					return strings.HasSuffix(file, "/"+path.Base(s)) || file == s || strings.HasSuffix(file, s)
				})
			}, func(r tree.Ref) bool { return p.Facts.Tree.Name(r).Class == tree.Live })
			if len(refs) == 0 {
				continue
			}
			if line == 0 {
				line = cp.Lines[0]
			}
			gone = append(gone, p.paths(refs)...)
			m.never(refs...)
			m.vanish(k, p.dirsOf(k, a.match)...)
		}
		if line == 0 {
			continue
		}
		c := Candidate{Line: line, What: fmt.Sprintf("keep %s out of the context", a.pattern), Write: map[string][]byte{p.IgnoreName: p.ignore(a.pattern)}, Predicted: m.saves(), Gone: gone}
		if a.lossless {
			c.Kind, c.Gone = Lossless, nil
		}
		out = append(out, c)
	}
	return append(out, unsent(p)...)
}

// dirsOf are the directories of a layer that match, the uppermost of each.
func (p *Project) dirsOf(k int32, match func(string) bool) []string {
	var out []string
	for n := range p.Facts.Tree.Lists[k] {
		if e := &p.Facts.Tree.Lists[k][n]; e.Kind == layer.Dir && match(e.Path) && !match(path.Dir(e.Path)) {
			out = append(out, e.Path)
		}
	}
	return out
}

// ignore is the ignore file with a pattern more.
func (p *Project) ignore(pattern string) []byte {
	text := bytes.Clone(p.Ignore)
	end := "\n"
	if bytes.Contains(text, []byte("\r\n")) {
		end = "\r\n"
	}
	if len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(text, end...)
	}
	return append(text, pattern+end...)
}

// families are official images that have slimmer variants under the same name.
var families = []string{"python", "node", "debian", "ruby", "perl", "php", "rust", "postgres", "openjdk", "httpd", "buildpack-deps"}

// slimmer takes the slim variant of an official image.
func slimmer(p *Project) []Candidate {
	chain := p.File.Parsed.Chain(p.Target)
	if len(chain) == 0 {
		return nil
	}
	st := p.File.Parsed.Stages[chain[0]]
	name := strings.TrimPrefix(strings.TrimPrefix(st.Base, "docker.io/"), "library/")
	repo, tag, tagged := strings.Cut(name, ":")
	if !slices.Contains(families, repo) || strings.Contains(tag, "slim") || strings.Contains(tag, "alpine") || strings.Contains(name, "@") {
		return nil
	}
	to := st.Base + "-slim"
	if !tagged || tag == "latest" {
		to = strings.TrimSuffix(st.Base, ":latest") + ":slim"
	}
	f := p.File.Stages[chain[0]]
	text := string(p.File.Text[f.From:f.To])
	at := strings.Index(text, st.Base)
	if at < 0 {
		return nil
	}
	return []Candidate{{Line: st.From[0], What: "start from " + to, Edits: []draft.Edit{draft.Replace(draft.Span{From: f.From + at, To: f.From + at + len(st.Base)}, to)}}}
}

// idle removes a COPY of another stage, of whose files nothing is left in the end; the stage
// then is not built if nobody else needs it.
func idle(p *Project) []Candidate {
	var out []Candidate
	for _, cp := range p.copies() {
		if cp.Instruction.From == "" {
			continue
		}
		all := p.written(cp, func(string, *layer.Entry) bool { return true })
		if len(all) == 0 || slices.ContainsFunc(all, func(r tree.Ref) bool { return p.Facts.Tree.Name(r).Class == tree.Live }) {
			continue
		}
		k, _ := p.layer(cp)
		out = append(out, Candidate{Line: cp.Lines[0], What: "remove it: nothing of what it copies is left in the end", Edits: []draft.Edit{p.File.Remove(cp)}, Predicted: p.model().drop(k).saves()})
	}
	return out
}
