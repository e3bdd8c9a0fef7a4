package explain_test

import (
	"archive/tar"
	"fmt"
	"path"
	"slices"
	"strings"

	"tare/internal/compare"
	"tare/internal/testkit"
	"tare/internal/units"
)

// extreme: names are the images with the least, or the most, of the measures, and no other
// is.
func (c *checker) extreme(names, word, measures string) {
	for _, measure := range words(measures) {
		var best []string
		for _, i := range c.order {
			least := true
			for _, j := range c.order {
				a, b := i.sizes()[measure], j.sizes()[measure]
				least = least && (a <= b && word == "smallest" || a >= b && word == "largest")
			}
			if least {
				best = append(best, i.name)
			}
		}
		c.want(word+" "+measure, strings.Join(words(names), " "), strings.Join(best, " "))
	}
}

func (c *checker) layers(said string) {
	for _, i := range c.order {
		c.want(i.name, said, units.Plural(len(i.layers), "layer"))
	}
}

// described is what a path is, but for its content; a hard link is what it names.
func described(n *node) (content, metadata string) {
	if n.inode != nil {
		n = n.inode
	}
	h := n.e.Header
	mode := h.Mode
	if mode == 0 {
		mode = 0o644
	}
	return fmt.Sprint(h.Typeflag, n.e.Body, h.Linkname), fmt.Sprint(mode, h.Uid, h.Gid, h.ModTime.Unix() == 1000)
}

// paths are those that differ in content, and in metadata only.
func paths(a, b *model) (content, metadata []string) {
	all := map[string]bool{}
	for p := range a.seen {
		all[p] = true
	}
	for p := range b.seen {
		all[p] = true
	}
	// Names of one file, among the paths that both have.
	first := func(m *model, p string) string {
		file := func(n *node) *node {
			if n.inode != nil {
				return n.inode
			}
			return n
		}
		best := p
		for q := range m.seen {
			if a.seen[q] != nil && b.seen[q] != nil && file(m.seen[q]) == file(m.seen[p]) && q < best {
				best = q
			}
		}
		return best
	}
	for p := range all {
		x, y := a.seen[p], b.seen[p]
		if x == nil || y == nil {
			content = append(content, p)
			continue
		}
		ca, ma := described(x)
		cb, mb := described(y)
		switch {
		case ca != cb:
			content = append(content, p)
		case ma != mb || first(a, p) != first(b, p):
			metadata = append(metadata, p)
		}
	}
	return content, metadata
}

// named: each path that is named is among those that differ, and the rest is counted.
func (c *checker) named(said string, differ []string) {
	n := 0
	for _, w := range strings.Split(said, ", ") {
		if more, ok := strings.CutSuffix(w, " more"); ok {
			c.want("the rest", more, fmt.Sprint(len(differ)-n))
			n = len(differ)
			continue
		}
		p, _, _ := strings.Cut(strings.TrimPrefix(w, "/"), " (")
		c.must(slices.Contains(differ, p), p+" differs")
		n++
	}
	c.must(n == len(differ), "all are named or counted")
}

// configured checks what is said of settings and steps.
func (c *checker) configured(a, b *model, said string) {
	c.must(strings.Contains(said, "other settings: env A") == (a.env != b.env), "settings")
	c.must(strings.Contains(said, "of the history that only one has") == !slices.Equal(a.steps, b.steps), "steps")
}

// blobs are the bytes of all layers' blobs, each once, and of each image by itself.
func (c *checker) blobs() (together, separately int64) {
	have := map[string]bool{}
	for _, i := range c.order {
		own := map[string]bool{}
		for id, b := range i.built.Blobs {
			if _, manifest := i.built.Manifests[id]; manifest || b[0] == '{' || own[id.String()] {
				continue
			}
			own[id.String()] = true
			separately += int64(len(b))
			if !have[id.String()] {
				have[id.String()] = true
				together += int64(len(b))
			}
		}
	}
	return together, separately
}

// apart checks what is said of equal files in layers that are not shared.
func (c *checker) apart(said string) {
	has := map[string]map[int]bool{}
	var n, all int64
	for i, m := range c.order {
		all += sum(m.files())
		for _, f := range m.files() {
			shared := false
			for j, other := range c.order {
				shared = shared || j != i && slices.Contains(other.tars, m.tars[f.layer])
			}
			if shared {
				continue
			}
			if has[f.e.Body] == nil {
				has[f.e.Body] = map[int]bool{}
			} else if !has[f.e.Body][i] {
				n += f.size()
			}
			has[f.e.Body][i] = true
		}
	}
	if said == "" {
		c.must(n < 100_000 || n*100 < all || n == 0, "no equal files that matter: "+units.Bytes(n))
		return
	}
	c.want("equal files", said, fmt.Sprintf("; %s are equal files in layers that they do not share", units.Bytes(n)))
	c.must(n > 0, "there are equal files")
}

// toolsOf are by how much more build tools the larger image of two has than the other,
// and by how much it is larger. The other is the one for which both fit.
func (c *checker) toolsOf(larger string) (n, total int64) {
	for _, i := range c.order {
		if i.name == larger || !strings.Contains(c.pair, i.name) {
			continue
		}
		n, total = c.images[larger].toolchain()-i.toolchain(), c.images[larger].sizes()["live"]-i.sizes()["live"]
	}
	return n, total
}

