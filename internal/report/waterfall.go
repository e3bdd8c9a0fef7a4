package report

import (
	"cmp"
	"slices"
	"strings"

	"tare/internal/compare"
	"tare/internal/units"
)

// waterfall shows the causes of one difference. Packages stand below the one that
// pulled them in.
func waterfall(d *compare.Difference, o ComparisonOptions) Block {
	delta := units.Delta
	if o.Exact {
		delta = signed
	}
	g := Grid{Title: Safe(d.From) + " → " + Safe(d.To) + ": " + d.Measure + " " + delta(d.Total), Head: []string{"BYTES", "", "CAUSE"}, Right: []bool{true, false}}
	var most int64
	for _, c := range d.Causes {
		most = max(most, c.Bytes, -c.Bytes)
	}
	row := func(n int64, mark, text string) {
		g.Rows = append(g.Rows, []string{delta(n), mark, text})
		g.Part = append(g.Part, part(max(n, -n), most))
	}
	f := folder{causes: d.Causes, top: o.Top}
	for _, l := range f.lines() {
		switch {
		case l.more > 0 && l.child:
			row(l.bytes, "", "  └ "+units.Plural(l.more, "smaller package")+" more")
		case l.more > 0:
			row(l.bytes, "", units.Plural(l.more, "smaller cause")+" (--top 0 shows all)")
		default:
			text := Safe(cause(l.Cause))
			if l.child {
				text = "  └ " + text
			}
			row(l.Bytes, map[string]string{"added": "+", "removed": "−", "changed": "~"}[l.Change], text)
			for _, f := range l.Files {
				name := "/" + Safe(f.Path)
				if f.Path == "" {
					name = "all others"
				}
				row(f.Bytes, "", "      "+name)
			}
		}
	}
	row(d.Total, "", "total: the causes sum up to the byte")
	g.Part[len(g.Part)-1] = 0
	return g
}

// folder puts causes behind the package that pulled them in, and folds the small
// ones together.
type folder struct {
	causes []compare.Cause
	top    int // 0: no folding
}

// line is a cause, or several small ones.
type line struct {
	compare.Cause
	child bool
	more  int // causes that are folded into the line
	bytes int64
}

// family is a cause with the packages that it pulled in.
type family struct {
	head  compare.Cause
	kids  []compare.Cause
	total int64
}

func (f *folder) lines() []line {
	at := map[string]int{}
	var all []family
	for _, c := range f.causes {
		if c.Via == "" {
			at[c.Kind+c.Subject+c.Change] = len(all)
			all = append(all, family{head: c, total: c.Bytes})
		}
	}
	for _, c := range f.causes {
		if c.Via != "" {
			m := &all[at["package"+c.Via+c.Change]]
			m.kids = append(m.kids, c)
			m.total += c.Bytes
		}
	}
	slices.SortStableFunc(all, func(a, b family) int { return cmp.Compare(max(b.total, -b.total), max(a.total, -a.total)) })
	var out []line
	rest := line{}
	for n, m := range all {
		if f.top > 0 && n >= f.top {
			rest.bytes += m.total
			rest.more += 1 + len(m.kids)
			continue
		}
		out = append(out, line{Cause: m.head})
		folded := line{child: true}
		for k, c := range m.kids {
			if f.top > 0 && k >= max(1, f.top/4) && len(m.kids) > f.top/2 && k < len(m.kids) {
				folded.bytes += c.Bytes
				folded.more++
				continue
			}
			out = append(out, line{Cause: c, child: true})
		}
		if folded.more > 0 {
			out = append(out, folded)
		}
	}
	if rest.more > 0 {
		out = append(out, rest)
	}
	return out
}

func cause(c compare.Cause) string {
	switch c.Kind {
	case "package":
		_, name, _ := strings.Cut(c.Subject, " ")
		switch {
		case c.Change == "changed" && c.FromVersion != c.ToVersion:
			name += " " + c.FromVersion + " → " + c.ToVersion
		case c.ToVersion != "":
			name += " " + c.ToVersion
		default:
			name += " " + c.FromVersion
		}
		return name
	case "base":
		return "base " + c.Subject
	case "waste":
		return "waste: " + c.Subject
	case "overhead", "metadata", "compression", "links", "blocks", "blobs", "duplicate":
		return c.Subject
	}
	return "no package: " + c.Subject
}
