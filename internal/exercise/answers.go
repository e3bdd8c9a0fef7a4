package exercise

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"tare/internal/compare"
	"tare/internal/experiment"
	"tare/internal/report"
	"tare/internal/suggest"
	"tare/internal/units"
)

// answers is a document of questions and answers in the making.
type answers struct {
	report.Document
	rec   *experiment.Record
	c     *compare.Result
	bytes func(int64) string
	words [][]string // the arguments that name each variant on a command line
}

// Answers answers the questions of the exercise from what was measured, each with its
// numbers and the command that shows them. What one variant cannot answer is said.
func Answers(r *experiment.Record, exact bool) report.Document {
	if r.Comparison == nil {
		return append(report.Document{report.Para{Text: "There are no answers: no variant could be built or pulled."}}, report.Failures(r)...)
	}
	a := &answers{rec: r, c: r.Comparison, bytes: units.Bytes}
	if exact {
		a.bytes = units.Exact
	}
	for _, i := range a.c.Images {
		a.words = append(a.words, target(r, i))
	}
	a.layers()
	a.stages()
	a.smaller()
	a.convenience()
	a.edits()
	a.outcomes()
	return append(a.Document, report.Failures(r)...)
}

func (a *answers) ask(q string) { a.Document = append(a.Document, report.Para{Text: q, Heading: true}) }

func (a *answers) say(format string, v ...any) {
	a.Document = append(a.Document, report.Item{Text: report.Safe(fmt.Sprintf(format, v...))})
}

func (a *answers) show(name string, arguments ...string) {
	a.Document = append(a.Document, report.Para{Text: report.Safe("Shown by: " + suggest.Command(name, arguments...)), Dim: true})
}

// all are the arguments that name all variants.
func (a *answers) all() []string { return slices.Concat(a.words...) }

// alone says, and tells, that a question needs more than the one variant there is.
func (a *answers) alone() bool {
	if len(a.c.Images) > 1 {
		return false
	}
	a.say("%s is the only variant: this takes two. Add another below variants: in the experiment's file.", a.c.Images[0].Name)
	return true
}

func (a *answers) layers() {
	a.ask("How many layers are in each image?")
	for _, i := range a.c.Images {
		a.say("%s has %s; %s made none.", i.Name, units.Plural(i.Layers, "layer"), units.Plural(i.EmptyLayers, "other step"))
	}
	a.show("history", a.words[0]...)
}

func (a *answers) stages() {
	a.ask("How do several stages affect the number of layers and the size?")
	known := a.topic("stages", "")
	if len(a.c.Images) > 1 {
		a.topic("layers", "")
	}
	if !known {
		a.say("No image here is known to have been built in several stages.")
	}
	a.show("compare", a.all()...)
}

func (a *answers) smaller() {
	a.ask("Which is smaller, and why?")
	if a.alone() {
		return
	}
	a.topic("ranking", "")
	a.topic("difference", "")
	a.show("compare", append([]string{"--full", "--depth", "5"}, a.all()...)...)
}

func (a *answers) convenience() {
	a.ask("Convenience against size: what does each image have that the others lack?")
	if a.alone() {
		return
	}
	if !a.topic("packages", "") {
		a.say("This record does not say: run the experiment again.")
	}
	a.topic("tools", "")
	a.show("diff", slices.Concat(a.words[0], a.words[len(a.words)-1])...)
}

func (a *answers) edits() {
	a.ask("What does it cost to change one file?")
	costs := false
	for i := range a.rec.Variants {
		v := &a.rec.Variants[i]
		for _, e := range v.Edits {
			if e.Skipped != "" {
				continue
			}
			text := fmt.Sprintf("%s, edit %s: a host that has the image pulls %s in %s again", v.Name, e.Name, a.bytes(e.Repull), units.Plural(e.Layers, "layer"))
			if m := v.Measure(experiment.Rebuild + e.Name); m != nil {
				text += ", and the rebuild takes " + units.Seconds(time.Duration(m.Value*float64(time.Second)))
			}
			a.say("%s.", text)
			costs = true
		}
	}
	if !costs {
		a.say("No edit was measured: add some below edit: in the experiment's file.")
	}
}

func (a *answers) outcomes() {
	a.ask("Which of the exercise's expected outcomes does the measurement support?")
	if !a.topic("", "claims") {
		a.say("None could be judged.")
	}
}

// topic says the sentences of a topic, or of all what they say of a claim.
func (a *answers) topic(which, claims string) (found bool) {
	marks := map[string]report.Mark{Supported: report.Yes, Refuted: report.No}
	said := a.c.Course
	if len(said) == 0 { // a record of an earlier version
		said = a.c.Sentences
	}
	for _, s := range said {
		text := s.Text
		switch {
		case claims != "" && s.Claim != "":
			text = s.Verdict + ": " + s.Claim + "."
		case claims != "" || s.Topic != which:
			continue
		}
		a.Document, found = append(a.Document, report.Item{Mark: marks[s.Verdict], Text: report.Safe(text)}), true
	}
	return found
}

// target are the arguments that name a variant's image on a command line. Records of
// earlier versions do not have them.
func target(r *experiment.Record, i compare.Image) []string {
	if len(i.Target) > 0 {
		return i.Target
	}
	if v := r.Variant(i.Name); v != nil {
		if image, ok := strings.CutPrefix(v.Source, "image "); ok {
			return []string{image}
		}
		if path.IsAbs(v.Source) {
			return []string{v.Source}
		}
		return []string{"./" + v.Source}
	}
	return []string{i.Name}
}
