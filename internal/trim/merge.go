package trim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tare/internal/draft"
	"tare/internal/layer"
	"tare/internal/tree"
)

func init() {
	register(Rule{ID: "deleted-later", Kind: Lossless, Title: "what a later RUN deletes", Find: func(p *Project) []Candidate {
		return p.joins("deletes what this RUN writes", tree.DeletedFile, tree.DeletedDir, tree.Opaque)
	}})
	register(Rule{ID: "changed-later", Kind: Lossless, Title: "owners and permissions that a later RUN changes", Find: func(p *Project) []Candidate {
		return p.joins("changes the owner or the permissions of what this RUN writes", tree.MetadataOnly)
	}})
	register(Rule{ID: "merge-runs", Kind: Lossless, Title: "RUNs that write the same files", Find: func(p *Project) []Candidate {
		return p.joins("writes files again that this RUN writes", tree.OverwrittenChanged, tree.OverwrittenSame)
	}})
}

// joins offers to join RUNs that follow one another, up to the one that hides what the first
// wrote. A line is offered by the rule of the class that most of its bytes have.
func (p *Project) joins(what string, classes ...tree.Class) []Candidate {
	var out []Candidate
	for _, a := range p.runs() {
		k, ok := p.layer(a)
		if !ok {
			continue
		}
		for by, sums := range p.hidden(k) {
			b := p.maker(by)
			if b == nil || b.Keyword != "RUN" || b.Stage != a.Stage {
				continue
			}
			best := tree.Live
			var all int64
			for class, n := range sums {
				all += n
				if best == tree.Live || n > sums[best] || n == sums[best] && class < best {
					best = class
				}
			}
			if all == 0 || !slices.Contains(classes, best) {
				continue
			}
			edits, moved, ok := p.join(a, b)
			if !ok {
				continue
			}
			c := Candidate{Line: a.Lines[0], What: fmt.Sprintf("join it with line %d, which %s", b.Lines[0], what), Edits: edits, Exact: true}
			var first []int32
			for n, i := range moved {
				if n == 0 {
					c.What += fmt.Sprintf("; %s in line %d goes before it", i.Keyword, i.Lines[0])
				}
				if j, ok := p.layer(i); ok {
					first = append(first, j)
				}
			}
			c.Predicted = p.model().merge(k, by, first...).saves()
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b Candidate) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(b.tar(), a.tar())) })
	return out
}

// movable are instructions that may go before a RUN that stands above them, as far as the
// text tells: whether the RUN minds them is found out by building.
var movable = []string{"COPY", "ADD", "WORKDIR", "ENV", "ARG", "LABEL"}

// join joins all RUNs from a to b. What stands between them and can go before them does: a
// COPY between a RUN that installs a compiler and one that uses it. ok is false where
// something else stands there.
func (p *Project) join(a, b *draft.Instruction) (edits []draft.Edit, moved []*draft.Instruction, ok bool) {
	var over []*draft.Instruction // since the last RUN
	for i, run := a, a; i != b; {
		if i = p.File.Next(i); i == nil {
			return nil, nil, false
		}
		if slices.Contains(movable, i.Keyword) && i.At.From >= 0 && !strings.Contains(i.Text, "<<") {
			over = append(over, i)
			continue
		}
		if i.Keyword != "RUN" || i.Script == nil || run != a && p.File.Errexit(run) {
			return nil, nil, false
		}
		if i != b && (i.Script.Heredoc || a.Script.Heredoc) { // it goes as a whole, and nothing can be joined to it
			return nil, nil, false
		}
		// Every step between them makes a layer, also an empty one.
		if _, made := p.layer(i); !made {
			return nil, nil, false
		}
		more, ok := p.File.Join(run, i, over...)
		if !ok {
			return nil, nil, false
		}
		edits, moved, over, run = append(edits, more...), append(moved, over...), nil, i
	}
	if len(moved) > 0 {
		edits = append(edits, p.File.Move(moved, a)...)
	}
	return edits, moved, true
}

// hidden are the bytes of a layer that later layers hide, by the layer and by class.
func (p *Project) hidden(k int32) map[int32]map[tree.Class]int64 {
	out := map[int32]map[tree.Class]int64{}
	for n := range p.Facts.Tree.Lists[k] {
		r := tree.Ref{Layer: k, Entry: int32(n)}
		e := p.Facts.Tree.Entry(r)
		if s := p.Facts.Tree.Name(r); s.Class != tree.Live && e.Kind == layer.File {
			if out[s.By] == nil {
				out[s.By] = map[tree.Class]int64{}
			}
			out[s.By][s.Class] += e.Span
		}
	}
	return out
}

// maker is the instruction that made a layer; nil for the base image's and unknown ones.
func (p *Project) maker(k int32) *draft.Instruction {
	for _, i := range p.chain {
		if n, ok := p.layer(i); ok && n == k {
			return i
		}
	}
	return nil
}
