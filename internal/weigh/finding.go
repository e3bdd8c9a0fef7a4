package weigh

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tare/internal/units"
)

// Severity is how bad a finding is.
type Severity string

// Severities, the worst first.
const (
	Secret  Severity = "secret"  // somebody may read what is nobody's business
	Warning Severity = "warning" // bytes that nobody needs
	Note    Severity = "note"    // worth a look
)

// SecretFile is the rule about files that hold secrets. What it finds comes first, and is
// there not to save bytes.
const SecretFile = "secret-file"

// Finding is something that costs bytes and need not, or that must not be in an image.
type Finding struct {
	Rule     string   `json:"rule"` // the heading in docs/reference/findings.md
	Title    string   `json:"title"`
	Severity Severity `json:"severity"`
	Line     int      `json:"line"`            // of the Dockerfile, where to change something; 0 if not known
	Other    int      `json:"other,omitempty"` // the line that wrote what this one hides
	Layer    int      `json:"layer"`           // from 1; 0 for none
	// Instruction is the step that made the layer, as the history has it.
	Instruction string       `json:"instruction,omitempty"`
	Text        string       `json:"text"`
	Remedy      string       `json:"remedy,omitempty"`
	Tar         int64        `json:"tar"`            // bytes that it costs, with headers
	Transfer    units.Amount `json:"transfer"`       // apportioned part of the blobs, if they are known
	Live        int64        `json:"live"`           // the part that a container sees
	Sent        int64        `json:"sent,omitempty"` // bytes sent to the builder
	// Seconds are those of a step that runs more often than it needs to.
	Seconds float64 `json:"seconds,omitempty"`
	// AddsTar, AddsTransfer and AddsLive are the part of Tar, Transfer and Live that no
	// finding before this one has: over all findings they sum up to what all save.
	AddsTar      int64        `json:"addsTar"`
	AddsTransfer units.Amount `json:"addsTransfer"`
	AddsLive     int64        `json:"addsLive"`
	// Small says that it saves less than what is material.
	Small bool `json:"small,omitempty"`
	// Paths are the largest files that it is about, or the directories that hold most; of
	// secrets all.
	Paths []string `json:"paths,omitempty"`
}

// Savings is what the findings of an image that are not small cost together: what several
// are about counts once.
type Savings struct {
	Tar      int64        `json:"tar"`
	Transfer units.Amount `json:"transfer"` // apportioned
	Live     int64        `json:"live"`     // the part that a container sees
	// Overlap is what these findings cost more than once in sum, in tar.
	Overlap int64 `json:"overlap"`
	// Lines and Layers are where something has to be changed, in order; Lines only where
	// a Dockerfile is known.
	Lines  []int `json:"lines,omitempty"`
	Layers []int `json:"layers,omitempty"`
	// Places are the lines of the Dockerfile, or else the layers, to change.
	Places int `json:"places"`
}

// Save sums up the findings that save a material part of an image with so many bytes of
// tar, and marks the others as small. Secrets are not there to save bytes.
func Save(list []Finding, tar int64, m units.Material) *Savings {
	s := new(Savings)
	places := map[int]bool{}
	note := func(list *[]int, n int) {
		if n > 0 && !slices.Contains(*list, n) {
			*list = append(*list, n)
		}
	}
	for i := range list {
		f := &list[i]
		f.Small = f.Rule != SecretFile && f.Sent < max(1, m.Bytes) && f.Seconds < 1 && !m.Of(f.Tar, tar)
		if f.Small || f.Rule == SecretFile || f.Tar == 0 {
			continue
		}
		places[cmp.Or(f.Line, -f.Layer)] = true
		note(&s.Lines, f.Line)
		note(&s.Layers, f.Layer)
		s.Tar += f.AddsTar
		s.Transfer = s.Transfer.Plus(f.AddsTransfer)
		s.Live += f.AddsLive
		s.Overlap += f.Tar - f.AddsTar
	}
	slices.Sort(s.Lines)
	slices.Sort(s.Layers)
	s.Places = len(places)
	return s
}

// All is what findings save together, in bytes of tar, if they are all that there are; of
// a part of these it is what that part adds.
func All(list []Finding) (tar int64) {
	for i := range list {
		tar += list[i].AddsTar
	}
	return tar
}

// Where names the place of a finding: "line 7", or "layer 5" where no Dockerfile is known.
func (f *Finding) Where() string {
	switch {
	case f.Line > 0:
		return fmt.Sprintf("line %d", f.Line)
	case f.Layer > 0:
		return fmt.Sprintf("layer %d", f.Layer)
	case f.Rule == SecretFile:
		return "configuration"
	}
	return "–"
}

// mostNumbers is how many numbers of lines a sentence names.
const mostNumbers = 12

// Where says what to change: "line 7", "these 4 layers (2, 3, 5, 6)". Layers are named
// where a line of one is not known.
func (s *Savings) Where() string {
	word, list := "layer", s.Layers
	if len(s.Lines) == s.Places {
		word, list = "line", s.Lines
	}
	var numbers []string
	for _, n := range list {
		numbers = append(numbers, strconv.Itoa(n))
	}
	switch n := len(list); {
	case n == 1:
		return word + " " + numbers[0]
	case n > mostNumbers:
		return "these " + units.Plural(n, word)
	default:
		return "these " + units.Plural(n, word) + " (" + strings.Join(numbers, ", ") + ")"
	}
}
