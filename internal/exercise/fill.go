package exercise

import (
	"fmt"
	"strconv"
	"strings"

	"tare/internal/compare"
	"tare/internal/experiment"
	"tare/internal/pattern"
	"tare/internal/units"
)

var (
	blank     = pattern.New(`\bX{2,}(?:\.X+)?(?:( ?)[kKMG]i?B)?\b`)
	delimiter = pattern.New(`^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$`)
)

// Fill fills the placeholders (XX MB and the like) of Markdown tables whose first
// column names variants or images of the experiment, and tells how many it filled.
// The head of the column says which measure is meant; "size" is what docker images
// prints. All else stays as it is, byte for byte.
func Fill(doc []byte, rec *experiment.Record) (out []byte, filled int, err error) {
	if rec.Comparison == nil {
		return nil, 0, fmt.Errorf("there are no sizes: no variant could be built or pulled")
	}
	lines := strings.SplitAfter(string(doc), "\n")
	fence := ""
	var head []string
	for n, line := range lines {
		text := strings.TrimSpace(line)
		if mark := fenceOf(text); mark != "" && (fence == "" || mark == fence) {
			if fence == "" {
				fence = mark
			} else {
				fence = ""
			}
			continue
		}
		switch {
		case fence != "" || !strings.Contains(text, "|"):
			head = nil
			continue
		case delimiter().MatchString(text) && n > 0:
			head = cells(strings.TrimSpace(lines[n-1]))
			continue
		case head == nil:
			continue
		}
		row, k := fillRow(line, head, rec)
		lines[n] = row
		filled += k
	}
	return []byte(strings.Join(lines, "")), filled, nil
}

func fenceOf(text string) string {
	for _, m := range []string{"```", "~~~"} {
		if strings.HasPrefix(text, m) {
			return m
		}
	}
	return ""
}

// cells divides a row at its bars; a bar behind a backslash is text.
func cells(row string) []string {
	row = strings.TrimPrefix(row, "|")
	var out []string
	start := 0
	for i := 0; i <= len(row); i++ {
		if i == len(row) || row[i] == '|' && (i == 0 || row[i-1] != '\\') {
			out = append(out, row[start:i])
			start = i + 1
		}
	}
	return out
}

func fillRow(line string, head []string, rec *experiment.Record) (string, int) {
	indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	body := strings.TrimLeft(line, " \t")
	lead := ""
	if strings.HasPrefix(body, "|") {
		lead, body = "|", body[1:]
	}
	parts := cells("|" + body)
	img := named(rec, parts[0])
	if img == nil {
		return line, 0
	}
	filled := 0
	for c := 1; c < len(parts) && c < len(head); c++ {
		parts[c] = blank().ReplaceAllStringFunc(parts[c], func(found string) string {
			filled++
			return value(img, head[c], blank().FindStringSubmatch(found)[1])
		})
	}
	return indent + lead + strings.Join(parts, "|"), filled
}

// named finds the image that a cell names, by variant or by image name.
func named(r *experiment.Record, cell string) *compare.Image {
	name := strings.Trim(strings.TrimSpace(cell), "`*_ ")
	for _, v := range r.Variants {
		image, _ := strings.CutPrefix(v.Source, "image ")
		if name != "" && (v.Name == name || image == name || v.Name == name+":latest" || v.Name+":latest" == name) {
			return r.Image(v.Name)
		}
	}
	return nil
}

// value is the measure that a column's head asks for.
func value(img *compare.Image, head, space string) string {
	title := strings.ToLower(strings.Trim(strings.TrimSpace(head), "`*_ "))
	if strings.Contains(title, "layer") {
		return strconv.Itoa(img.Layers)
	}
	if strings.Contains(title, "package") {
		n := 0
		for _, k := range img.Packages {
			n += k
		}
		return strconv.Itoa(n)
	}
	n := img.Sizes.Docker
	longest := 0
	for _, m := range compare.Measures {
		if strings.Contains(title, m.Name) && len(m.Name) > longest {
			v, ok := m.Value(&img.Sizes).Int()
			if !ok {
				return "–"
			}
			n, longest = v, len(m.Name)
		}
	}
	s := units.Bytes(n)
	if space == "" {
		return s
	}
	i := strings.IndexFunc(s, func(r rune) bool { return r > '9' })
	return s[:i] + space + s[i:]
}