// lacking are the packages that other images have and this one lacks, with the bytes that
// they have there at most.
func (c *checker) lacking(name string) map[string]int64 {
	out := map[string]int64{}
	me := c.images[name].packages()
	for _, i := range c.order {
		rows := i.rows(false)
		for p := range i.packages() {
			if i.name != name && !me[p] {
				out[p] = max(out[p], rows["package "+p])
			}
		}
	}
	return out
}

// stages checks what the stages of an image left behind.
func (c *checker) stages(name, who, left, tools string) {
	m := c.images[name]
	have, contents := map[string]bool{}, map[string]bool{}
	for _, f := range m.files() {
		have[f.path], contents[f.e.Body] = true, true
	}
	var names []string
	size, tool := map[string]int64{}, map[string]bool{}
	other := int64(0)
	for n, st := range m.stages {
		names = append(names, fmt.Sprint("s", n))
		for _, f := range st.files() {
			switch {
			case contents[f.e.Body]:
			case have[f.path]:
				other += f.size()
			case f.size() >= size[f.path]:
				row := st.row(f, false)
				size[f.path], tool[f.path] = f.size(), row == "package gcc" || row == "development"
			}
		}
	}
	var all, build int64
	for p, n := range size {
		all += n
		if tool[p] {
			build += n
		}
	}
	word := "stage "
	if len(names) > 1 {
		word = "stages "
	}
	c.want("the stages", who, word+strings.Join(names, " and "))
	c.want("what is left behind", left, units.Bytes(all))
	if tools != "" {
		c.want("tools", tools, units.Bytes(build))
	}
	if strings.Contains(c.said, "saves 0B") {
		c.must(other == 0, "nothing is replaced")
	}
}

// hidden divides the waste by class; not for images with hard links.
func (m *model) hidden() (map[string]int64, bool) {
	out := map[string]int64{}
	for _, n := range m.seen {
		if n.inode != nil {
			return nil, false
		}
	}
	for _, n := range m.written {
		for k := n.layer + 1; k < len(m.layers); k++ {
			if class := hides(m.layers[k], n); class != "" {
				out[class] += n.size()
				break
			}
		}
	}
	for _, l := range m.layers {
		for _, e := range l {
			if e.Typeflag == tar.TypeLink {
				return nil, false
			}
		}
	}
	return out, true
}

// hides says how a layer hides a file of a layer below; "" if it does not.
func hides(l []testkit.Entry, n *node) string {
	class := ""
	for _, e := range l {
		dir, base := path.Split(e.Name)
		switch {
		case e.Name == n.path:
			a, ma := described(n)
			b, mb := described(&node{e: e})
			switch {
			case a != b:
				return "overwritten-changed"
			case ma != mb:
				return "metadata-only"
			}
			return "overwritten-same"
		case base == ".wh..wh..opq" && strings.HasPrefix(n.path, dir):
			class = max(class, "1 opaque")
		case base == ".wh."+path.Base(n.path) && dir == path.Dir(n.path)+"/":
			class = max(class, "3 deleted-file")
		case strings.HasPrefix(base, ".wh.") && strings.HasPrefix(n.path, dir+strings.TrimPrefix(base, ".wh.")+"/"):
			class = max(class, "2 deleted-dir")
		}
	}
	_, class, _ = strings.Cut(class, " ")
	return class
}

// why checks the causes that are named of a pair: their bytes, that only one has what only
// one is said to have, and that with the rest they are the whole difference.
func (c *checker) why(s compare.Sentence, m []string) {
	e := s.Evidence[0]
	a, b := c.images[e.From], c.images[e.To]
	total := b.sizes()["live"] - a.sizes()["live"]
	collapse := a.os != b.os
	from, to := a.rows(collapse), b.rows(collapse)
	allFrom, allTo := a.rows(false), b.rows(false)
	rest := total
	one := func(name, bytes, where string) {
		row := name
		switch was, now, replaced := strings.Cut(name, " becoming "); {
		case replaced:
			c.must(where == "replaced" && was == a.os+" 1" && now == b.os+" 1", "the base is another one")
			row = "base"
		case strings.HasPrefix(name, "the distribution "):
			row = "base"
		case strings.HasSuffix(name, " files that no package owns"):
			row = strings.TrimSuffix(name, " files that no package owns")
		default:
			row = "package " + name
		}
		n := to[row] - from[row]
		c.want(row, bytes, units.Delta(n))
		rest -= n
		if strings.HasPrefix(where, "only in ") && row != "base" {
			lacks, has := allFrom, allTo
			if where == "only in "+a.name {
				lacks, has = allTo, allFrom
			}
			_, there := has[row]
			_, too := lacks[row]
			c.must(there && !too, row+" is "+where)
		}
	}
	last := m[2]
	if why, ok := strings.CutPrefix(m[1], "Why: "); ok {
		for _, part := range strings.Split(strings.ReplaceAll(why, ") and ", "), "), "), ") {
			name, inner, _ := strings.Cut(strings.TrimSuffix(part, ")"), " (")
			bytes, where, _ := strings.Cut(inner, ", ")
			one(name, bytes, where)
		}
	} else {
		sign := "+"
		if total < 0 {
			sign = units.Minus
		}
		c.want("the whole difference", m[3], units.Bytes(max(total, -total)))
		one(m[1], sign+m[2], "only in "+m[4])
		last = m[5]
	}
	c.want("everything else", last, units.Delta(rest))
}
