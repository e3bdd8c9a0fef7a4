package touch

import (
	"cmp"
	"slices"

	"tare/internal/layer"
	"tare/internal/tree"
)

// add counts a content of so many bytes.
func (b *Bytes) add(n int64, l level) {
	b.Live += n
	b.Files++
	switch l {
	case read:
		b.Read += n
	case looked:
		b.Looked += n
	default:
		b.Untouched += n
		return
	}
	b.Touched++
}

// sums divides the live bytes of the image. Each content counts once, whatever its names.
func (m *maker) sums() {
	t, f := m.t, m.in.Facts
	t.Bytes = new(Bytes)
	layers := make([]Bytes, len(m.tree.Lists))
	packages := map[int32]*Bytes{}
	for k, list := range m.tree.Lists {
		for i := range list {
			r := tree.Ref{Layer: int32(k), Entry: int32(i)}
			if list[i].Kind != layer.File || m.tree.Bytes(r).Class != tree.Live {
				continue
			}
			n, l, owner := list[i].Size, m.level[r], f.OwnerID(r)
			t.Bytes.add(n, l)
			layers[k].add(n, l)
			if packages[owner] == nil {
				packages[owner] = new(Bytes)
			}
			packages[owner].add(n, l)
		}
	}
	lines := map[int]*Part{}
	for k, b := range layers {
		step := f.Image.StepOf(k).Instruction()
		t.Layers = append(t.Layers, Part{Number: k + 1, Name: valid(step), Bytes: b})
		if m.in.Dockerfile == nil {
			continue
		}
		n := m.line(k)
		p := lines[n]
		if p == nil {
			p = &Part{Number: n}
			if n > 0 {
				p.Name = valid(step)
			}
			lines[n] = p
		}
		p.sum(b)
	}
	for _, p := range lines {
		t.Lines = append(t.Lines, *p)
	}
	slices.SortFunc(t.Lines, func(a, b Part) int { return cmp.Compare(a.Number, b.Number) })
	for id, b := range packages {
		p := Part{Bytes: *b}
		if id >= 0 {
			p.Name = valid(f.Packages[id].Key())
		}
		t.Packages = append(t.Packages, p)
	}
	slices.SortFunc(t.Packages, func(a, b Part) int {
		return cmp.Or(cmp.Compare(b.Live, a.Live), cmp.Compare(a.Name, b.Name))
	})
}

func (b *Bytes) sum(o Bytes) {
	b.Live += o.Live
	b.Read += o.Read
	b.Looked += o.Looked
	b.Untouched += o.Untouched
	b.Files += o.Files
	b.Touched += o.Touched
}
