// Package gate judges images against budgets: what a change added, told apart from what
// its surroundings moved, and which budgets that breaks. It is pure: the same facts give
// the same verdict, in every format.
package gate

import (
	"tare/internal/image"
	"tare/internal/units"
)

// Schema names the JSON form of a Result.
const Schema = "tare.check/v1"

// Verdicts.
const (
	Pass     = "pass"
	Violated = "violated" // the exit code is 3 exactly then
)

// Result is what tare check found out. Bytes are integers.
type Result struct {
	Schema  string  `json:"schema"`
	Verdict string  `json:"verdict"`
	Images  []Image `json:"images"`
	// Violations has one row for each rule, measure and image.
	Violations []Violation `json:"violations"`
	// Notes say what was not judged, and why.
	Notes []string `json:"notes,omitempty"`
	// Unbuilt is there where nothing was built, and Images is empty then: what was judged by the
	// Dockerfiles, their contexts and the tare.yaml alone.
	Unbuilt *Unbuilt `json:"unbuilt,omitempty"`
}

// Unbuilt says what a check without a build could judge, and what it could not.
type Unbuilt struct {
	Images  []string `json:"images"`  // the names of what would be built
	Checked []Asked  `json:"checked"` // kept, or broken: then Violations has it
	// NotChecked needs the image: it is neither kept nor broken.
	NotChecked []Asked `json:"notChecked"`
}

// Asked is a rule that an image was held against, or was not.
type Asked struct {
	Image string `json:"image"`
	Rule  string `json:"rule"`
	Why   string `json:"why,omitempty"` // why it was not
}

// Image is one image that was checked: of a variant and a platform.
type Image struct {
	Name     string `json:"name"`
	Platform string `json:"platform"`
	// Before is the baseline; nil where none was asked for or there is none yet.
	Before *Side `json:"before"`
	After  Side  `json:"after"`
	// Delta is nil without a baseline.
	Delta *Delta `json:"delta"`
	// Causes divide Delta, the largest first: for each part and measure they sum up to it.
	Causes []Cause `json:"causes"`
}

// Side is an image before or after the change.
type Side struct {
	Reference string `json:"reference"`
	// Revision is the commit it was built from, where a label or git:REF tells.
	Revision string      `json:"revision,omitempty"`
	Sizes    image.Sizes `json:"sizes"`
	// Unread says that the layers were not read, since manifests alone decided: transfer and
	// stored are known, the other sizes are 0.
	Unread bool `json:"unread,omitempty"`
}

// Delta is after - before, divided: for each measure the five parts sum up to Total, to
// the byte.
type Delta struct {
	Total Amounts `json:"total"`
	// Yours is what changed lines of the Dockerfile and changed files of the context made.
	Yours Amounts `json:"yours"`
	// Base is what FROM names having other layers made.
	Base Amounts `json:"base"`
	// Packages is what unchanged lines made that installed other versions.
	Packages Amounts `json:"packages"`
	// Noise is what unchanged lines made none of whose inputs changed: times, logs, order,
	// the compressor.
	Noise Amounts `json:"noise"`
	// Unknown is what cannot be told apart: no history, a foreign builder.
	Unknown Amounts `json:"unknown"`
}

// Amounts are bytes on the three measures that a change is judged by.
type Amounts struct {
	Tar      int64        `json:"tar"`
	Transfer units.Amount `json:"transfer"` // not known where a side's is not
	Live     int64        `json:"live"`
}

// Parts of a Delta that a Cause belongs to.
const (
	Yours    = "yours"
	Base     = "base"
	Packages = "packages"
	Noise    = "noise"
	Unknown  = "unknown"
)

// Cause is a piece of a Delta and what made it.
type Cause struct {
	Part string `json:"part"`
	// File is relative to the root of the git repository, else to the directory checked.
	// Line counts in the new file; it is nil where a file of the build context is the cause,
	// which File is then.
	File string `json:"file"`
	Line *int   `json:"line"`
	// Text is the instruction, or what happened to the file.
	Text string `json:"text"`
	Amounts

	at int // Line while causes are summed up; 0 for none
}

// Violation is a budget that an image breaks.
type Violation struct {
	Image string `json:"image"`
	// Platform is that of the image; "" where nothing was built.
	Platform string `json:"platform,omitempty"`
	// Rule names the budget as tare.yaml does: "transfer", "growth.live", "layers",
	// "packages.gcc", "findings.RULE", "seconds.start".
	Rule    string `json:"rule"`
	Measure string `json:"measure"`
	// Limit and Value are in the measure's unit: bytes, layers, packages, findings or
	// seconds. A relative limit is worked out in bytes.
	Limit float64 `json:"limit"`
	Value float64 `json:"value"`
	// File and Line are those of the first cause; the line of tare.yaml that set the limit
	// where nothing in the image is to blame.
	File   string  `json:"file"`
	Line   *int    `json:"line"`
	Causes []Cause `json:"causes"`
	// Text is the violation in words.
	Text string `json:"text"`
}
