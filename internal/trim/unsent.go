package trim

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"tare/internal/draft"
	"tare/internal/layer"
	"tare/internal/tree"
)

// unsent lets the ignore file keep back what a COPY of a directory takes along and later
// lines hide in full: nobody sees it in the image.
func unsent(p *Project) []Candidate {
	var out []Candidate
	for _, cp := range p.copies() {
		src, _, ok := p.File.Copied(cp)
		if !ok || !cp.FromContext() || len(src) != 1 || strings.ContainsAny(src[0].Text, "*?[$") {
			continue
		}
		if c, ok := p.holdBack(cp, strings.Trim(path.Clean("/"+src[0].Text), "/")); ok {
			out = append(out, c)
		}
	}
	return out
}

func (p *Project) holdBack(cp *draft.Instruction, src string) (Candidate, bool) {
	k, _ := p.layer(cp)
	m := p.model()
	var names, tops []string
	text := p.Ignore
	for _, top := range p.hiddenTops(k) {
		name := p.sent(top, src)
		if name == "" {
			continue
		}
		names, tops = append(names, name), append(tops, top)
		q := *p
		q.Ignore = text
		text = q.ignore(name)
		m.vanish(k, top)
	}
	if names == nil {
		return Candidate{}, false
	}
	return Candidate{Kind: Lossless, Line: cp.Lines[0], What: fmt.Sprintf("keep %s out of the context: later lines hide it", strings.Join(names, ", ")),
		Write: map[string][]byte{p.IgnoreName: text}, Predicted: m.saves(), Exact: true, Secret: p.secretive(k, tops)}, true
}

// hiddenTops are the uppermost paths of a layer of which it carries something, and nothing
// that is seen in the end; those that the layer has as a whole are none.
func (p *Project) hiddenTops(k int32) []string {
	hidden := map[string]bool{} // by path: whether all below is hidden so far
	list := p.Facts.Tree.Lists[k]
	for n := range list {
		e := &list[n]
		if e.Kind == layer.Dir || e.Kind >= layer.Whiteout {
			continue
		}
		gone := p.Facts.Tree.Name(tree.Ref{Layer: k, Entry: int32(n)}).Class != tree.Live
		for at := e.Path; at != "."; at = path.Dir(at) {
			old, seen := hidden[at]
			hidden[at] = gone && (old || !seen)
		}
	}
	var out []string
	for _, file := range sortedKeys(hidden) {
		if up := path.Dir(file); hidden[file] && up != "." && !hidden[up] {
			out = append(out, file)
		}
	}
	return out
}

// sent is what the context calls a path that a COPY of one of its directories wrote; "" if it
// has nothing of the kind.
func (p *Project) sent(file, src string) string {
	parts := strings.Split(file, "/")
	for n := range parts { // the longest ending first: a/b of x/a/b, before b
		name := strings.Trim(path.Join(src, strings.Join(parts[n:], "/")), "/")
		if name != src && !strings.ContainsAny(name, "*?[!#\\") && slices.ContainsFunc(p.Context, func(f ContextFile) bool { return f.Path == name || strings.HasPrefix(f.Path, name+"/") }) {
			return name
		}
	}
	return ""
}
