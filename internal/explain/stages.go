package explain

import (
	"fmt"

	"tare/internal/compare"
	"tare/internal/units"
)

// stages says what earlier stages of a Dockerfile kept out of an image, where they are
// known. From images alone it cannot be told.
func (w *writer) stages() {
	for i := range w.r.Images {
		if im := &w.r.Images[i]; im.AllStages != nil && len(im.Stages) > 0 {
			w.known(im)
		}
	}
}

// known judges a build with several stages by what they hold together: what two of them
// hold counts once.
func (w *writer) known(im *compare.Image) {
	all := im.AllStages
	evidence := []compare.Evidence{}
	var names []string
	for _, s := range im.Stages {
		names = append(names, s.Name)
		evidence = append(evidence, compare.Evidence{What: "bytes of stage " + s.Name + " that are not in the image", Image: im.Name, Measure: "live", Kind: "stage", Subject: s.Name, Value: s.LeftBehind})
	}
	evidence = append(evidence, compare.Evidence{What: "build tools among what all stages left behind", Image: im.Name, Measure: "live", Kind: "stages", Value: all.Toolchain},
		compare.Evidence{What: "bytes of all stages that are in the image with other contents", Image: im.Name, Measure: "live", Kind: "stages", Value: all.Replaced},
		compare.Evidence{What: "bytes that layers of the stages hide", Image: im.Name, Measure: "waste", Kind: "stages", Value: all.Waste},
		compare.Evidence{What: "bytes of all stages that are not in the image", Image: im.Name, Measure: "live", Kind: "stages", Value: all.LeftBehind})
	who := "stage " + inWords(names)
	if len(names) > 1 {
		who = "stages " + inWords(names)
	}
	text := fmt.Sprintf("The multi-stage build of %s ", im.Name)
	switch {
	case w.m.Of(all.LeftBehind, im.Sizes.Live):
		text += fmt.Sprintf("saves %s: files of %s that are not in the image", units.Bytes(all.LeftBehind), who)
		if all.Toolchain > 0 {
			text += fmt.Sprintf(", %s of them %s", units.Bytes(all.Toolchain), toolchain)
		}
		if w.m.Of(all.Waste, im.Sizes.Live) {
			text += fmt.Sprintf("; and %s that layers of %s hide", units.Bytes(all.Waste), who)
		}
	case w.m.Of(all.Waste, im.Sizes.Live):
		text += fmt.Sprintf("saves %s that layers of %s hide; of the files that a container of it would see, %s are not in the image", units.Bytes(all.Waste), who, units.Bytes(all.LeftBehind))
	case all.LeftBehind+all.Replaced+all.Waste == 0:
		text += fmt.Sprintf("saves 0B: the files of %s are all in the image as well", who)
	default:
		text += fmt.Sprintf("saves next to nothing: %s of the files of %s are not in the image", units.Bytes(all.LeftBehind), who)
		if all.Replaced > 0 {
			text += fmt.Sprintf(", and %s are there with other contents", units.Bytes(all.Replaced))
		}
	}
	w.say(compare.Sentence{Kind: Stages, Text: text + ".", Evidence: evidence})
}
