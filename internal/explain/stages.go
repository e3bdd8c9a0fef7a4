package explain

import (
	"fmt"

	"tare/internal/compare"
	"tare/internal/units"
)

// stages says what earlier stages of a Dockerfile kept out of an image, where they
// are known; else what can be said from the images alone.
func (w *writer) stages() {
	for i := range w.r.Images {
		if s := w.r.Subjects[i]; len(s.Stages) > 0 {
			w.known(&w.r.Images[i])
		}
	}
	for i := range w.r.Differences {
		d := &w.r.Differences[i]
		a, b := d.Ends()
		if d.Measure != "live" || len(w.r.Subjects[a].Stages)+len(w.r.Subjects[b].Stages) > 0 || w.r.Images[a].Base != w.r.Images[b].Base {
			continue
		}
		w.unknown(d)
	}
}

// known judges a build with several stages by what each holds.
func (w *writer) known(im *compare.Image) {
	var left, tools int64
	var evidence []compare.Evidence
	for _, s := range im.Stages {
		left += s.LeftBehind
		tools += s.Toolchain
		evidence = append(evidence, compare.Evidence{What: "bytes of stage " + s.Name + " that are not in the image", Image: im.Name, Measure: "live", Kind: "stage", Subject: s.Name, Value: s.LeftBehind},
			compare.Evidence{What: "build tools among them", Image: im.Name, Measure: "live", Kind: "stage", Subject: s.Name, Value: s.Toolchain})
	}
	names := []string{}
	for _, s := range im.Stages {
		names = append(names, s.Name)
	}
	if left == 0 {
		w.say(compare.Sentence{Kind: Stages, Text: fmt.Sprintf("The multi-stage build of %s saves 0B: %s holds nothing that is not in the image as well; one stage with the same instructions is as small.", im.Name, stageWord(names)),
			Evidence: evidence})
		return
	}
	w.say(compare.Sentence{Kind: Stages, Text: fmt.Sprintf("The multi-stage build of %s saves %s that %s would add, %s of it %s.", im.Name, units.Bytes(left), stageWord(names), units.Bytes(tools), toolchain),
		Evidence: evidence})
}

func stageWord(names []string) string {
	if len(names) == 1 {
		return "stage " + names[0]
	}
	return "its stages " + list(names) + " together"
}

// unknown says of two images on one base what is left for the way of building to
// have saved, when all packages that only one of them has are set aside.
func (w *writer) unknown(d *compare.Difference) {
	var packs int64
	for _, c := range d.Causes {
		if c.Toolchain {
			return // a stage may well have kept it out: the images alone do not tell
		}
		if c.Kind == "package" && c.Change != "changed" {
			packs += c.Bytes
		}
	}
	rest := d.Total - packs
	if packs == 0 || packs*d.Total <= 0 || abs(rest)*100 > abs(d.Total) {
		return
	}
	larger, smaller := ends(d)
	w.say(compare.Sentence{
		Kind: OneStage,
		Text: fmt.Sprintf("Without the packages that only %s has, the two differ by %s: leaving them out makes %s as small as %s, and the number of stages it was built in saves 0B beyond that.",
			larger, units.Bytes(abs(rest)), larger, smaller),
		Evidence: []compare.Evidence{{What: "packages that only one has", From: d.From, To: d.To, Measure: "live", Kind: "package", Value: packs}, {What: "everything else", From: d.From, To: d.To, Measure: "live", Value: rest}},
	})
}
