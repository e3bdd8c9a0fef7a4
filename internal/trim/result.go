package trim

import (
	"tare/internal/image"
)

// Schema names the form of Result as JSON: docs/reference/trim.schema.json.
const Schema = "tare.trim/v1"

// Result is what became of all candidates, and the patch of those that are kept.
type Result struct {
	Schema     string `json:"schema"`
	Name       string `json:"name"`       // the directory or Dockerfile that was named
	Dockerfile string `json:"dockerfile"` // relative to the directory that the patch is for
	// Before and After are the image as it is and with the kept edits, each built without the
	// cache; the same when nothing is kept.
	Before State `json:"before"`
	After  State `json:"after"`
	// Patch is a unified diff of all kept edits; empty when nothing is kept.
	Patch      string    `json:"patch"`
	Candidates []Verdict `json:"candidates"`
	// Checks are the commands that every edit must pass; empty where there are none.
	Checks []string `json:"checks"`
	// Touched is how many files of the image the checks touch, of how many; null where no
	// complete trace was made.
	Touched *Touched `json:"touched"`
	Notes   []string `json:"notes"`
	// Seconds are what the run took, and what for.
	Seconds Seconds `json:"seconds"`
}

// Seconds say what the time of a run was spent with, in seconds of wall time.
type Seconds struct {
	Total float64 `json:"total"`
	// Builds are those in which something was built, however many edits at once.
	Builds float64 `json:"builds"`
	// Checks are those in which nothing was built and checks ran or were traced.
	Checks float64 `json:"checks"`
	// Own is what tare itself took: Total without Builds and Checks.
	Own float64 `json:"own"`
}

// State is an image that was built.
type State struct {
	Sizes image.Sizes `json:"sizes"`
	// Seconds are those that the build took, without the cache.
	Seconds float64 `json:"seconds"`
}

// Touched says how much of an image its checks touch.
type Touched struct {
	Files int64 `json:"files"`
	Of    int64 `json:"of"`
}

// Verdict is what became of a candidate.
type Verdict struct {
	Rule string `json:"rule"`
	Kind Kind   `json:"kind"`
	File string `json:"file"`
	Line int    `json:"line"`
	What string `json:"what"`
	// Predicted and Measured are what it saves: positive where the image becomes smaller.
	// Predicted is null where the ledger cannot know, Measured where nothing was built.
	Predicted *Saves `json:"predicted"`
	Measured  *Saves `json:"measured"`
	// Exact says that the ledger knows every byte of what was predicted.
	Exact bool `json:"exact"`
	Built bool `json:"built"`
	// Same says that containers see the same as before, but for what is declared.
	Same   bool   `json:"same"`
	Checks Checks `json:"checks"`
	Kept   bool   `json:"kept"`
	// Why says why it was not kept; empty if it was.
	Why string `json:"why"`
	// Unknown says why nothing was predicted; empty if something was.
	Unknown string `json:"unknown,omitempty"`
	// Rebuild is what a change of the source costs before and after the edit, where that is
	// what the edit is for.
	Rebuild *Rebuild `json:"rebuild,omitempty"`
	// Secret says that it takes a secret out of a layer.
	Secret bool `json:"secret,omitempty"`
}

// Rebuild is what a build after a change of a source file does, as the builder's records tell.
type Rebuild struct {
	File string `json:"file"` // that was changed in a copy of the context
	Line int    `json:"line"` // of the step that need not run again
	// Before and After the edit.
	Before Again `json:"before"`
	After  Again `json:"after"`
}

// Again is a rebuild.
type Again struct {
	// Cached says that the step's result was there already.
	Cached bool `json:"cached"`
	// Seconds are those of one rebuild.
	Seconds float64 `json:"seconds"`
	// Layers and Bytes are what a host that has the image fetches to have the new one.
	Layers int   `json:"layers"`
	Bytes  int64 `json:"bytes"`
}

// Checks are the outcomes of an edit's checks.
type Checks struct {
	Passed int `json:"passed"`
	Failed int `json:"failed"`
}

// Saved is what the kept edits save together, in bytes of tar.
func (r *Result) Saved() int64 { return r.Before.Sizes.Tar - r.After.Sizes.Tar }

// Kept are the candidates that were kept.
func (r *Result) Kept() []Verdict {
	var out []Verdict
	for _, c := range r.Candidates {
		if c.Kept {
			out = append(out, c)
		}
	}
	return out
}
