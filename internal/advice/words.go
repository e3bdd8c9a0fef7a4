package advice

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tare/internal/units"
)

// finding is a finding about a layer that frees parts.
func (l *Ledger) finding(layer int, frees []*Part) Finding {
	at := &l.Layers[layer]
	f := Finding{Line: at.Line, Layer: layer + 1, Instruction: at.Instruction, frees: frees}
	sum := sumOf(frees)
	f.Tar, f.Transfer, f.Live, f.files = sum.Tar, sum.Transfer, sum.Live, sum.files
	return f
}

func sumOf(parts []*Part) (s Freed) {
	for _, p := range parts {
		s.add(p)
	}
	return s
}

// Where is the place to change something: "line 7", or "layer 5" where no Dockerfile is
// known; empty for none.
func (f *Finding) Where() string {
	switch {
	case f.Line > 0:
		return fmt.Sprintf("line %d", f.Line)
	case f.Layer > 0:
		return fmt.Sprintf("layer %d", f.Layer)
	}
	return ""
}

// amount are the bytes and the number of parts' files: "12MB in 3 files".
func amount(parts []*Part) string {
	var n int64
	for _, p := range parts {
		n += p.Count
	}
	return units.Bytes(sumOf(parts).Tar) + " in " + units.Plural(n, "file")
}

// from says which lines or layers wrote parts: "line 3", "lines 3 and 5", "the base
// image". one is the line, if it is one.
func (l *Ledger) from(parts []*Part) (words string, one int) {
	var bases, lines, layers []string
	add := func(list *[]string, s string) {
		if !slices.Contains(*list, s) {
			*list = append(*list, s)
		}
	}
	for _, p := range sorted(parts) {
		switch at := &l.Layers[p.Layer]; {
		case at.Base != "":
			add(&bases, at.Base)
		case at.Line > 0:
			add(&lines, strconv.Itoa(at.Line))
		default:
			add(&layers, strconv.Itoa(p.Layer+1))
		}
	}
	list := bases
	if len(lines) > 0 {
		list = append(list, units.Word(len(lines), "line")+" "+and(lines))
	}
	if len(layers) > 0 {
		list = append(list, units.Word(len(layers), "layer")+" "+and(layers))
	}
	if len(list) == 1 && len(lines) == 1 {
		one, _ = strconv.Atoi(lines[0])
	}
	return and(list), one
}

// sorted are parts by layer.
func sorted(parts []*Part) []*Part {
	return slices.SortedStableFunc(slices.Values(parts), func(a, b *Part) int { return a.Layer - b.Layer })
}

// and joins words: "a, b and c".
func and(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}

// some are the first words of a list: "a, b, c and 4 more".
func some(list []string, most int) string {
	if len(list) <= most {
		return and(list)
	}
	return strings.Join(list[:most], ", ") + fmt.Sprintf(" and %d more", len(list)-most)
}

// largest is the path of the largest file of parts, with a slash before it.
func largest(parts []*Part) string {
	var most *Part
	for _, p := range parts {
		if p.Largest != "" && (most == nil || p.Most > most.Most) {
			most = p
		}
	}
	if most == nil {
		return ""
	}
	return "/" + most.Largest
}

// example names the largest file of parts in brackets, with a space before it.
func example(parts []*Part) string {
	path := largest(parts)
	if path == "" {
		return ""
	}
	if len(parts) > 1 || parts[0].Count > 1 {
		return " (" + path + " and others)"
	}
	return " (" + path + ")"
}

// copies tells whether a layer was made by COPY or ADD.
func (l *Ledger) copies(layer int) bool {
	word, _, _ := strings.Cut(l.Layers[layer].Instruction, " ")
	return word == "COPY" || word == "ADD"
}
