package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// The table stands between these lines of the page.
const (
	begin = "<!-- lines by package: make imports -->\n"
	end   = "<!-- end -->\n"
)

// before are the lines of the packages at commit 947b1e9, when what commands do still lay
// in cli. They are history, and so the only numbers that are not counted now.
var before = map[string]int{
	"cli": 6601, "buildkit": 5113, "source": 3650, "store": 3590, "report": 2980, "layer": 2567, "lab": 2584, "weigh": 1641, "image": 1332, "dockerfile": 1222,
	"profile": 1196, "compare": 1106, "packages": 746, "tree": 653, "explain": 540, "outfile": 514, "screen": 296, "engine": 242, "units": 130, "infile": 114,
	"progress": 50, "buildinfo": 5, "cmd/tare": 135,
}

// fill writes the table into the page.
func (g graph) fill(page []byte) ([]byte, error) {
	head, rest, ok := bytes.Cut(page, []byte(begin))
	_, tail, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		return nil, errors.New("there is no place for the table of lines: " + begin)
	}
	return slices.Concat(head, []byte(begin), g.table(), []byte(end), tail), nil
}

func (g graph) table() []byte {
	var list []*pkg
	sum, was := 0, 0
	for _, p := range g {
		list = append(list, p)
		sum += p.lines
	}
	var gone []string
	for name, n := range before {
		was += n
		if g[name] == nil {
			gone = append(gone, name)
		}
	}
	slices.Sort(gone)
	slices.SortFunc(list, func(a, b *pkg) int { return cmp.Or(cmp.Compare(b.lines, a.lines), cmp.Compare(a.name, b.name)) })
	var b bytes.Buffer
	b.WriteString("| package | lines | at 947b1e9 |\n| --- | ---: | ---: |\n")
	row := func(name string, lines int) {
		old := "–"
		if n := before[name]; n > 0 {
			old = fmt.Sprint(n)
		}
		fmt.Fprintf(&b, "| `%s` | %d | %s |\n", name, lines, old)
	}
	for _, p := range list {
		row(p.name, p.lines)
	}
	for _, name := range gone {
		row(name, 0)
	}
	fmt.Fprintf(&b, "| all | %d | %d |\n", sum, was)
	return b.Bytes()
}
