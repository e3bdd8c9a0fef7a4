package gate

import (
	"encoding/hex"
	"strings"

	"github.com/opencontainers/go-digest"

	"tare/internal/engine"
	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/profile"
	"tare/internal/tree"
	"tare/internal/units"
	"tare/internal/weigh"
)

// BaselineSchema names the JSON form of a Baseline.
const BaselineSchema = "tare.baseline/v1"

// Baseline is what tare check --save keeps of images, to tell later what changed.
type Baseline struct {
	Schema string    `json:"schema"`
	Images []Subject `json:"images"`
}

// Subject is an image as far as its difference from another one is divided.
type Subject struct {
	Name      string        `json:"name"`
	Reference string        `json:"reference"`
	Revision  string        `json:"revision,omitempty"` // the commit that it was built from
	Base      string        `json:"base,omitempty"`     // the name of its base image, where a label says so
	Platform  string        `json:"platform"`
	ID        digest.Digest `json:"id"` // of its configuration
	Manifest  digest.Digest `json:"manifest"`
	Sizes     image.Sizes   `json:"sizes"`
	// Metadata are the bytes of manifest and configuration in transfer.
	Metadata int64   `json:"metadata"`
	Layers   []Layer `json:"layers"`
	// Steps are the instructions of its history.
	Steps []Step `json:"steps"`
	// Source is how it was built; nil where that is not known.
	Source *Source `json:"source,omitempty"`
}

// Layer is what a layer adds.
type Layer struct {
	DiffID digest.Digest `json:"diffID"`
	Blob   digest.Digest `json:"blob"` // as a push sends it
	Amounts
	// Packages divide what packages own of it.
	Packages []Share `json:"packages,omitempty"`
	// Hidden are bytes of its files that no container sees, by the index of the layer that
	// hides them.
	Hidden map[int]int64 `json:"hidden,omitempty"`
	// Entries are its files, of a layer that was copied.
	Entries map[string]Entry `json:"entries,omitempty"`
}

// Entry is a file of a layer.
type Entry struct {
	Amounts
	Sum string `json:"sum"` // of its content
}

// Share is what a version of a package has of a layer.
type Share struct {
	Package string `json:"package"` // type and name: "deb curl"
	Version string `json:"version"`
	Amounts
}

// Step is an entry of a history.
type Step struct {
	Instruction string `json:"instruction"`
	Layer       int    `json:"layer"` // index; -1 for none
}

// Source is how an image was built.
type Source struct {
	// Dockerfile and Context are paths in the repository, else in the directory that was
	// checked, with slashes.
	Dockerfile string `json:"dockerfile"`
	Context    string `json:"context"`
	Text       string `json:"text"` // of the Dockerfile
	// Stages are the names of its stages.
	Stages []string `json:"stages"`
	// Lines are the instructions of the stages that it needs, in the order of the file.
	Lines []Line `json:"lines"`
	// Files are those of the build context that instructions take, if Known says so.
	Files map[string]profile.File `json:"files,omitempty"`
	// Args are the build arguments that were given.
	Args  map[string]string `json:"args,omitempty"`
	Known bool              `json:"known"`
	// Ignored are directories (with a slash at the end) and files of the context that are in
	// no commit, since git ignores them. Rebuilt says that the image was built from a commit
	// today, without such files.
	Ignored []string `json:"-"`
	Rebuilt bool     `json:"-"`
	// Read returns a file of the context; nil where these are not here any more.
	Read func(name string) ([]byte, bool) `json:"-"`

	guessed bool // it was made up of a history
}

// Line is an instruction.
type Line struct {
	Line    int    `json:"line"` // where it begins in the file
	Stage   int    `json:"stage"`
	Keyword string `json:"keyword"`
	Text    string `json:"text"` // in one line
	Code    string `json:"code"` // as it stands in the file, here-documents included
	// Layers are those of the image that it made; of a FROM the base's.
	Layers []int `json:"layers,omitempty"`
	// Below is the index of the instruction on whose result it stands, -1 for none. Needs are
	// those whose results it reads besides.
	Below int   `json:"below"`
	Needs []int `json:"needs,omitempty"`
	// Takes are what it takes of the build context.
	Takes []engine.Take `json:"takes,omitempty"`
	// Images are those that it fetches, NAME@DIGEST; without a digest where that is not
	// known.
	Images []string `json:"images,omitempty"`
	// Fetches are the addresses of files and repositories that an ADD fetches.
	Fetches []string `json:"fetches,omitempty"`
}

