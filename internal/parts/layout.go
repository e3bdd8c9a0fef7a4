package parts

import (
	"cmp"
	"slices"
	"strings"
)

// Layout divides a file among those who claim ranges of it. Claims may lie outside of the
// file and over each other: a byte goes to the claim that begins first, and of those to the
// one that was made first; what nobody claims is padding or unknown. So the parts always are
// the file.
type Layout struct {
	size   int64
	claims []claim
}

type claim struct {
	from, to int64
	part     Part
}

// maxName bounds the names of parts, in bytes: they are a stranger's text.
const maxName = 1024

// New is the layout of a file of size bytes that nobody claims.
func New(size int64) *Layout { return &Layout{size: max(0, size)} }

// Claim gives a range to a part, as far as it lies in the file. The part's Bytes are worked
// out.
func (l *Layout) Claim(off, n int64, p Part) {
	if off < 0 || n < 0 || n == 0 && !p.apart() || off > l.size || n > 0 && off == l.size {
		return
	}
	p.Name = strings.ToValidUTF8(p.Name[:min(len(p.Name), maxName)], "�")
	l.claims = append(l.claims, claim{off, off + min(n, l.size-off), p})
}

// apart tells whether a part stays one of its own: a member of an archive does, but what
// only sums members up.
func (p *Part) apart() bool { return p.Kind == Member && p.What == "" }

// Range is a part of a file by its place, in bytes.
type Range struct{ Off, Len int64 }

func (l *Layout) sort() {
	slices.SortStableFunc(l.claims, func(a, b claim) int { return cmp.Compare(a.from, b.from) })
}

// Gaps are the ranges that nobody has claimed yet, in their order.
func (l *Layout) Gaps() []Range {
	l.sort()
	var out []Range
	at := int64(0)
	for _, c := range l.claims {
		if c.from > at {
			out = append(out, Range{at, c.from - at})
		}
		at = max(at, c.to)
	}
	if at < l.size {
		out = append(out, Range{at, l.size - at})
	}
	return out
}

// Rest gives a range to a part, as far as nobody has claimed it yet.
func (l *Layout) Rest(off, n int64, p Part) {
	for _, g := range l.Gaps() {
		from, to := max(off, g.Off), min(off+n, g.Off+g.Len)
		l.Claim(from, to-from, p)
	}
}

// Parts are the parts of the file, in the order in which they first appear. Members stay
// apart, even of one name; others of one name, kind and architecture are one.
func (l *Layout) Parts() []Part {
	for _, g := range l.Gaps() {
		l.Claim(g.Off, g.Len, Part{Name: "unclaimed", Kind: Unknown})
	}
	l.sort()
	type key struct {
		name, what, arch string
		kind             Kind
	}
	out, seen := []Part{}, map[key]int{}
	at := int64(0)
	for _, c := range l.claims {
		n := c.to - max(at, c.from)
		at = max(at, c.to)
		if n <= 0 && !c.part.apart() {
			continue
		}
		c.part.Bytes = max(0, n)
		k := key{c.part.Name, c.part.What, c.part.Arch, c.part.Kind}
		if i, ok := seen[k]; ok && !c.part.apart() {
			out[i].Bytes += n
			continue
		}
		if !c.part.apart() {
			seen[k] = len(out)
		}
		out = append(out, c.part)
	}
	return out
}

// maxPadding bounds the gaps that are looked at, in bytes: more aligns nothing.
const maxPadding = 4 << 20

// Fill claims a gap: as padding if it is all zeros, else as a part of kind Unknown with the
// name. The only error is ErrAgain.
func (l *Layout) Fill(s Source, g Range, name string) error {
	p := Part{Name: name, Kind: Unknown}
	if g.Len <= maxPadding {
		zero, err := zeros(s, g)
		if err != nil {
			return err
		}
		if zero {
			p = Part{Name: "padding", Kind: Padding}
		}
	}
	l.Claim(g.Off, g.Len, p)
	return nil
}

// zeros tells whether a range has nothing else.
func zeros(s Source, g Range) (bool, error) {
	for g.Len > 0 {
		n := min(g.Len, 4096)
		b, err := Read(s, g.Off, n)
		if err == ErrAgain {
			return false, err
		}
		if err != nil || slices.ContainsFunc(b, func(c byte) bool { return c != 0 }) {
			return false, nil
		}
		g.Off, g.Len = g.Off+n, g.Len-n
	}
	return true, nil
}
