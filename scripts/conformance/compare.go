package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// difference is one thing that the two builders did not do alike.
type difference struct{ where, tare, buildkit string }

func (d difference) String() string {
	return fmt.Sprintf("%s: tare %s, BuildKit %s", d.where, orNone(d.tare), orNone(d.buildkit))
}

func orNone(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// tally counts what was held against each other.
type tally struct{ images, layers, identical, entries, values int }

// comparison holds two outcomes against each other. Times of files count when either is
// older than the comparison: what a build writes has the time at which it was written.
type comparison struct {
	since time.Time
	tally tally
	list  []difference
}

func (c *comparison) note(where, tare, buildkit string) {
	if tare != buildkit {
		c.list = append(c.list, difference{where, tare, buildkit})
	}
}

// outcomes says what differs: success, the message and place of a failure, or the images.
func (c *comparison) outcomes(tare, buildkit outcome) error {
	if (tare.err == "") != (buildkit.err == "") {
		result := func(o outcome) string {
			if o.err == "" {
				return "success"
			}
			return "failure: " + o.err
		}
		c.note("result", result(tare), result(buildkit))
		return nil
	}
	if tare.err != "" {
		c.note("message", tare.err, buildkit.err)
		c.note("lines", strings.TrimSpace(tare.lines), strings.TrimSpace(buildkit.lines))
		return nil
	}
	c.note("images", platforms(tare.images), platforms(buildkit.images))
	for i := range min(len(tare.images), len(buildkit.images)) {
		if err := c.image(tare.images[i], buildkit.images[i]); err != nil {
			return err
		}
	}
	return nil
}

func platforms(list []imageFacts) string {
	var out []string
	for _, f := range list {
		out = append(out, f.platform)
	}
	return strings.Join(out, " ")
}

func (c *comparison) image(a, b imageFacts) error {
	c.tally.images++
	for _, k := range union(a.config, b.config) {
		c.tally.values++
		c.note("config "+k, a.config[k], b.config[k])
	}
	c.note("layers", fmt.Sprint(len(a.layers)), fmt.Sprint(len(b.layers)))
	for i := range min(len(a.layers), len(b.layers)) {
		c.tally.layers++
		if a.layers[i].diffID == b.layers[i].diffID {
			c.tally.identical++
			continue
		}
		if err := c.layer(i+1, a.layers[i], b.layers[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c *comparison) layer(n int, a, b layerFacts) error {
	ea, err := a.entries()
	if err != nil {
		return fmt.Errorf("layer %d of tare: %w", n, err)
	}
	eb, err := b.entries()
	if err != nil {
		return fmt.Errorf("layer %d of BuildKit: %w", n, err)
	}
	for _, path := range union(ea, eb) {
		c.tally.entries++
		x, inA := ea[path]
		y, inB := eb[path]
		at := fmt.Sprintf("layer %d: %s", n, path)
		if !inA || !inB {
			c.note(at, there(inA), there(inB))
			continue
		}
		for _, k := range union(x.facts, y.facts) {
			c.note(at+" "+k, x.facts[k], y.facts[k])
		}
		if !x.mtime.Equal(y.mtime) && (x.mtime.Before(c.since) || y.mtime.Before(c.since)) {
			c.note(at+" mtime", x.mtime.UTC().Format(time.RFC3339Nano), y.mtime.UTC().Format(time.RFC3339Nano))
		}
	}
	return nil
}

func there(yes bool) string {
	if yes {
		return "an entry"
	}
	return ""
}

func union[V any](a, b map[string]V) []string {
	out := sortedKeys(a)
	for _, k := range sortedKeys(b) {
		if _, ok := a[k]; !ok {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// without drops the differences at places where BuildKit differs from itself from one
// build to the next: a random name, a time in a file.
func without(list, own []difference) []difference {
	places := map[string]bool{}
	for _, d := range own {
		places[d.where] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(d difference) bool { return places[d.where] })
}
