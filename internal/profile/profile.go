// Package profile says what each line of a Dockerfile costs: seconds, bytes, waste, and
// why it was not in the cache. It is a pure function of the file, of what the builder
// told of its steps, and of the weighed images.
package profile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"tare/internal/dockerfile"
	"tare/internal/engine"
	"tare/internal/units"
	"tare/internal/weigh"
)

// Schema names the form of Result as JSON: docs/reference/profile.schema.json.
const Schema = "tare.profile/v1"

// Result is a profile of a Dockerfile. Bytes are integers, times seconds.
type Result struct {
	Schema     string `json:"schema"`
	Name       string `json:"name"`
	Dockerfile string `json:"dockerfile"` // its path
	Source     string `json:"source"`     // its text
	// ID and Manifest are the image's; absent where the build failed.
	ID       digest.Digest `json:"id,omitempty"`
	Manifest digest.Digest `json:"manifest,omitempty"`
	// Seconds is the wall time of the build; 0 for an image that was not built here.
	Seconds float64 `json:"seconds"`
	// Failed is the error of a build that did not succeed, and FailedLine its line.
	Failed     string `json:"failed,omitempty"`
	FailedLine int    `json:"failedLine,omitempty"`
	Lines      []Line `json:"lines"`
	// Rest is what is no line's: manifest and config, and layers that no line explains.
	Rest   Bytes   `json:"rest"`
	Total  Bytes   `json:"total"` // of the image; the lines of its stages and Rest sum up to it
	Stages []Stage `json:"stages"`
	// Path is the chain of steps that determined how long the build took; its seconds
	// and waits sum up to Seconds. Ideal is how long the build would take with all the
	// parallelism it has.
	Path  []PathStep `json:"path"`
	Ideal float64    `json:"ideal"`
	Spans []Span     `json:"spans"` // all steps, for a picture
	// Misses say why lines were not in the cache, the first cause first.
	Misses []Miss `json:"misses"`
	// Findings are what costs bytes and need not; Savings what they cost together.
	Findings []weigh.Finding `json:"findings"`
	Savings  *weigh.Savings  `json:"savings,omitempty"`
	// Checks are what BuildKit's own checks say of the file.
	Checks []string `json:"checks,omitempty"`
	// Edits are simulated commits.
	Edits []Edit `json:"edits,omitempty"`
	// Splits are the commands of RUN lines, measured one by one.
	Splits []Split `json:"splits,omitempty"`
	// Stale are files of contexts that changed without the builder seeing it: the image has
	// their old content.
	Stale []Unseen `json:"stale,omitempty"`
	Notes []string `json:"notes,omitempty"`
	// Traced is what a trace of the image says; absent without one.
	Traced *weigh.Traced `json:"traced,omitempty"`
	// Map is the map of the image's files, for pages; nil where none was asked for.
	Map *weigh.Node `json:"-"`
}

// Bytes are what a line adds.
type Bytes struct {
	Tar      int64        `json:"tar"`
	Transfer units.Amount `json:"transfer"`
	Files    int64        `json:"files"`
	Live     int64        `json:"live"`  // the part of Files that a container sees
	Waste    int64        `json:"waste"` // the part of Files that later lines hide
	// Caused is what this line hides of lower layers.
	Caused  int64 `json:"caused"`
	Entries int64 `json:"entries"`
}

func (b *Bytes) add(o Bytes) {
	b.Tar += o.Tar
	b.Transfer = b.Transfer.Plus(o.Transfer)
	b.Files += o.Files
	b.Live += o.Live
	b.Waste += o.Waste
	b.Caused += o.Caused
	b.Entries += o.Entries
}

// Line is one instruction.
type Line struct {
	Lines   [2]int `json:"lines"` // first and last in the file
	Stage   int    `json:"stage"` // index in Stages
	Keyword string `json:"keyword"`
	Text    string `json:"text"`
	// Needed says that the result depends on it.
	Needed bool `json:"needed"`
	// Seconds is how long it worked in this build, 0 if it came from the cache. Cold is
	// how long it took when it was last carried out; absent if that is not known.
	Seconds float64  `json:"seconds"`
	Cold    *float64 `json:"cold,omitempty"`
	Cached  bool     `json:"cached"`
	Ran     bool     `json:"ran"` // the builder had something to do, or took it from the cache
	Error   string   `json:"error,omitempty"`
	// SameAs is the first line of an instruction which is the same step, done once.
	SameAs int `json:"sameAs,omitempty"`
	// Layer is the layer of the stage's image that it made, from 1; 0 for none.
	Layer int   `json:"layer"`
	Bytes Bytes `json:"bytes"`
	// Packages are those that were first installed by it.
	Packages []string `json:"packages,omitempty"`
	// Touched is what a trace says of Bytes.Live.
	Touched *weigh.Touched `json:"touched,omitempty"`
	// Unsure says that the layer was found by likeness only.
	Unsure bool `json:"unsure,omitempty"`

	// Unknown says that the builder did not tell which step belongs to it, or told what
	// cannot be.
	Unknown bool `json:"unknown,omitempty"`

	script   string   // what a RUN gives to a shell, here-documents included
	steps    []string // digests of the builder's steps
	shared   []share  // steps that are counted at earlier lines
	coldless bool     // how long one of its steps took is not known
	sourced  bool     // its steps so far only fetch something
}

// Stage is a stage and its sums.
type Stage struct {
	Name    string  `json:"name"`
	Lines   [2]int  `json:"lines"`
	Needed  bool    `json:"needed"`
	Final   bool    `json:"final"` // the result goes on from it, or is it
	Seconds float64 `json:"seconds"`
	Cold    float64 `json:"cold"`
	Bytes   Bytes   `json:"bytes"` // of its lines, the base included
	// Weighed says that Bytes is known: it is not of a stage that was not built, nor of a
	// build that failed.
	Weighed bool `json:"weighed"`
}

