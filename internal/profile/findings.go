package profile

import (
	"tare/internal/advice"
	"tare/internal/compare"
	"tare/internal/engine"
)

// find looks for findings in the image, by the lines that made its layers.
func (r *Result) find(in Input) {
	if in.Image == nil || in.Image.Facts == nil {
		return
	}
	img := &advice.Image{Facts: in.Image.Facts, Lines: map[int]int{}, Base: len(in.Image.Report.Layers), Context: r.context(in), Host: map[int]bool{}, Staged: map[int]bool{}, Installs: r.installs(in)}
	var texts []compare.Line
	for i := range r.Lines {
		texts = append(texts, compare.Line{Text: r.Lines[i].Text, Line: r.Lines[i].Lines[0]})
	}
	img.Steps = compare.Steps(texts, in.Image.Facts.Image)
	for i := range r.Lines {
		if l := &r.Lines[i]; l.Layer > 0 && r.Stages[l.Stage].Final {
			img.Lines[l.Layer-1] = l.Lines[0]
			img.Base = min(img.Base, l.Layer-1)
			for _, k := range in.File.Stages[l.Stage].Instructions {
				if k.Lines == l.Lines {
					img.Host[l.Layer-1], img.Staged[l.Layer-1] = k.FromContext(), k.From != ""
				}
			}
		}
	}
	r.Findings, r.Savings = advice.Of(img)
}

// context is what was sent to the builder in vain, at the first line that takes files of
// the build context.
func (r *Result) context(in Input) advice.Context {
	if in.Now == nil || in.Now.Idle == nil {
		return advice.Context{}
	}
	c := advice.Context{Unused: in.Now.Idle.Bytes, Files: in.Now.Idle.Files, Paths: in.Now.Idle.Top}
	for _, l := range hostLines(in.Ops) {
		if c.Line == 0 || l < c.Line {
			c.Line = l
		}
	}
	return c
}

// hostLines are the first lines of instructions that take files of the build context, by
// the operation's digest.
func hostLines(ops []engine.Op) map[string]int {
	local, out := map[string]bool{}, map[string]int{}
	for i := range ops {
		op := &ops[i]
		if op.Kind == "local" && op.Source == "context" {
			local[op.Digest] = true
		}
		for _, t := range op.Takes {
			if local[t.Input] && len(op.Lines) > 0 {
				out[op.Digest] = op.Lines[0][0]
			}
		}
	}
	return out
}
