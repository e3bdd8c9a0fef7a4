package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tare/internal/compare"
	"tare/internal/units"
)

// waterfall shows the causes of one difference. Packages stand below the one that
// pulled them in.
func waterfall(d *compare.Difference, z sizes, top int) Block {
	pair := Safe(d.From) + " → " + Safe(d.To)
	t := Table{Place: Place{Part: "causes"}, Title: pair + ": " + d.Measure + " " + z.signed(d.Total), Subject: pair,
		Columns: []Column{number(strings.ToUpper(d.Measure)), text("").as("change"), text("CAUSE").cut(Path)}}
	var most int64
	for _, c := range d.Causes {
		most = max(most, c.Bytes, -c.Bytes)
	}
	row := func(n int64, level int, mark, text string) {
		r := t.add(z.change(n), words(mark), words(text))
		r.Level, r.Bar = level, part(max(n, -n), most)
	}
	f := folder{causes: d.Causes, top: top}
	for _, l := range f.lines() {
		level := 0
		if l.child {
			level = 1
		}
		switch {
		case l.more > 0 && l.child:
			row(l.bytes, level, "", units.Plural(l.more, "more package"))
		case l.more > 0:
			row(l.bytes, level, "", fmt.Sprintf("%d more (--top 0)", l.more))
		default:
			row(l.Bytes, level, map[string]string{"added": "+", "removed": "−", "changed": "~"}[l.Change], Safe(cause(l.Cause)))
			for _, f := range l.Files {
				name := "/" + Safe(f.Path)
				if f.Path == "" {
					name = "all other files"
				}
				row(f.Bytes, level+1, "", name)
			}
		}
	}
	t.add(z.change(d.Total), words(""), words("total: the causes sum up to the byte")).Total = true
	return t
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
	return "unpackaged: " + c.Subject
}
