package gatereport

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"tare/internal/gate"
	"tare/internal/units"
)

// Lines of Markdown that the lists of a comment may have.
const (
	tableImages   = 12
	detailCauses  = 6
	textCharacter = 90 // of a cause
	nameCharacter = 60 // of an image
)

// Marker is the hidden line by which the comment of an earlier run is found, so that a
// pull request has one comment of each check.
func Marker(name string) string {
	keep := func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z', r == '.', r == '_', r == '/':
			return r
		}
		return '_' // a "--" ends a comment of HTML
	}
	return "<!-- tare-check: " + strings.Map(keep, name) + " -->"
}

// writeMarkdown writes a comment for a pull request: the verdict, what is broken, a row an
// image, the three largest causes, and the rest folded. It writes nothing where no budget is
// broken and nothing of yours changed.
func writeMarkdown(w io.Writer, r *gate.Result, o Options) error {
	if !o.Always && !violated(r) && (r.Unbuilt != nil || !touched(r)) {
		return nil
	}
	m := &markdown{Options: o, r: r}
	m.line("%s", Marker(o.Name))
	m.verdict()
	if r.Unbuilt != nil {
		m.unchecked()
		_, err := io.WriteString(w, m.String())
		return err
	}
	m.table()
	m.causes()
	m.details()
	_, err := io.WriteString(w, m.String())
	return err
}

type markdown struct {
	strings.Builder
	Options
	r *gate.Result
}

func (m *markdown) line(format string, args ...any) { _, _ = fmt.Fprintf(m, format+"\n", args...) }

// code shows a stranger's text as it is: inside <code> GitHub and GitLab look for no names
// of people or issues, and a character that Markdown or HTML knows is an entity, which no
// parser takes for structure. Bare addresses are no links.
func code(s string) string {
	if s == "" {
		return ""
	}
	var b strings.Builder
	for _, r := range s {
		if r < 0x80 && strings.ContainsRune("&<>|\\`*_~[]!$@#\"'(){}^=+", r) {
			fmt.Fprintf(&b, "&#%d;", r)
			continue
		}
		b.WriteRune(r)
	}
	return "<code>" + linkless.Replace(b.String()) + "</code>"
}

// words shows a sentence: as it is where it has none but harmless characters.
func words(s string) string {
	harmless := func(r rune) bool {
		return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune(" .,;:%/?−–-", r)
	}
	if strings.IndexFunc(s, func(r rune) bool { return !harmless(r) }) >= 0 || linkless.Replace(s) != s {
		return code(s)
	}
	return s
}

// linkless breaks what GitHub makes a link of without being asked.
var linkless = strings.NewReplacer("://", "&#58;//", "www.", "www&#46;", "WWW.", "WWW&#46;", "mailto:", "mailto&#58;", "xmpp:", "xmpp&#58;")

func (m *markdown) name(s string) string { return code(brief(s, nameCharacter)) }

func (m *markdown) verdict() {
	icon := "✅"
	if violated(m.r) {
		icon = "❌"
	}
	title := "passed"
	switch {
	case m.r.Unbuilt != nil:
		title = unbuilt(m.r)
	case violated(m.r):
		title = "violated: " + units.Plural(len(m.r.Violations), "budget") + " broken"
	}
	m.line("### %s tare check %s", icon, title)
	if len(m.r.Violations)+len(m.r.Notes) > 0 {
		m.line("")
	}
	for n := range m.r.Violations {
		if n == firstViolations && !m.Details {
			m.line("- and %d more", len(m.r.Violations)-n)
			break
		}
		v := &m.r.Violations[n]
		where := ""
		if p := place(v.File, v.Line); p != "" {
			where = " · " + code(brief(p, 120))
		}
		m.line("- %s %s: %s%s", m.name(violator(m.r, v)), m.name(v.Rule), words(brief(m.sentence(v), 200)), where)
	}
	for n, note := range m.r.Notes {
		if n == 2 && !m.Details {
			m.line("- and %d more notes", len(m.r.Notes)-n)
			break
		}
		m.line("- note: %s", words(brief(note, 200)))
	}
}