// History is one entry of an image's history.
type History struct {
	Instruction string
	Layer       int // index; -1 for none
}

// Weighed is an image and its history.
type Weighed struct {
	Report  *weigh.Result // with all packages and waste
	History []History
	Facts   *weigh.Facts // for findings; nil: none are looked for
}

// Input is what a profile is made from.
type Input struct {
	Name, Path, Target string
	Source             []byte
	File               *dockerfile.File
	Steps              []engine.Step
	// Ops are the operations of the build's definition, and Dockerfile the text that
	// their lines are of.
	Ops        []engine.Op
	Dockerfile []byte
	Seconds    float64
	Cold       map[string]float64 // seconds by an operation's key, from earlier builds
	Image      *Weighed           // nil if the build failed
	Stages     map[int]*Weighed   // stages that are not part of the image
	// Last is an earlier build, for the causes of cache misses, and Now this one; they may be
	// nil. Older says that Last is not the last build, but one that has more in common.
	Last, Now *Build
	Older     bool
	NoCache   bool
	Failed    bool // the build did
}

// Make works a profile out.
func Make(in Input) *Result {
	r := &Result{Schema: Schema, Name: in.Name, Dockerfile: in.Path, Source: string(in.Source), Seconds: in.Seconds,
		Lines: []Line{}, Stages: []Stage{}, Path: []PathStep{}, Spans: []Span{}, Misses: []Miss{}, Findings: []weigh.Finding{}}
	need := Needed(in)
	chain := in.File.Chain(in.Target)
	for i := len(chain) - 1; i >= 0; i-- {
		if !need[chain[i]] { // a named context stands in its place
			chain = chain[i+1:]
			break
		}
	}
	for n, s := range in.File.Stages {
		r.Stages = append(r.Stages, Stage{Name: s.Name, Lines: s.Lines, Needed: need[n], Final: slices.Contains(chain, n)})
		r.Lines = append(r.Lines, Line{Lines: s.From, Stage: n, Keyword: "FROM", Text: s.Text, Needed: need[n]})
		for _, i := range s.Instructions {
			r.Lines = append(r.Lines, Line{Lines: i.Lines, Stage: n, Keyword: i.Keyword, Text: i.Text, Needed: need[n], script: i.Script})
		}
	}
	m := matcher{in: in, r: r}
	m.attribute()
	if in.Image != nil {
		r.Rest = m.layers(chain, in.Image, true)
		r.ID, r.Manifest = in.Image.Report.ID, in.Image.Report.Manifest
		z := in.Image.Report.Sizes
		r.Total = Bytes{Tar: z.Tar, Transfer: z.Transfer, Files: z.Files, Live: z.Live, Waste: z.Waste}
		for _, l := range in.Image.Report.Layers {
			r.Total.Entries += l.Entries
		}
		for _, w := range in.Image.Report.Wasted {
			r.Total.Caused += w.Files
		}
	}
	for n, w := range in.Stages {
		m.layers(in.File.ChainOf(n), w, false)
	}
	for n := range r.Stages {
		st := &r.Stages[n]
		st.Weighed = st.Final && in.Image != nil || in.Stages[n] != nil
	}
	for i := range r.Lines {
		l := &r.Lines[i]
		st := &r.Stages[l.Stage]
		st.Bytes.add(l.Bytes)
		if l.SameAs == 0 {
			st.Seconds += l.Seconds
			if l.Cold != nil {
				st.Cold += *l.Cold
			}
		}
	}
	if in.Now != nil {
		r.Stale = in.Now.Unseen
	}
	if in.Last != nil && in.Now != nil && in.Last.Dir != in.Now.Dir {
		r.Notes = append(r.Notes, "compared with the last build of this Dockerfile in "+in.Last.Dir)
	}
	r.path(in)
	r.misses(in)
	if in.Older && len(r.Misses) > 0 {
		r.Notes = append(r.Notes, "compared with an earlier build than the last one: with none has this build more steps in common")
		for i := range r.Misses {
			r.Misses[i].Cause = strings.ReplaceAll(r.Misses[i].Cause, "the last build", "that build")
		}
	}
	r.find(in)
	return r
}

// Check tells whether the lines of the image's stages and the rest sum up to the
// image. A breach is a *weigh.BrokenError.
func (r *Result) Check() error {
	sum := r.Rest
	for _, l := range r.Lines {
		if r.Stages[l.Stage].Final {
			sum.add(l.Bytes)
		}
	}
	if sum != r.Total {
		return &weigh.BrokenError{Text: fmt.Sprintf("the lines of %s sum up to %+v, not %+v", r.Name, sum, r.Total)}
	}
	return nil
}

// Doubts say in words where lines and layers could not be matched for sure.
func Doubts(r *Result) []string {
	var out []string
	for _, l := range r.Lines {
		if l.Unsure {
			out = append(out, fmt.Sprintf("line %d was matched to layer %d by likeness: the history's text is another one", l.Lines[0], l.Layer))
		}
		if r.Stages[l.Stage].Final && l.Layer == 0 && (l.Keyword == "RUN" || l.Keyword == "COPY" || l.Keyword == "ADD") && l.SameAs == 0 {
			out = append(out, fmt.Sprintf("line %d (%s) was found in no layer of the image", l.Lines[0], l.Keyword))
		}
	}
	if r.Rest.Tar > 0 {
		out = append(out, fmt.Sprintf("layers with %d bytes of tar belong to no line: the history was squashed, rewritten or is not this file's", r.Rest.Tar))
	}
	return out
}
