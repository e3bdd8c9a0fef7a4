package report

import (
	"fmt"
	"strings"

	"tare/internal/compare"
	"tare/internal/explain"
	"tare/internal/units"
)

// changeMark is what stands before something that came, went or changed.
var changeMark = map[string]string{"added": "+", "removed": "−", "changed": "~", "content": "~", "metadata": "m"}

// pairName names a difference.
func pairName(d *compare.Difference) string { return Safe(d.From) + " → " + Safe(d.To) }

// waterfall shows all causes of one difference. Packages stand below the one that
// pulled them in, whose row has the bytes of all of them.
func waterfall(d *compare.Difference, z sizes, top int) Block {
	t := Table{Place: Place{"causes", Full}, Title: pairName(d) + ": " + d.Measure + " " + d.Total.Text(z.signed), Subject: pairName(d),
		Columns: []Column{number(strings.ToUpper(d.Measure)), text("").as("change"), text("CAUSE").cut(End)}}
	groups := explain.Groups(d.Causes)
	w := &falling{t: &t, z: z}
	for i := range groups {
		w.most = max(w.most, groups[i].Bytes, -groups[i].Bytes)
	}
	rest, more := int64(0), 0
	for i := range groups {
		if top > 0 && i >= top {
			rest += groups[i].Bytes
			more += groups[i].Causes()
			continue
		}
		w.group(&groups[i], top)
	}
	if more > 0 {
		w.row(rest, 0, "", fmt.Sprintf("%d more (--top 0)", more)).Cells[2].Page = fmt.Sprintf("%d more", more)
	}
	if n, ok := d.Total.Int(); ok {
		t.add(z.change(n), words(""), words("total: the causes sum up to the byte")).Total = true
	} else {
		t.add(z.amount(d.Total), words(""), words("not known of both images")).Total = true
	}
	return t
}

// falling is a waterfall being laid out.
type falling struct {
	t    *Table
	z    sizes
	most int64 // of one group
}

func (w *falling) row(n int64, level int, mark, text string) *Row {
	r := w.t.add(w.z.change(n), words(mark), words(text))
	r.Level, r.Bar = level, part(max(n, -n), w.most)
	return r
}

// group is a row for one cause, or a head with a row for each cause of the group.
func (w *falling) group(g *explain.Group, top int) {
	if g.Was == nil && len(g.Kids) == 0 {
		w.cause(&g.Head, 0)
		return
	}
	w.row(g.Bytes, 0, changeMark[g.Change()], Safe(g.String())).Head = true
	if g.Was != nil {
		w.cause(g.Was, 1)
	}
	w.cause(&g.Head, 1)
	rest, more := int64(0), 0
	for k := range g.Kids {
		if top > 0 && k >= max(2, top/4) && len(g.Kids) > max(2, top/4)+1 {
			rest += g.Kids[k].Bytes
			more++
			continue
		}
		w.cause(&g.Kids[k], 1)
	}
	if more > 0 {
		w.row(rest, 1, "", units.Plural(more, "more package"))
	}
}

func (w *falling) cause(c *compare.Cause, level int) {
	w.row(c.Bytes, level, changeMark[c.Change], Safe(explain.Title(c)))
	for _, f := range c.Files {
		name := "/" + Safe(f.Path)
		if f.Path == "" {
			name = "all other files"
		}
		w.row(f.Bytes, level+1, "", name).Detail = true
	}
}
