package page

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"tare/internal/screen"
	"tare/internal/weigh"
)

// A page has at most so many parts of maps: all images share them, and one alone needs no
// more than mapParts. So a page stays small however many files its images have.
const (
	allParts  = 5400
	mapParts  = 3000
	leastPart = 300
)

// mapsOf is what the script knows of the files.
type mapsOf struct {
	// Names are all names, each once: images of one family have most of them in common.
	Names  []string `json:"names"`
	Images []mapOf  `json:"images"`
}

// mapOf is the map of one image.
type mapOf struct {
	Name    string   `json:"name"`
	Against string   `json:"against,omitempty"`
	Has     []string `json:"has"`
	// Tree has, of each node: its name (below 0 for the rest of small parts: -1 - name), how
	// many parts it has, at the second level its kind, and of one without parts its
	// measures; its parts follow, in the same way.
	Tree []int64 `json:"tree"`
}

// names gives each name a number.
type names struct {
	list []string
	at   map[string]int64
}

func (n *names) of(s string) int64 {
	s = screen.Safe(s)
	at, known := n.at[s]
	if !known {
		at = int64(len(n.list))
		n.list, n.at[s] = append(n.list, s), at
	}
	return at
}

// mapsJSON is the maps of all images for the script. JSON with <, > and & escaped is text in
// a script element whatever the names are.
func (p *Page) mapsJSON() ([]byte, error) {
	out := mapsOf{Names: []string{}, Images: []mapOf{}}
	n := &names{at: map[string]int64{}}
	for i := range p.Maps {
		m := shrink(p.Maps[i], max(leastPart, min(mapParts, allParts/len(p.Maps))))
		one := mapOf{Name: screen.Safe(m.Name), Against: screen.Safe(m.Against), Has: m.Has}
		if one.Has == nil {
			one.Has = []string{}
		}
		one.Tree = encode(nil, &m, 0, n, one.Has)
		out.Images = append(out.Images, one)
	}
	out.Names = append(out.Names, n.list...)
	return json.Marshal(out)
}

func encode(to []int64, m *weigh.Node, level int, n *names, has []string) []int64 {
	name := n.of(m.Name)
	if m.Rest {
		if m.Files > 0 || m.Gone > 0 { // the script says how many they are
			name = n.of("")
		}
		name = -1 - name
	}
	to = append(to, name, int64(len(m.Parts)))
	if level == 2 {
		to = append(to, n.of(m.Kind))
	}
	if len(m.Parts) > 0 {
		for i := range m.Parts {
			to = encode(to, &m.Parts[i], level+1, n, has)
		}
		return to
	}
	to = append(to, m.Bytes, m.Waste, m.Files)
	for _, h := range has {
		switch h {
		case "tar":
			to = append(to, m.Tar)
		case "transfer":
			to = append(to, m.Transfer)
		case "read":
			to = append(to, m.Read, m.Looked)
		case "added":
			to = append(to, m.Added, m.Gone)
		}
	}
	return to
}

// shrink takes the smallest parts together until there are at most so many.
func shrink(m weigh.Node, most int) weigh.Node {
	var all []int64
	var count func(*weigh.Node)
	count = func(n *weigh.Node) {
		all = append(all, weight(n))
		for i := range n.Parts {
			count(&n.Parts[i])
		}
	}
	count(&m)
	if len(all) <= most {
		return m
	}
	slices.SortFunc(all, func(a, b int64) int { return cmp.Compare(b, a) })
	// Every node with parts may get one more, for what is left of it.
	return shrunk(m, all[max(1, most*2/3)])
}

func weight(n *weigh.Node) int64 { return max(n.Bytes, n.Gone) }

func shrunk(m weigh.Node, least int64) weigh.Node {
	rest := weigh.Node{Rest: true}
	var parts []weigh.Node
	for i := range m.Parts {
		p := &m.Parts[i]
		if p.Rest && weight(p) == 0 { // no files: what tars have beside them
			parts = append(parts, *p)
			continue
		}
		if weight(p) > least {
			parts = append(parts, shrunk(*p, least))
			continue
		}
		add(&rest, p)
	}
	if (rest.Files > 0 || rest.Gone > 0) && len(parts) > 0 {
		parts = append(parts, rest)
	}
	m.Parts = parts
	return m
}

func add(n, o *weigh.Node) {
	n.Bytes += o.Bytes
	n.Waste += o.Waste
	n.Tar += o.Tar
	n.Transfer += o.Transfer
	n.Read += o.Read
	n.Looked += o.Looked
	n.Added += o.Added
	n.Gone += o.Gone
	n.Files += o.Files
}

// maps is the place of the map, which the script draws.
func (p *Page) maps(b *strings.Builder) {
	b.WriteString("<section id=\"where\"><h2>Where the bytes are</h2>\n<noscript><p>This picture needs JavaScript; every figure is in the tables below.</p></noscript>\n<div id=\"view\" hidden>\n<div id=\"controls\" class=\"choices\">")
	if len(p.Maps) > 1 {
		b.WriteString("<label>image <select id=\"map\">")
		for n, m := range p.Maps {
			option(b, fmt.Sprint(n), m.Name)
		}
		b.WriteString("</select></label> ")
	}
	b.WriteString("<label>divided by <select id=\"map-by\"></select></label> <label>measure <select id=\"map-measure\"></select></label> <label>colours <select id=\"map-colours\"></select></label> " +
		"<label>search <input id=\"search\" type=\"search\" autocomplete=\"off\" spellcheck=\"false\"></label></div>\n" +
		"<div id=\"found\" role=\"status\"></div>\n<nav id=\"crumbs\" aria-label=\"Place in the image\"></nav>\n<div id=\"treemap\"></div>\n<ul id=\"map-legend\" class=\"legend\"></ul>\n<div id=\"detail\"></div>\n" +
		"<p class=\"dim help\">Click a part, or press Enter, to open it; Escape goes back. Arrow keys move.</p></div></section>\n")
}
