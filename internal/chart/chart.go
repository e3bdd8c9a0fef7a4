// Package chart draws SVG: layers, waterfalls, treemaps, scatters and Gantt charts, each
// a pure function of what it shows.
package chart

import (
	"fmt"
	"html"
	"io"
	"math"
	"strings"

	"tare/internal/screen"
)

// Picture is a drawing: an SVG without XML head, that works in a page and alone.
type Picture struct {
	ID, Title string
	SVG       string
	W, H      float64 // its size, in CSS pixels
}

// Alone is the picture as a file of its own, with the colours that a page has in its
// style sheet.
func (p Picture) Alone() string {
	head, rest, _ := strings.Cut(p.SVG, ">")
	return head + ">" + svgStyle + rest + "\n"
}

const svgStyle = `<style>text{font:12px system-ui,sans-serif;fill:#1d1d1f}.s{font-size:11px}.d{fill:#6b6b70}.ax{stroke:#c4c4c8}.pos{fill:#c2410c}.neg{fill:#15803d}.tot{fill:#57534e}.dot{fill:#0f62a8}.cell{stroke:#fff}.in{fill:#111}.pen0{stroke:#1f5f9c}.ink0{fill:#1f5f9c}.pen1{stroke:#17693b}.ink1{fill:#17693b}.pen2{stroke:#8a4b00}.ink2{fill:#8a4b00}.pen3{stroke:#7d3c98}.ink3{fill:#7d3c98}.pen4{stroke:#a82848}.ink4{fill:#a82848}.pen5{stroke:#0b6b73}.ink5{fill:#0b6b73}.pen6{stroke:#5a5a00}.ink6{fill:#5a5a00}.pen7{stroke:#4a4fb0}.ink7{fill:#4a4fb0}` +
	`@media(prefers-color-scheme:dark){svg{background:#161618}text{fill:#ececef}.d{fill:#a0a0a6}.ax{stroke:#4a4a50}.pos{fill:#fb923c}.neg{fill:#4ade80}.tot{fill:#a8a29e}.dot{fill:#6cb6ff}.cell{stroke:#161618}.in{fill:#111}.pen0{stroke:#6cb6ff}.ink0{fill:#6cb6ff}.pen1{stroke:#4ade80}.ink1{fill:#4ade80}.pen2{stroke:#fbbf6b}.ink2{fill:#fbbf6b}.pen3{stroke:#d3a4f0}.ink3{fill:#d3a4f0}.pen4{stroke:#ff94a8}.ink4{fill:#ff94a8}.pen5{stroke:#5cd6de}.ink5{fill:#5cd6de}.pen6{stroke:#d2d25a}.ink6{fill:#d2d25a}.pen7{stroke:#aab0ff}.ink7{fill:#aab0ff}}</style>`

// canvas collects the shapes of a picture.
type canvas struct {
	strings.Builder
	w, h float64
}

func (c *canvas) text(x, y float64, class, anchor, s string) {
	if anchor != "" {
		anchor = ` text-anchor="` + anchor + `"`
	}
	if class != "" {
		class = ` class="` + class + `"`
	}
	_, _ = fmt.Fprintf(c, `<text x="%.1f" y="%.1f"%s%s>%s</text>`, x, y, class, anchor, esc(s))
}

// rect draws a rectangle with a tip that says what it is.
func (c *canvas) rect(x, y, w, h float64, attrs, tip string) {
	_, _ = fmt.Fprintf(c, `<rect x="%.2f" y="%.2f" width="%.2f" height="%.2f" %s><title>%s</title></rect>`, x, y, math.Max(0, w), math.Max(0, h), attrs, esc(tip))
}

func (c *canvas) picture(id, title string) Picture {
	return Picture{ID: id, Title: title, W: c.w, H: c.h, SVG: fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" aria-label="%s">%s</svg>`,
		c.w, c.h, c.w, c.h, esc(title), c.String())}
}

// esc makes any text fit for SVG, between tags and in quoted attributes.
func esc(s string) string { return html.EscapeString(screen.Safe(s)) }

// label cuts a text to n characters.
func label(s string, n int) string {
	r := []rune(screen.Safe(s))
	if len(r) <= n {
		return string(r)
	}
	return string(r[:n-1]) + "…"
}

// hue spreads colours so that neighbours differ: steps of the golden angle.
func hue(n int) string {
	return fmt.Sprintf("hsl(%d 52%% 58%%)", int(math.Mod(float64(n)*137.508, 360)))
}

// WriteSVG writes pictures into one SVG file, one below the other.
func WriteSVG(w io.Writer, list []Picture) error {
	if len(list) == 1 {
		_, err := io.WriteString(w, list[0].Alone())
		return err
	}
	var b strings.Builder
	width, y := 0.0, 0.0
	for _, p := range list {
		fmt.Fprintf(&b, `<text x="10" y="%.0f">%s</text>`, y+18, esc(p.Title))
		b.WriteString(strings.Replace(p.SVG, "<svg ", fmt.Sprintf(`<svg y="%.0f" `, y+26), 1))
		width, y = math.Max(width, math.Max(p.W, 7*float64(len(p.Title)))), y+p.H+50
	}
	all := Picture{SVG: fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f">%s</svg>`, width, y, width, y, b.String())}
	_, err := io.WriteString(w, all.Alone())
	return err
}
