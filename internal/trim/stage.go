package trim

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"tare/internal/draft"
	"tare/internal/layer"
	"tare/internal/packages"
	"tare/internal/tree"
)

func init() {
	register(Rule{ID: "build-tools-stage", Kind: Checked, Title: "build tools, moved into an earlier stage", Find: buildStage})
}

// maxCopies bounds the COPY lines that take the results of a build along: an image whose
// files lie in more places is not cut in two by a machine.
const maxCopies = 12

// buildStage cuts a stage that installs build tools in two: all up to its last RUN becomes a
// stage of its own, and the image takes from it all that these lines put outside of the
// packages' files, not only what was touched.
func buildStage(p *Project) []Candidate {
	chain := p.File.Parsed.Chain(p.Target)
	if len(chain) != 1 {
		return nil
	}
	n := chain[0]
	last, tools := p.lastRun(n)
	runtime := runtimeOf(p.File.Parsed.Stages[n].Base)
	if last == nil || tools == nil && runtime == "" || p.File.Parsed.Stages[n].Base == "scratch" {
		return nil
	}
	top, ok := p.layer(last)
	if !ok {
		return nil
	}
	kept, copies := p.results(top)
	if len(copies) == 0 || len(copies) > maxCopies {
		return nil
	}
	from, ok := p.from(n)
	if !ok {
		return nil
	}
	if runtime != "" {
		from.line = strings.Replace(from.line, p.File.Parsed.Stages[n].Base, runtime, 1)
	}
	name := p.stageName()
	text := "\n\n" + from.line + "\n" + p.again(n, last, tools)
	for _, c := range copies {
		text += "COPY --from=" + name + " " + c + "\n"
	}
	text = strings.TrimRight(text, "\n")
	edits := []draft.Edit{from.named(name), {Span: draft.Span{From: last.At.To, To: last.At.To}, Text: strings.ReplaceAll(text, "\n", p.File.Newline())}}
	c := Candidate{Line: p.File.Parsed.Stages[n].From[0], Edits: edits, What: fmt.Sprintf("build in a stage of its own up to line %d, and copy the results: %s stay there", last.Lines[1], strings.Join(tools, ", "))}
	if runtime != "" { // the ledger does not know the other base
		c.What = fmt.Sprintf("build in a stage of its own up to line %d, and copy the results to %s: the toolchain stays there", last.Lines[1], runtime)
		return []Candidate{c}
	}
	m := p.model()
	for k := int32(p.Base); k <= top; k++ {
		for i := range p.Facts.Tree.Lists[k] {
			r := tree.Ref{Layer: k, Entry: int32(i)}
			if e := p.Facts.Tree.Entry(r); e.Kind != layer.Dir && !kept[r] {
				m.never(r)
				if q := p.Facts.Owner(r); q != nil && slices.Contains(tools, q.Name) {
					c.Gone = append(c.Gone, e.Path)
				}
			}
		}
	}
	c.Predicted = m.saves()
	return []Candidate{c}
}

// lastRun is the last RUN of a stage, and the build tools that its RUNs install.
func (p *Project) lastRun(stage int) (last *draft.Instruction, tools []string) {
	for _, i := range p.File.Stages[stage].List {
		if i.Keyword == "RUN" {
			last = i
		}
	}
	for _, x := range p.installs() {
		for _, w := range x.list {
			if q := p.named(&x, w); q != nil && packages.BuildTool(q.Key()) {
				tools = append(tools, q.Name)
			}
		}
	}
	return last, tools
}

// results are the files that layers up to top put outside of packages, and the operands of
// COPY lines that take them along: whole directories where all in them is so, else files.
func (p *Project) results(top int32) (kept map[tree.Ref]bool, copies []string) {
	kept = map[tree.Ref]bool{}
	dirs := map[string]bool{} // that are new: their owner and permissions count, too
	byDir := map[string][]string{}
	foreign := map[string]bool{} // directories that hold what is not taken
	for k := int32(p.Base); k <= top; k++ {
		for i := range p.Facts.Tree.Lists[k] {
			r := tree.Ref{Layer: k, Entry: int32(i)}
			e := p.Facts.Tree.Entry(r)
			if e.Kind >= layer.Whiteout || !p.Facts.Tree.Seen(r, int(top)) {
				continue
			}
			_, based := p.Facts.Tree.At(e.Path, p.Base-1)
			if e.Kind == layer.Dir {
				dirs[e.Path] = !based || p.Base == 0
				continue
			}
			if !p.own(r, e) {
				for d := path.Dir(e.Path); d != "."; d = path.Dir(d) {
					foreign[d] = true
				}
				continue
			}
			kept[r] = true
			d := path.Dir(e.Path)
			for up := d; up != "." && dirs[up] && !foreign[up]; up = path.Dir(up) {
				d = up
			}
			byDir[d] = append(byDir[d], e.Path)
		}
	}
	whole := map[string]bool{}
	for d := range byDir {
		if dirs[d] && !foreign[d] {
			whole[d] = true
		}
	}
	for _, d := range sortedKeys(byDir) {
		if whole[d] {
			copies = append(copies, "/"+d+" /"+d)
			continue
		}
		line := ""
		for _, f := range byDir[d] {
			if strings.ContainsAny(f, " \t\"'\\*?[$") {
				return nil, nil // not a plain word of a COPY
			}
			line += "/" + f + " "
		}
		to := d
		if to == "." {
			to = ""
		}
		copies = append(copies, line+"/"+strings.TrimSuffix(to+"/", "//"))
	}
	return kept, copies
}

