package page

import (
	"cmp"
	"fmt"
	"html"
	"strings"

	"tare/internal/screen"
)

// mark is a part of a bar, from and to a part of its width.
type mark struct {
	from, to float64 // from 0 to 1
	class    string
	tip      string
}

// bar draws marks in the width that there is: a picture of rows is as wide as a phone or a
// screen, and its words stay words of the page, which wrap, print and can be read aloud.
func bar(b *strings.Builder, class string, marks ...mark) {
	fmt.Fprintf(b, "<svg class=\"%s\" aria-hidden=\"true\">", class)
	for _, m := range marks {
		from, to := min(m.from, m.to), max(m.from, m.to)
		fmt.Fprintf(b, "<rect class=\"%s\" x=\"%.2f%%\" width=\"%.2f%%\" height=\"100%%\">", m.class, 100*from, max(0.3, 100*(to-from)))
		if m.tip != "" {
			fmt.Fprintf(b, "<title>%s</title>", esc(m.tip))
		}
		b.WriteString("</rect>")
	}
	b.WriteString("</svg>")
}

// row is one line of a picture: what it is, a bar, and its value.
func row(b *strings.Builder, label, value, class string, marks ...mark) {
	fmt.Fprintf(b, "<li><span class=\"l\">%s</span>", text(label))
	bar(b, "bar "+class, marks...)
	fmt.Fprintf(b, "<span class=\"v\">%s</span></li>\n", esc(value))
}

// text is a label, shortened where it is very long: the rest opens on demand.
func text(s string) string {
	if len([]rune(s)) <= longText {
		return esc(s)
	}
	return fmt.Sprintf("<details class=\"long\"><summary>%s …</summary>%s</details>", esc(shorten(s, shortText)), esc(s))
}

// figure writes a picture with what it is about, which is read before it.
func figure(b *strings.Builder, attrs, caption string, body func()) {
	fmt.Fprintf(b, "<figure%s><figcaption>%s</figcaption>\n", attrs, esc(caption))
	body()
	b.WriteString("</figure>\n")
}

// key is one entry of a legend.
type key struct{ class, text string }

// legend says what the colours mean.
func legend(b *strings.Builder, keys ...key) {
	b.WriteString("<ul class=\"legend\">")
	for _, k := range keys {
		fmt.Fprintf(b, "<li><svg class=\"swatch\" aria-hidden=\"true\"><rect class=\"%s\" width=\"100%%\" height=\"100%%\"></rect></svg>%s</li>", k.class, esc(k.text))
	}
	b.WriteString("</ul>\n")
}

// option writes a choice.
func option(b *strings.Builder, value, label string) {
	fmt.Fprintf(b, "<option value=\"%s\">%s</option>", html.EscapeString(screen.Safe(value)), html.EscapeString(screen.Safe(cmp.Or(label, value))))
}
