// Package trim finds edits of a Dockerfile that make its image smaller, and says what each
// is to save. It is a pure function of the Dockerfile and of the ledger of the image that it
// builds; whether an edit holds what it promises, package trimmer finds out by building it.
// Each rule is a file.
package trim

import (
	"cmp"
	"slices"

	"tare/internal/draft"
	"tare/internal/layer"
	"tare/internal/tree"
	"tare/internal/units"
	"tare/internal/weigh"
)

// Kind says what must hold for an edit to be kept.
type Kind string

// The kinds of edits.
const (
	// Lossless edits leave what a container sees as it is, but for what Declared lists.
	Lossless Kind = "lossless"
	// Checked edits take something away. They are allowed where checks exist that pass
	// without it, and whose trace did not touch it.
	Checked Kind = "checked"
)

// Project is a Dockerfile and the image that it builds.
type Project struct {
	File   *draft.File
	Target string // the stage; "" for the last
	Name   string // of the Dockerfile, relative to the directory that the patch is for
	Facts  *weigh.Facts
	// Layers are the layers that instructions made, by the line on which they begin; indexes
	// from 0. Base is how many layers below them are the base image's.
	Layers map[int]int
	Base   int
	// Context are the files of the build context that the builder gets, by their paths with
	// slashes. Ignore is the context's ignore file, and IgnoreName its name; nil for none.
	Context    []ContextFile
	Ignore     []byte
	IgnoreName string

	// Findings are what the rules of advice say of the image.
	Findings []weigh.Finding

	chain  []*draft.Instruction
	marked map[int32]map[string]layer.Kind // see marks
}

// ContextFile is a file of the build context.
type ContextFile struct {
	Path string
	Size int64 // bytes
	Dir  bool
}

// Saves is what an edit saves, in bytes: positive where the image becomes smaller.
type Saves struct {
	Tar      int64        `json:"tar"`
	Transfer units.Amount `json:"transfer"`
}

// Candidate is an edit that may be worth making.
type Candidate struct {
	Rule string
	Kind Kind
	Line int // of the Dockerfile as it is
	What string
	// Edits are of the Dockerfile; Write are files of the context with their new contents.
	Edits []draft.Edit
	Write map[string][]byte
	// Predicted is what the ledger says that it saves; nil where it cannot know, as of another
	// base image. Exact says that the ledger knows every byte of it; otherwise what a package
	// manager will do is not known before it is done.
	Predicted *Saves
	Exact     bool
	// Unknown says why nothing is predicted.
	Unknown string
	// Gone are the paths that a checked edit takes away: none may have been touched.
	Gone []string
	// Secret says that it takes a secret out of a layer: it comes first, whatever it weighs.
	Secret bool
	// Instead says that it is left out where another edit of the same line takes the secret out
	// and does less.
	Instead bool
	// Again says which rebuild an edit makes cheaper, where that and not bytes is what it is for.
	Again *Step
}

// Step is a step that is to come from the cache after a change of a source file.
type Step struct {
	Line int // of the Dockerfile as it is
	// File is a file of the context that its step needs before the edit and not after it.
	File string
	// Text is how the step's instruction begins, by which its step is found in both builds.
	Text string
}

// unknown leaves out a prediction that cannot be made, and says why.
func (c *Candidate) unknown(why string) {
	c.Predicted, c.Unknown, c.Exact = nil, why, false
}

// tar is what an edit is to save in the tar, in bytes; 0 where that is not known.
func (c *Candidate) tar() int64 {
	if c.Predicted == nil {
		return 0
	}
	return c.Predicted.Tar
}

// Rule finds edits. Adding a rule is adding a file that registers it, and a
// section of docs/reference/trim.md.
type Rule struct {
	ID    string // kebab-case: the heading of its section
	Kind  Kind   // of its candidates, unless one says otherwise
	Title string // what it edits, in a few words
	Find  func(*Project) []Candidate
}

var rules []Rule

func register(r Rule) { rules = append(rules, r) }

// Rules are all rules by ID.
func Rules() []Rule {
	return slices.SortedFunc(slices.Values(rules), func(a, b Rule) int { return cmp.Compare(a.ID, b.ID) })
}

// Find applies all rules of a kind: secrets first, then what saves most.
func Find(p *Project, kind Kind) []Candidate {
	p.chain = nil
	for _, i := range p.File.Chain(p.Target) {
		if i.At.From >= 0 {
			p.chain = append(p.chain, i)
		}
	}
	var out []Candidate
	for _, r := range Rules() {
		for _, c := range r.Find(p) {
			c.Rule = r.ID
			if c.Kind == "" {
				c.Kind = r.Kind
			}
			if c.Kind == kind {
				p.carry(&c)
				out = append(out, c)
			}
		}
	}
	secret := func(c Candidate) int {
		if c.Secret {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(out, func(a, b Candidate) int {
		return cmp.Or(secret(a)-secret(b), cmp.Compare(b.tar(), a.tar()), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Rule, b.Rule))
	})
	return out
}

// runs are the RUN instructions whose commands are known, in the order of the file.
func (p *Project) runs() []*draft.Instruction {
	var out []*draft.Instruction
	for _, i := range p.chain {
		if i.Keyword == "RUN" && i.Script != nil && p.File.Shell(i) {
			out = append(out, i)
		}
	}
	return out
}

// layer is the layer that an instruction made; ok is false for none.
func (p *Project) layer(i *draft.Instruction) (int32, bool) {
	k, ok := p.Layers[i.Lines[0]]
	return int32(k), ok
}

// written are the files (not directories, links or whiteouts) of an instruction's layer that
// pick, and all of those in also, choose.
func (p *Project) written(i *draft.Instruction, pick func(path string, e *layer.Entry) bool, also ...func(tree.Ref) bool) []tree.Ref {
	k, ok := p.layer(i)
	if !ok {
		return nil
	}
	var out []tree.Ref
	for n := range p.Facts.Tree.Lists[k] {
		e := &p.Facts.Tree.Lists[k][n]
		if (e.Kind == layer.File || e.Kind == layer.Link || e.Kind == layer.Symlink) && pick(e.Path, e) {
			r := tree.Ref{Layer: k, Entry: int32(n)}
			if !slices.ContainsFunc(also, func(f func(tree.Ref) bool) bool { return !f(r) }) {
				out = append(out, r)
			}
		}
	}
	return out
}

// paths are those of entries.
func (p *Project) paths(refs []tree.Ref) []string {
	var out []string
	for _, r := range refs {
		out = append(out, p.Facts.Tree.Entry(r).Path)
	}
	return out
}
