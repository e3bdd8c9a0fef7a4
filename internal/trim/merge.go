package trim

import (
	"cmp"
	"fmt"
	"slices"

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
			edits, ok := p.join(a, b)
			if !ok {
				continue
			}
			out = append(out, Candidate{Line: a.Lines[0], What: fmt.Sprintf("join it with line %d, which %s", b.Lines[0], what), Edits: edits, Predicted: p.model().merge(k, by).saves(), Exact: true})
		}
	}
	slices.SortStableFunc(out, func(a, b Candidate) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(b.tar(), a.tar())) })
	return out
}

// join joins all RUNs from a to b; ok is false where something else stands between them.
func (p *Project) join(a, b *draft.Instruction) (edits []draft.Edit, ok bool) {
	for i := a; i != b; {
		next := p.File.Next(i)
		if next == nil || next.Keyword != "RUN" || next.Script == nil || i != a && p.File.Errexit(i) {
			return nil, false
		}
		// Every step between them makes a layer, also an empty one.
		if _, made := p.layer(next); !made {
			return nil, false
		}
		more, ok := p.File.Join(i, next)
		if !ok {
			return nil, false
		}
		edits, i = append(edits, more...), next
	}
	return edits, true
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
