package fsck

import (
	"fmt"
	"io"

	"tare/internal/store"
	"tare/internal/units"
)

// Print says what a check found, and what became of it if it was to repair.
func Print(w io.Writer, c *store.Check, repair bool) {
	say := func(format string, v ...any) { _, _ = fmt.Fprintf(w, format, v...) }
	for _, p := range c.Problems {
		switch {
		case p.Repaired && p.Kind == store.ProblemImage:
			say("%s\n  forgotten; %s\n", p.Text, p.Remedy)
		case p.Repaired && p.Kind == store.ProblemIndex:
			say("%s\n  repaired: this %s\n", p.Text, p.Remedy)
		case p.Repaired:
			say("%s\n  repaired\n", p.Text)
		default:
			say("%s\n  %s\n", p.Text, p.Remedy)
		}
	}
	for _, n := range c.Notes {
		say("note: %s\n", n)
	}
	say("Checked: %s, %s (%s), %s, %s\n", units.Plural(c.Images, "image"), units.Plural(c.Blobs, "blob"), units.Bytes(c.Bytes), units.Plural(c.Layers, "layer"), units.Plural(c.Derived, "cache entry"))
	if c.Unread > 0 {
		say("Not checked: what %s to\n", units.Plural(c.Unread, "layer")+map[bool]string{true: " unpacks", false: " unpack"}[c.Unread == 1])
	}
	found := units.Plural(len(c.Problems), "problem") + " found"
	switch {
	case len(c.Problems) == 0:
		say("No problems found.\n")
	case c.Clean:
		say("%s and repaired.\n", found)
	case repair:
		say("%s; not all could be repaired.\n", found)
	default:
		say("%s; tare fsck --repair repairs what can be repaired.\n", found)
	}
}
