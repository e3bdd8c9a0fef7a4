package scan

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"

	"tare/internal/fleet"
	"tare/internal/request"
	"tare/internal/shard"
	"tare/internal/units"
)

// Schema names the form of an outcome.
const Schema = "tare.fleet-scan/v1"

// Part is a number of layers and the bytes of their blobs.
type Part struct {
	Layers int   `json:"layers"`
	Bytes  int64 `json:"bytes"`
}

// Outcome is what one shard of a scan has done.
type Outcome struct {
	Schema string        `json:"schema"`
	Plan   digest.Digest `json:"plan"`
	Shard  int           `json:"shard"` // from 1
	Shards int           `json:"shards"`
	Out    string        `json:"out"`
	Images int           `json:"images"`
	// All are the layers of the plan, each once, and Own those of this shard. Own is the sum of There, Cached, Indexed, Read and Failed.
	All     Part `json:"all"`
	Own     Part `json:"own"`
	There   Part `json:"there"`   // were in the results already
	Cached  Part `json:"cached"`  // their indexes were in the cache of this machine
	Indexed Part `json:"indexed"` // a registry that is trusted keeps their indexes
	Read    Part `json:"read"`    // their blobs were read
	// Failed are layers that could not be read, and Unreadable what the plan could not read.
	Failed     []fleet.Failure    `json:"failed,omitempty"`
	Unreadable []fleet.Unreadable `json:"unreadable,omitempty"`
	// Skipped counts what is no image among the tags, where this shard made the plan.
	Skipped Skipped `json:"skipped,omitempty"`
}

func newOutcome(w *fleet.Work, s shard.Shard, out string, skipped Skipped) *Outcome {
	o := &Outcome{Schema: Schema, Plan: w.Digest, Shard: s.Index, Shards: s.Of, Out: out, Images: len(w.Plan.Images), Unreadable: w.Plan.Unreadable, Skipped: skipped}
	for _, b := range w.Plan.Blobs() {
		o.All.add(b.Bytes())
		if fleet.ShardOf(b.Digest, s.Of) == s.Index {
			o.Own.add(b.Bytes())
		}
	}
	return o
}

func (p *Part) add(bytes int64) {
	p.Layers++
	p.Bytes += bytes
}

// text is the part for people.
func (p Part) text() string {
	return fmt.Sprintf("%s, %s", units.Plural(p.Layers, "layer"), units.Bytes(p.Bytes))
}

// count notes a layer that is in the results now.
func (o *Outcome) count(h how, bytes int64) {
	switch h {
	case wasThere:
		o.There.add(bytes)
	case fromCache:
		o.Cached.add(bytes)
	case fromIndex:
		o.Indexed.add(bytes)
	default:
		o.Read.add(bytes)
	}
}

// done says how many layers are in the results.
func (o *Outcome) done() string {
	return units.Plural(o.There.Layers+o.Cached.Layers+o.Indexed.Layers+o.Read.Layers, "layer")
}

// Complete tells whether everything that was named could be read, as far as this shard knows.
func (o *Outcome) Complete() bool { return len(o.Failed) == 0 && len(o.Unreadable) == 0 }

// mostLines bounds a list for people.
const mostLines = 20

// Write writes the outcome as text or json.
func (o *Outcome) Write(w io.Writer, format string) error {
	switch format {
	case "text":
		return o.text(w)
	case "json":
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(o)
	}
	return request.Errorf("--format %.40q: want text or json", format)
}

func (o *Outcome) text(w io.Writer) error {
	p := &printer{w: w}
	p.line("Plan    %s, %s%s", units.Plural(o.Images, "image"), o.All.text(), o.Skipped.text())
	if o.Shards > 1 {
		p.line("Shard   %d of %d: %s", o.Shard, o.Shards, o.Own.text())
	}
	p.line("Read    %s", o.Read.text())
	if o.Cached.Layers > 0 {
		p.line("Cached  %s, known on this machine", o.Cached.text())
	}
	if o.Indexed.Layers > 0 {
		p.line("Indexed %s, known in the registry", o.Indexed.text())
	}
	if o.There.Layers > 0 {
		p.line("There   %s, read before", o.There.text())
	}
	p.unreadable(o.Unreadable)
	if len(o.Failed) > 0 {
		p.line("Not read (%s):", units.Plural(len(o.Failed), "layer"))
		for _, f := range o.Failed[:min(len(o.Failed), mostLines)] {
			p.line("  %s  %s", f.Layer, f.Why)
		}
		p.more(len(o.Failed))
	}
	p.line("Results in %s", o.Out)
	return p.err
}

// Summary says what a plan comes to, for people.
func Summary(w io.Writer, plan *fleet.Plan, skipped Skipped) {
	var all Part
	for _, b := range plan.Blobs() {
		all.add(b.Bytes())
	}
	p := &printer{w: w}
	p.line("%s, %s%s", units.Plural(len(plan.Images), "image"), all.text(), skipped.text())
	p.unreadable(plan.Unreadable)
}

// unreadable lists what a plan could not read; nothing if there is nothing.
func (p *printer) unreadable(list []fleet.Unreadable) {
	if len(list) == 0 {
		return
	}
	p.line("Not readable (%d):", len(list))
	for _, u := range list[:min(len(list), mostLines)] {
		p.line("  %s  %s", u.Name, u.Why)
	}
	p.more(len(list))
}

// printer writes lines until one fails.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, a ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", a...)
	}
}

func (p *printer) more(n int) {
	if n > mostLines {
		p.line("  and %d more", n-mostLines)
	}
}
