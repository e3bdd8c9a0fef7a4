package touch

import (
	"fmt"

	"github.com/opencontainers/go-digest"

	"tare/internal/compare"
	"tare/internal/profile"
	"tare/internal/units"
	"tare/internal/weigh"
)

// Of tells whether the trace is one of an image: of its manifest, or of its configuration,
// which is the same in every registry.
func (t *Trace) Of(id, manifest digest.Digest) bool {
	return t.Manifest == manifest || t.ID != "" && t.ID == id
}

// strange is the error of a trace of another image.
func (t *Trace) strange(of string, id digest.Digest) error {
	return fmt.Errorf("it is a trace of another image: of %s (%s), not of %s (%s)", t.Name, units.ShortID(t.ID.String()), of, units.ShortID(id.String()))
}

// traced is the trace in short.
func (t *Trace) traced() *weigh.Traced {
	out := &weigh.Traced{Complete: t.Complete, Lost: t.Lost, Reasons: t.Reasons, Checks: len(t.Checks)}
	for _, c := range t.Checks {
		if c.Passed {
			out.Passed++
		}
	}
	if t.Bytes != nil {
		out.Touched = t.Bytes.touched()
	}
	return out
}

func (b *Bytes) touched() *weigh.Touched {
	return &weigh.Touched{Read: b.Read, Looked: b.Looked, Untouched: b.Untouched}
}

// OntoWeighed puts what was touched beside what is there. It is an error if none of the
// results is of the image that was traced.
func (t *Trace) OntoWeighed(list []*weigh.Result) error {
	found := false
	for _, r := range list {
		if !t.Of(r.ID, r.Manifest) {
			continue
		}
		found = true
		r.Traced = t.traced()
		layers, packages := parts(t.Layers), map[string]*weigh.Touched{}
		for i := range t.Packages {
			packages[t.Packages[i].Name] = t.Packages[i].touched()
		}
		for i := range r.Layers {
			r.Layers[i].Touched = layers[r.Layers[i].Index]
		}
		for i := range r.Packages {
			r.Packages[i].Touched = packages[string(r.Packages[i].Type)+" "+r.Packages[i].Name]
		}
	}
	if !found {
		return t.strange(list[0].Name, list[0].ID)
	}
	return nil
}

func parts(list []Part) map[int]*weigh.Touched {
	out := map[int]*weigh.Touched{}
	for i := range list {
		out[list[i].Number] = list[i].touched()
	}
	return out
}

// OntoCompared puts traces beside the images that they are of. It is an error if there is
// one that is of none of them.
func OntoCompared(traces []*Trace, r *compare.Result) error {
	for _, t := range traces {
		found := false
		for i := range r.Images {
			if img := &r.Images[i]; t.Of(img.ID, img.Manifest) {
				img.Traced, found = t.traced(), true
			}
		}
		if !found && len(r.Images) > 0 {
			return t.strange(r.Images[0].Name, r.Images[0].ID)
		}
	}
	return nil
}

// OntoProfile puts what was touched beside the lines that made it.
func (t *Trace) OntoProfile(r *profile.Result) error {
	if !t.Of(r.ID, r.Manifest) {
		return t.strange(r.Name, r.ID)
	}
	r.Traced = t.traced()
	layers := parts(t.Layers)
	for i := range r.Lines {
		l := &r.Lines[i]
		if l.Layer > 0 && l.Stage < len(r.Stages) && r.Stages[l.Stage].Final {
			l.Touched = layers[l.Layer]
		}
	}
	return nil
}