// own tells whether a file is what the lines made themselves: no package's, and nothing that
// package managers and their scripts keep.
func (p *Project) own(r tree.Ref, e *layer.Entry) bool {
	if q := p.Facts.Owner(r); q != nil && q.Type.System() {
		return false
	}
	if IsDeclared(e.Path) || strings.HasPrefix(e.Path, "etc/alternatives/") || strings.HasPrefix(e.Path, "var/lib/dpkg/") || strings.HasPrefix(e.Path, "lib/apk/") || strings.HasPrefix(e.Path, "etc/apk/") || strings.HasPrefix(e.Path, "tmp/") {
		return false
	}
	if e.Kind == layer.Symlink { // of alternatives, busybox and the like: they lead to a package's file
		if to, ok := p.Facts.Tree.Follow(e.Path, len(p.Facts.Tree.Lists)-1); ok {
			if q := p.Facts.Owner(to); q != nil && q.Type.System() {
				return false
			}
		}
	}
	return true
}

// fromLine is a FROM: its text for a second stage that starts from the same image.
type fromLine struct {
	line string
	name func(string) draft.Edit
}

func (f fromLine) named(name string) draft.Edit { return f.name(name) }

// from takes a stage's FROM apart.
func (p *Project) from(n int) (fromLine, bool) {
	st := p.File.Stages[n]
	text := string(p.File.Text[st.From:st.To])
	if strings.ContainsAny(text, "\n\r#") {
		return fromLine{}, false
	}
	words := strings.Fields(text)
	if len(words) > 3 && strings.EqualFold(words[len(words)-2], "as") {
		at := strings.LastIndex(text, words[len(words)-1])
		return fromLine{line: text, name: func(name string) draft.Edit {
			return draft.Replace(draft.Span{From: st.From + at, To: st.To}, name)
		}}, true
	}
	return fromLine{line: text, name: func(name string) draft.Edit {
		return draft.Replace(draft.Span{From: st.To, To: st.To}, " AS "+name)
	}}, true
}

// stageName is a name that no stage has.
func (p *Project) stageName() string {
	name := "build"
	for n := 2; slices.ContainsFunc(p.File.Stages, func(s draft.Stage) bool { return strings.EqualFold(s.Name, name) }); n++ {
		name = fmt.Sprintf("build%d", n)
	}
	return name
}

// again are the lines of a stage up to a RUN that the image needs, too: settings, and the
// packages that are no build tools.
func (p *Project) again(n int, last *draft.Instruction, tools []string) string {
	var out strings.Builder
	list := p.installs()
	for _, i := range p.File.Stages[n].List {
		if i.Index > last.Index || i.At.From < 0 {
			break
		}
		switch i.Keyword {
		case "ENV", "ARG", "LABEL", "WORKDIR", "USER", "EXPOSE", "VOLUME", "STOPSIGNAL", "SHELL", "ENTRYPOINT", "CMD", "HEALTHCHECK":
			out.Write(p.File.Text[i.At.From:i.At.To])
			out.WriteString("\n")
		case "RUN":
			for _, x := range list {
				if x.run == i {
					out.WriteString(p.installed(&x, tools))
				}
			}
		}
	}
	return strings.ReplaceAll(out.String(), "\r\n", "\n")
}

// installed installs the packages of a command that are no build tools.
func (p *Project) installed(x *install, tools []string) string {
	var names []string
	for _, w := range x.list {
		if q := p.named(x, w); q == nil || !slices.Contains(tools, q.Name) {
			names = append(names, w.Text)
		}
	}
	if names == nil {
		return ""
	}
	switch x.kind {
	case packages.APK:
		return "RUN apk add --no-cache " + strings.Join(names, " ") + "\n"
	case packages.Deb:
		return "RUN apt-get update && apt-get install -y --no-install-recommends " + strings.Join(names, " ") + " && rm -rf /var/lib/apt/lists/*\n"
	}
	return "RUN " + x.c.Name() + " install -y " + strings.Join(names, " ") + "\n"
}
