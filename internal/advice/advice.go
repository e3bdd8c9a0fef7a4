// Package advice finds what an image holds and need not: a registry of rules, one file
// each, over the ledger of its bytes. It is a pure function of that ledger, which weigh
// fills from any image, and profile with the lines of a Dockerfile.
package advice

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"sync"

	"tare/internal/weigh"
)

// Rule is one kind of finding. Its file registers it.
type Rule struct {
	// ID is its name in JSON and its heading in docs/reference/findings.md.
	ID string
	// Title says in a few words what it finds: "apt's package lists".
	Title string
	// Severity is that of its findings, where they do not say otherwise.
	Severity Severity
	// Version rises when Mark or Find changes: cached ledgers are made again then.
	Version int
	// Mark names what of a file the rule must tell from others of the same owner and
	// class, such as the kind of cache; empty for a file that it does not care for. It may
	// be nil.
	Mark func(File) string
	// Find looks for findings.
	Find func(*Ledger) []Finding
}

// File is what Rule.Mark is told of a file.
type File struct {
	Path  string
	Size  int64 // bytes
	Class weigh.Class
	Owned bool // by a package
}

// Severity says how bad a finding is.
type Severity string

// Severities, the worst first: what may be a secret, what can be saved, what is good to know.
const (
	Secret  Severity = "secret"
	Warning Severity = "warning"
	Note    Severity = "note"
)

var registered []Rule

// register adds a rule; its file calls it for a variable of the package.
func register(r Rule) Rule {
	registered = append(registered, r)
	return r
}

// Rules are all rules, by ID.
var Rules = sync.OnceValue(func() []Rule {
	return slices.SortedFunc(slices.Values(registered), func(a, b Rule) int { return strings.Compare(a.ID, b.ID) })
})

// Edition names the rules and their versions: a Ledger that was cut by others with Compact
// is out of date.
var Edition = sync.OnceValue(func() string {
	h := fnv.New32a()
	for _, r := range Rules() {
		_, _ = fmt.Fprintf(h, "%s %d\n", r.ID, r.Version)
	}
	return fmt.Sprintf("%08x", h.Sum32())
})

// Finding is something that an image holds, or a build sends, and need not. Bytes are
// those that go with it; two findings may be about the same bytes (Total).
type Finding struct {
	Rule     string   `json:"rule"` // the heading in docs/reference/findings.md
	Title    string   `json:"title"`
	Severity Severity `json:"severity"`
	// Line of the Dockerfile is where to change something; 0 where it is not known, or
	// for the whole file. Layer is the one that it made, from 1; 0 for none.
	Line        int    `json:"line"`
	Layer       int    `json:"layer"`
	Instruction string `json:"instruction,omitempty"` // of the layer, from the history
	// Other is the line that wrote what Line hides, where one line did.
	Other int `json:"other,omitempty"`
	// Text says what there is: what the line does, or for secrets and contexts a whole
	// sentence. Fix says what to do about it.
	Text string `json:"text"`
	Fix  string `json:"fix"`
	// Tar are the bytes that it costs, with headers; Transfer their apportioned part of
	// the blobs, Live the part of the files that a container sees.
	Tar      int64 `json:"tar"`
	Transfer int64 `json:"transfer"`
	Live     int64 `json:"live"`
	// Base are bytes of the base image that it hides: they stay, whatever the line does.
	Base int64 `json:"base,omitempty"`
	Sent int64 `json:"sent,omitempty"` // bytes sent to the builder in vain

	frees []*Part
	files int64 // bytes of content that it frees
	first bool  // before all that only costs bytes, however few they are
}

// Find applies all rules, the worst finding first: secrets, then by what they cost in tar.
func Find(l *Ledger) []Finding {
	out := []Finding{}
	for _, r := range Rules() {
		for _, f := range r.Find(l) {
			f.Rule, f.Title = r.ID, r.Title
			f.Severity = cmp.Or(f.Severity, r.Severity)
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), cmp.Compare(b.Tar, a.Tar), cmp.Compare(b.Sent, a.Sent), cmp.Compare(b.Base, a.Base), cmp.Compare(a.Layer, b.Layer))
	})
	return out
}

func (f *Finding) rank() int {
	switch {
	case f.Severity == Secret:
		return 0
	case f.first:
		return 1
	}
	return 2
}

// Findings about fewer bytes than least are only counted; what is less than negligible and
// less than a hundredth of the image does not matter.
const (
	least      = 1000
	negligible = 100_000
)

// Small tells whether a finding is about so little content that it is only counted.
func (f *Finding) Small() bool {
	return !f.Urgent() && f.files+f.Sent+f.Base < least
}

// Matters tells whether a finding is about something in an image of whole bytes of tar:
// what may be a secret, or saves a noticeable part.
func (f *Finding) Matters(whole int64) bool {
	n := f.Tar + f.Sent
	return f.Urgent() || n >= negligible || n > 0 && !f.Small() && n*100 >= whole
}

// Urgent tells whether the finding is about more than bytes: what may be a secret.
func (f *Finding) Urgent() bool { return f.Severity == Secret || f.first }

// Sentence says what there is, and where.
func (f *Finding) Sentence() string {
	switch where := f.Where(); {
	case where == "":
		return f.Text
	case f.Urgent() || f.Sent > 0:
		return f.Text + " (" + where + ")"
	default:
		return where + " " + f.Text
	}
}

// Frees tells whether bytes of the image go with the finding.
func (f *Finding) Frees() bool { return len(f.frees) > 0 && f.Tar > 0 }