// shown are the images that have a row: in a large check only those in which something
// of yours changed or a budget is broken.
func (m *markdown) shown() (list []*gate.Image, left int) {
	broken := map[string]bool{}
	for n := range m.r.Violations {
		broken[m.r.Violations[n].Image] = true
	}
	many := len(m.r.Images) > tableImages && !m.Details
	for pass := range 2 {
		for n := range m.r.Images {
			img := &m.r.Images[n]
			if mine := broken[img.Name] || img.Delta == nil || !none(img.Delta.Yours); mine == (pass == 0) {
				list = append(list, img)
			}
		}
	}
	if many {
		list, left = list[:tableImages], len(list)-tableImages
	}
	return list, left
}

func (m *markdown) table() {
	list, left := m.shown()
	m.line("")
	columns := 4
	title, rule := "", ""
	for _, img := range list {
		if img.Delta != nil && !none(img.Delta.Unknown) {
			columns, title, rule = 5, " unknown |", "---:|"
		}
	}
	m.line("| image | transfer | live | your change | base | packages | noise |%s", title)
	m.line("|---|---:|---:|---:|---:|---:|---:|%s", rule)
	for _, img := range list {
		cells := slices.Repeat([]string{"–"}, columns)
		if d := img.Delta; d != nil {
			unit := measures[0] // transfer
			if !d.Total.Transfer.Known() {
				unit = measures[2]
			}
			for k, p := range parts(d)[:columns] {
				cells[k] = unit.change(p.Amounts).Text(m.delta)
			}
			if cells[0] != "0B" && cells[0] != "0" {
				cells[0] = "**" + cells[0] + "**"
			}
		}
		m.line("| %s | %s | %s | %s |", m.name(imageName(m.r, img)), m.sided(img, measures[0]), m.sided(img, measures[1]), strings.Join(cells, " | "))
	}
	if left > 0 {
		m.line("")
		m.line("%d more images.", left)
	}
}

// sided is a measure of an image with its change.
func (m *markdown) sided(img *gate.Image, k measure) string {
	s := k.size(&img.After).Text(m.size)
	if img.Delta != nil {
		if n, ok := k.change(img.Delta.Total).Int(); ok && n != 0 {
			s += " (" + m.delta(n) + ")"
		}
	}
	return s
}

// blame is a cause in one line.
func (m *markdown) blame(c *cause) string {
	amount := m.delta(c.Tar) + " tar"
	if n, ok := c.Transfer.Int(); ok {
		amount = m.delta(n) + " transfer, " + m.delta(c.Live) + " live"
	}
	s := amount
	if p := place(c.File, c.Line); p != "" {
		s += " · " + code(brief(p, 120))
	}
	if c.Text != "" {
		s += " " + code(brief(c.Text, textCharacter))
	}
	if c.Part != gate.Yours {
		s += " (" + partTitle(c.Part) + ")"
	}
	if len(c.images) > 1 {
		s += fmt.Sprintf(" in %d images", len(c.images))
	}
	return s
}

func (m *markdown) causes() {
	shown, _ := largest(causesOf(m.r))
	for n, c := range shown {
		if n == 0 {
			m.line("")
			m.line("Largest causes:")
			m.line("")
		}
		m.line("%d. %s", n+1, m.blame(&c))
	}
}

// details are the parts of every change on every measure, and more causes, folded.
func (m *markdown) details() {
	list, _ := m.shown()
	m.line("")
	m.line("<details><summary>All parts and causes</summary>")
	m.line("")
	m.line("| image | measure | before | after | change | your change | base | packages | noise | unknown |")
	m.line("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|")
	for _, img := range list {
		columns := make([]string, 9)
		for k, q := range measures {
			cells := []string{q.name, "–", q.size(&img.After).Text(m.size), "–", "–", "–", "–", "–", "–"}
			if img.Before != nil {
				cells[1] = q.size(img.Before).Text(m.size)
			}
			if d := img.Delta; d != nil {
				cells[3] = q.change(d.Total).Text(m.delta)
				for j, p := range parts(d) {
					cells[4+j] = q.change(p.Amounts).Text(m.delta)
				}
			}
			for j, c := range cells {
				if k > 0 {
					columns[j] += "<br>"
				}
				columns[j] += c
			}
		}
		m.line("| %s | %s |", m.name(imageName(m.r, img)), strings.Join(columns, " | "))
	}
	all := causesOf(m.r)
	shown, _ := largest(all)
	if len(all) > len(shown) {
		m.line("")
	}
	for n := len(shown); n < len(all); n++ {
		if n == firstCauses+detailCauses && !m.Details {
			m.line("- and %d more", len(all)-n)
			break
		}
		m.line("- %s", m.blame(&all[n]))
	}
	m.line("")
	m.line("</details>")
}
