package profile

import (
	"strings"

	"tare/internal/advice"
)

// find looks for findings in the image, by the lines that made its layers.
func (r *Result) find(in Input) {
	if in.Image == nil || in.Image.Facts == nil {
		return
	}
	img := &advice.Image{Facts: in.Image.Facts, Lines: map[int]int{}, Base: len(in.Image.Report.Layers), Context: r.context(in)}
	for i := range r.Lines {
		if l := &r.Lines[i]; l.Layer > 0 && r.Stages[l.Stage].Final {
			img.Lines[l.Layer-1] = l.Lines[0]
			img.Base = min(img.Base, l.Layer-1)
		}
	}
	r.Findings, r.Savings = advice.Of(img)
}

// context is what was sent to the builder and what became of it.
func (r *Result) context(in Input) advice.Context {
	var c advice.Context
	for _, s := range in.Steps {
		if strings.HasPrefix(s.Name, "[internal] load build context") {
			c.Sent += s.Sent
		}
	}
	for i := range r.Lines {
		if l := &r.Lines[i]; l.Keyword == "COPY" || l.Keyword == "ADD" {
			c.Copied += l.Bytes.Files
			if c.Line == 0 {
				c.Line = l.Lines[0]
			}
		}
	}
	return c
}
