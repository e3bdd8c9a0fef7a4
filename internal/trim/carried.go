package trim

import (
	"path"
	"slices"

	"tare/internal/draft"
	"tare/internal/layer"
)

// carry takes into a prediction what an image carries of the files that the edit itself
// changes: the Dockerfile and the ignore file come along with COPY . . .
func (p *Project) carry(c *Candidate) {
	if c.Predicted == nil {
		return
	}
	for name, body := range c.Write {
		if name != p.IgnoreName {
			continue
		}
		old := p.Ignore
		if old == nil {
			c.Predicted.Tar -= int64(p.whole()) * (header + padded(len(body)))
			continue
		}
		c.Predicted.Tar -= p.carries(name, len(old)) * (padded(len(body)) - padded(len(old)))
	}
	if len(c.Edits) == 0 {
		return
	}
	if text, err := draft.Apply(p.File.Text, c.Edits); err == nil {
		c.Predicted.Tar -= p.carries(p.Name, len(p.File.Text)) * (padded(len(text)) - padded(len(p.File.Text)))
	}
}

// padded is what a file's content takes in a tar, in bytes.
func padded(n int) int64 { return int64(n+511) / 512 * 512 }

// carries counts the layers that have a file of the context, by its name and length.
func (p *Project) carries(name string, size int) (n int64) {
	for _, cp := range p.copies() {
		if !cp.FromContext() {
			continue
		}
		n += int64(len(p.written(cp, func(file string, e *layer.Entry) bool {
			return e.Kind == layer.File && path.Base(file) == path.Base(name) && e.Size == int64(size)
		})))
	}
	return n
}

// whole counts the COPYs that take the whole context.
func (p *Project) whole() (n int) {
	for _, cp := range p.copies() {
		src, _, ok := p.File.Copied(cp)
		if ok && cp.FromContext() && slices.ContainsFunc(src, func(w draft.Word) bool { return path.Clean("/"+w.Text) == "/" }) {
			n++
		}
	}
	return n
}
