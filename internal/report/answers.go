package report

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"tare/internal/compare"
	"tare/internal/lab"
	"tare/internal/suggest"
	"tare/internal/units"
)

// Answers answers the questions of the exercise "Comparing Python images" from what
// was measured, each with its numbers and the command that shows them.
func Answers(r *lab.Record, exact bool) Document {
	c := r.Comparison
	if c == nil {
		return append(Document{Para{Text: "There are no answers: no variant could be obtained."}}, failures(r)...)
	}
	size := sizes{exact}.text
	var d Document
	ask := func(q string) { d = append(d, Para{Text: q, Heading: true}) }
	show := func(name string, arguments ...string) {
		d = append(d, Para{Text: "Shown by: " + Safe(suggest.Command(name, arguments...)), Dim: true})
	}
	var all []string
	for _, i := range c.Images {
		all = append(all, target(r, i)...)
	}
	first, last := target(r, c.Images[0]), target(r, c.Images[len(c.Images)-1])

	ask("How many layers are in each image?")
	for _, i := range c.Images {
		d = append(d, Item{Text: fmt.Sprintf("%s has %s, and %s that make none.", Safe(i.Name), units.Plural(i.Layers, "layer"), units.Plural(i.EmptyLayers, "step"))})
	}
	show("history", first...)

	ask("How does the second stage affect the number of layers and the size?")
	known := topic(&d, c, "stages")
	for _, s := range c.Sentences {
		if s.Topic == "layers" {
			d = append(d, said(s))
		}
	}
	if !known {
		d = append(d, Item{Text: "No image here is known to have been built in several stages."})
	}
	show("compare", all...)

	ask("Which is smaller, and why?")
	topic(&d, c, "ranking")
	for _, s := range c.Sentences {
		if s.Topic == "difference" {
			d = append(d, said(s))
		}
	}
	show("compare", append([]string{"--depth", "5"}, all...)...)

	ask("Convenience against size: what does each image have that the others lack?")
	for i := range c.Images {
		d = append(d, Item{Text: lacks(c, i, size)})
	}
	topic(&d, c, "tools")
	show("diff", append(slices.Clone(first), last...)...)

	ask("What does it cost to change one file?")
	costs := false
	for _, v := range r.Variants {
		for _, e := range v.Edits {
			if e.Skipped == "" {
				text := fmt.Sprintf("%s, edit %s: a node that has the image fetches %s in %s again", Safe(v.Name), Safe(e.Name), size(e.Repull), units.Plural(e.Layers, "layer"))
				if m := v.Measure(lab.Rebuild + e.Name); m != nil {
					text += ", and the rebuild takes " + quantity(m.Unit, m.Value, false).Text
				}
				d, costs = append(d, Item{Text: text + "."}), true
			}
		}
	}
	if !costs {
		d = append(d, Item{Text: "The experiment has no edits: add some below edit: in its file."})
	}

	ask("Which of the exercise's expected outcomes does the measurement support?")
	for _, s := range c.Sentences {
		if s.Claim != "" {
			d = append(d, Item{Mark: verdictMark[s.Verdict], Text: s.Verdict + ": " + Safe(s.Claim) + "."})
		}
	}
	return append(d, failures(r)...)
}

// target are the arguments that name a variant's image on a command line. Records of
// earlier versions do not have them.
func target(r *lab.Record, i compare.Image) []string {
	if len(i.Target) > 0 {
		return i.Target
	}
	if v := r.Variant(i.Name); v != nil {
		if image, ok := strings.CutPrefix(v.Source, "image "); ok {
			return []string{image}
		}
		if filepath.IsAbs(v.Source) {
			return []string{v.Source}
		}
		return []string{"./" + v.Source}
	}
	return []string{i.Name}
}

func said(s compare.Sentence) Item {
	return Item{Mark: verdictMark[s.Verdict], Text: Safe(s.Text)}
}

func topic(d *Document, c *compare.Result, which string) bool {
	found := false
	for _, s := range c.Sentences {
		if s.Topic == which {
			*d, found = append(*d, said(s)), true
		}
	}
	return found
}

// lacks says what one image has not that others of the set have, from the causes of
// the differences.
func lacks(c *compare.Result, n int, size func(int64) string) string {
	me := c.Images[n].Name
	type thing struct {
		name  string
		bytes int64
	}
	var most []thing
	seen := map[string]bool{}
	count := 0
	for i := range c.Differences {
		d := &c.Differences[i]
		if d.Measure != "live" || d.From != me && d.To != me {
			continue
		}
		for _, k := range d.Causes {
			missing := d.From == me && k.Change == "added" || d.To == me && k.Change == "removed"
			if k.Kind != "package" || !missing || seen[k.Subject] {
				continue
			}
			seen[k.Subject] = true
			count++
			b := max(k.Bytes, -k.Bytes)
			at := len(most)
			for at > 0 && most[at-1].bytes < b {
				at--
			}
			_, name, _ := strings.Cut(k.Subject, " ")
			most = append(most[:at], append([]thing{{name, b}}, most[at:]...)...)
		}
	}
	if count == 0 {
		return fmt.Sprintf("%s lacks no package that another has.", Safe(me))
	}
	var largest []string
	for _, t := range most[:min(5, len(most))] {
		largest = append(largest, Safe(t.name)+" ("+size(t.bytes)+")")
	}
	return fmt.Sprintf("%s lacks %s that others have, the largest being %s.", Safe(me), units.Plural(count, "package"), strings.Join(largest, ", "))
}