// copies tells whether it copies files of the build context and does nothing else.
func (l *Line) copies() bool {
	return (l.Keyword == "COPY" || l.Keyword == "ADD") && len(l.Needs) == 0 && len(l.Images) == 0 && len(l.Fetches) == 0 && len(l.Takes) > 0
}

// words is all that an instruction says, its here-documents included.
func (l *Line) words() string {
	if strings.Contains(l.Text, "<<") {
		return l.Text + "\n" + l.Code
	}
	return l.Text
}

// maxEntries bounds the files that are kept of copied layers.
const maxEntries = 50_000

// Of is an image whose facts are known. What tells how it was built is to be added.
func Of(name string, f *weigh.Facts) *Subject {
	s := &Subject{Name: name, Reference: name, Platform: platform(f.Image), ID: f.Image.ID(), Manifest: f.Image.Push.Manifest.Digest,
		Sizes: f.Sizes, Metadata: f.Image.Push.Manifest.Size + f.Image.ConfigID.Size, Revision: f.Image.Config.Config.Labels[RevisionLabel], Base: f.Image.Config.Config.Labels[BaseLabel]}
	for _, h := range f.Image.History {
		s.Steps = append(s.Steps, Step{h.Instruction(), h.Layer})
	}
	s.Layers = make([]Layer, len(f.Image.Layers))
	shares := make([]map[Share]Amounts, len(s.Layers))
	for k := range s.Layers {
		s.Layers[k] = Layer{DiffID: f.Image.Layers[k].DiffID, Blob: f.Image.Push.Layers[k].Digest}
		shares[k] = map[Share]Amounts{}
	}
	for i := range f.Cells {
		c := &f.Cells[i]
		l := &s.Layers[c.Layer]
		a := Amounts{Tar: c.Tar, Transfer: c.Transfer}
		if c.Fate == tree.Live {
			a.Live = c.Files
		} else if c.Files > 0 {
			if l.Hidden == nil {
				l.Hidden = map[int]int64{}
			}
			l.Hidden[int(c.By)] += c.Files
		}
		l.Amounts = l.plus(a)
		if c.Owner >= 0 {
			p := &f.Packages[c.Owner]
			key := Share{Package: p.Key(), Version: p.Version}
			shares[c.Layer][key] = shares[c.Layer][key].plus(a)
		}
	}
	for k := range s.Layers {
		s.Layers[k].Packages = sorted(shares[k])
		if f.Image.StepOf(k).Copies() && len(f.Tree.Lists[k]) <= maxEntries {
			s.Layers[k].Entries = files(f, k)
		}
	}
	return s
}

// RevisionLabel is the label that names the commit which an image was built from.
const RevisionLabel = "org.opencontainers.image.revision"

// files are the entries of a layer, by their paths.
func files(f *weigh.Facts, k int) map[string]Entry {
	out := map[string]Entry{}
	for i := range f.Tree.Lists[k] {
		r := tree.Ref{Layer: int32(k), Entry: int32(i)}
		e := f.Tree.Entry(r)
		if e.Kind != layer.File {
			continue
		}
		a := Amounts{Tar: e.Span, Transfer: f.Share(r)}
		if f.Tree.Bytes(r).Class == tree.Live {
			a.Live = e.Size
		}
		out[e.Path] = Entry{out[e.Path].plus(a), hex.EncodeToString(e.Sum[:])}
	}
	return out
}

// plus is the sum of two amounts.
func (a Amounts) plus(b Amounts) Amounts {
	return Amounts{a.Tar + b.Tar, a.Transfer.Plus(b.Transfer), a.Live + b.Live}
}

// minus is the difference of two amounts.
func (a Amounts) minus(b Amounts) Amounts {
	return Amounts{a.Tar - b.Tar, a.Transfer.Minus(b.Transfer), a.Live - b.Live}
}

// none tells whether all is known to be 0.
func (a Amounts) none() bool {
	n, known := a.Transfer.Int()
	return a.Tar == 0 && a.Live == 0 && n == 0 && known
}

// Of is the amount of a measure: tar, transfer or live.
func (a Amounts) Of(measure string) units.Amount {
	switch measure {
	case "tar":
		return units.Known(a.Tar)
	case "transfer":
		return a.Transfer
	}
	return units.Known(a.Live)
}
