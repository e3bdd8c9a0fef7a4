package main

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// roff is a manual page in the making, in the language of man(7).
type roff struct {
	strings.Builder
	fresh bool // nothing stands below the last heading yet
}

// paragraph begins one; below a heading it needs no request.
func (r *roff) paragraph() {
	if !r.fresh {
		r.WriteString(".PP\n")
	}
	r.fresh = false
}

// line writes a request with its arguments, which are text.
func (r *roff) line(request string, args ...string) {
	r.WriteString(request)
	for _, a := range args {
		r.WriteString(` "` + strings.ReplaceAll(escape(a), `"`, `\(dq`) + `"`)
	}
	r.WriteByte('\n')
	r.fresh = request == ".SH" || request == ".SS"
}

// filled writes lines that are to be filled as one paragraph.
func (r *roff) filled(text string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			r.WriteString(guarded(escape(line)) + "\n")
		}
	}
}

// literal writes lines as they are: examples, and tables that are no lists.
func (r *roff) literal(lines []string) {
	r.paragraph()
	r.WriteString(".RS 4\n.nf\n")
	for _, l := range lines {
		r.WriteString(guarded(escape(strings.TrimPrefix(l, "  "))) + "\n")
	}
	r.WriteString(".fi\n.RE\n")
}

// item writes a term and what it means. The term is roff already.
func (r *roff) item(term, text string) {
	r.fresh = false
	r.WriteString(".TP\n" + guarded(term) + "\n")
	r.filled(text)
}

// prose writes a help text: paragraphs at the left, and below them, indented, lists of
// terms, or lines that stay as they are.
func (r *roff) prose(text string) {
	var plain, indented []string
	flush := func() {
		if len(plain) > 0 {
			r.paragraph()
			r.filled(strings.Join(plain, "\n"))
		}
		if len(indented) > 0 {
			r.indented(indented)
		}
		plain, indented = nil, nil
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \n")
		switch {
		case line == "":
			flush()
		case strings.HasPrefix(line, "  "):
			if len(plain) > 0 {
				flush()
			}
			indented = append(indented, line)
		default:
			if len(indented) > 0 {
				flush()
			}
			plain = append(plain, line)
		}
	}
	flush()
}

// listed is a line of a list: a term, a gap, its meaning.
var listed = regexp.MustCompile(`^  (\S+(?: \S+)*)(?:  +(\S.*))?$`)

// indented writes a list if the lines are one (each term stands two columns in, what it
// means in the same or in deeper lines), else the lines as they are.
func (r *roff) indented(lines []string) {
	type entry struct{ term, text string }
	var list []entry
	for _, l := range lines {
		if m := listed.FindStringSubmatch(l); m != nil {
			list = append(list, entry{m[1], m[2]})
		} else if len(list) > 0 && strings.HasPrefix(l, "      ") {
			list[len(list)-1].text += "\n" + l
		} else {
			r.literal(lines)
			return
		}
	}
	for _, e := range list {
		if strings.TrimSpace(e.text) == "" {
			r.literal(lines)
			return
		}
	}
	for _, e := range list {
		r.item(bold(e.term), e.text)
	}
}

func bold(s string) string   { return `\fB` + escape(s) + `\fR` }
func italic(s string) string { return `\fI` + escape(s) + `\fR` }

// signs are characters that roff would take for something else: a hyphen must stay one
// that can be pasted into a shell.
var signs = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`)

// escape makes a text roff. The result is ASCII, so that every locale can read it.
func escape(s string) string {
	s = signs.Replace(s)
	var b strings.Builder
	for _, c := range s {
		if c < utf8.RuneSelf {
			b.WriteRune(c)
		} else {
			fmt.Fprintf(&b, `\[u%04X]`, c)
		}
	}
	return b.String()
}

// guarded keeps a line of text from being a request.
func guarded(line string) string {
	if strings.HasPrefix(line, ".") {
		return `\&` + line
	}
	return line
}
