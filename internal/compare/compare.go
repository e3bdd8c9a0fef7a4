// Package compare sets any number of images side by side, says by how much they
// differ on each measure, and divides every difference into causes that sum up to
// it. It is a pure function of the images' facts: no I/O, no clock.
package compare

import (
	"fmt"
	"time"

	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"

	"tare/internal/advice"
	"tare/internal/image"
	"tare/internal/units"
	"tare/internal/weigh"
)

// Schema names the form of Result as JSON: docs/reference/compare.schema.json.
const Schema = "tare.compare/v1"

// Subject is one thing to compare: the facts of an image and what is known beside.
type Subject struct {
	Name string // what the user called it
	// Target are the arguments that make a command look at this image; nil if they are not
	// known, or mean nothing a second time (standard input).
	Target []string
	Facts  *weigh.Facts
	Build  time.Duration // how long it took to build; 0 if it was not built
	// Cached says that the build carried out no instruction: all came from the cache.
	Cached bool
	// Stages are the stages of its Dockerfile before the last, where they are known.
	Stages []Stage
	// Dockerfile is the name of the file that it was built from, and Lines are its
	// instructions, where they are known.
	Dockerfile string
	Lines      []Line
	// Multistage says that its Dockerfile is known to have several stages.
	Multistage bool
}

// Result is a comparison. Sizes are integer bytes.
type Result struct {
	Schema      string       `json:"schema"`
	Baseline    string       `json:"baseline"`
	Images      []Image      `json:"images"`
	Differences []Difference `json:"differences"`
	Sharing     Sharing      `json:"sharing"`
	Sentences   []Sentence   `json:"sentences"`
	// Course are the sentences that answer the course's questions and judge its beliefs;
	// only lab --answers has them.
	Course []Sentence `json:"course,omitempty"`

	// Subjects are what the result was made from.
	Subjects []Subject `json:"-"`
}

// Sentence is something that the numbers say, in words.
type Sentence struct {
	Text string `json:"text"`
	// Topic is what it is about: ranking, difference, layers, tools, stages, waste or
	// sharing; of the course's also packages.
	Topic string `json:"topic"`
	// Kind is the sentence's, where a claim can be held against it; see explain.
	Kind     string     `json:"-"`
	Evidence []Evidence `json:"evidence"`
	// Claim is a common belief that the sentence judges, and Verdict "supported" or
	// "refuted"; both are empty for sentences that judge none.
	Claim   string `json:"claim,omitempty"`
	Verdict string `json:"verdict,omitempty"`
}

// Evidence is a number that a sentence rests on, and where it stands.
type Evidence struct {
	What    string `json:"what"`              // in words
	Image   string `json:"image,omitempty"`   // of one image,
	From    string `json:"from,omitempty"`    // or of a difference
	To      string `json:"to,omitempty"`      //
	Measure string `json:"measure,omitempty"` // on this measure
	Kind    string `json:"kind,omitempty"`    // of this cause
	Subject string `json:"subject,omitempty"` //
	Value   int64  `json:"value"`             // bytes, or a number of things
}

// Image is one column of a comparison.
type Image struct {
	Name string `json:"name"`
	// Target are the arguments that make a command look at it.
	Target   []string      `json:"target,omitempty"`
	ID       digest.Digest `json:"id"`
	Manifest digest.Digest `json:"manifest"`
	Platform string        `json:"platform"`
	Base     string        `json:"base"`
	// Layers is the number of layers, EmptyLayers the number of steps in the
	// history that made none.
	Layers      int `json:"layers"`
	EmptyLayers int `json:"emptyLayers"`
	// Packages is the number of installed packages by kind.
	Packages map[string]int `json:"packages"`
	Sizes    image.Sizes    `json:"sizes"`
	// Waste divides Sizes.Waste by class.
	Waste map[string]int64 `json:"waste"`
	// BuildSeconds is absent for images that were not built for the comparison.
	BuildSeconds *float64 `json:"buildSeconds,omitempty"`
	// BuildCached says that all of that build came from the cache.
	BuildCached bool `json:"buildCached,omitempty"`
	// Toolchain is the part of Sizes.Live that only builds need.
	Toolchain int64 `json:"toolchain"`
	// Stages are the earlier stages of the Dockerfile, where they are known, and AllStages
	// what they hold together: what several of them hold counts once.
	Stages    []StageSum `json:"stages,omitempty"`
	AllStages *StageSum  `json:"allStages,omitempty"`
	// Findings are what costs bytes and need not; Savings what they cost together.
	Findings []weigh.Finding `json:"findings"`
	Savings  *weigh.Savings  `json:"savings,omitempty"`
	// Traced is what a trace of the image says; absent without one.
	Traced   *weigh.Traced `json:"traced,omitempty"`
	Problems []string      `json:"problems,omitempty"`
	// Warnings are claims of the manifest that the bytes refute, such as a media type.
	Warnings []string `json:"warnings,omitempty"`
	// Dockerfile is the name of the file that it was built from, where it is known.
	Dockerfile string `json:"dockerfile,omitempty"`
	// Stack are the layers, bottom first.
	Stack []LayerSum `json:"stack"`
}

// LayerSum is one layer of an image.
type LayerSum struct {
	DiffID      digest.Digest `json:"diffID"`
	Instruction string        `json:"instruction"`
	Tar         int64         `json:"tar"`
	Files       int64         `json:"files"`
	// Line is the instruction's in the Dockerfile, where it is known.
	Line int `json:"line,omitempty"`
}

// Difference is by how much To is larger than From in one measure, in bytes: From's
// value plus Total is To's value, and the causes sum up to Total.
type Difference struct {
	From    string `json:"from"`
	To      string `json:"to"`
	Measure string `json:"measure"`
	// Total is not known where the measure is not known of both images. Then there are no
	// causes.
	Total  units.Amount `json:"total"`
	Causes []Cause      `json:"causes"`
	// Alike says what else is the same, where Measure is live and Total is 0.
	Alike *Alike `json:"alike,omitempty"`
	// Inside divides how programs and libraries changed by the kinds of their sections, where
	// Measure is live.
	Inside *Inside `json:"inside,omitempty"`

	a, b int // indexes of the images
}

// Measure is a number of bytes that every image has.
type Measure struct {
	Name  string
	Help  string
	Value func(*image.Sizes) units.Amount
}

// Measures are what a comparison compares, in the order in which it is shown.
var Measures = []Measure{
	{"transfer", "what a pull transfers", func(z *image.Sizes) units.Amount { return z.Transfer }},
	{"tar", "uncompressed layers", func(z *image.Sizes) units.Amount { return units.Known(z.Tar) }},
	{"files", "the files in them", func(z *image.Sizes) units.Amount { return units.Known(z.Files) }},
	{"overhead", "tar without files", func(z *image.Sizes) units.Amount { return units.Known(z.Overhead) }},
	{"live", "what a container sees", func(z *image.Sizes) units.Amount { return units.Known(z.Live) }},
	{"waste", "overwritten or deleted below", func(z *image.Sizes) units.Amount { return units.Known(z.Waste) }},
	{"duplicate", "copies of live contents", func(z *image.Sizes) units.Amount { return units.Known(z.Duplicate) }},
	{"disk", "unpacked, in blocks (estimate)", func(z *image.Sizes) units.Amount { return units.Known(z.Disk) }},
	{"docker", "what docker images prints", func(z *image.Sizes) units.Amount { return units.Known(z.Docker) }},
	{"docker-containerd", "with its other store (estimate)", func(z *image.Sizes) units.Amount { return z.DockerContainerd }},
}

// Options choose what is worked out.
type Options struct {
	Baseline int  // index of the subject that the others are measured against
	Pairs    bool // every pair, not only those with the baseline and neighbours
	Depth    int  // files that are listed for each cause; 0 for none
	Findings bool // what in each image costs bytes and need not: a pass over all files
}

// Compare sets subjects side by side. It returns a *weigh.BrokenError if an identity
// that must hold does not: that is a bug of tare's, never a wrong table.
func Compare(subjects []Subject, o Options) (*Result, error) {
	if o.Baseline < 0 || o.Baseline >= len(subjects) {
		return nil, fmt.Errorf("compare: no subject %d of %d", o.Baseline, len(subjects))
	}
	r := &Result{Schema: Schema, Baseline: subjects[o.Baseline].Name, Differences: []Difference{}, Sentences: []Sentence{}, Subjects: subjects}
	for i := range subjects {
		r.Images = append(r.Images, column(&subjects[i], o))
	}
	books := make([]*book, len(subjects))
	for i := range subjects {
		books[i] = newBook(subjects[i].Facts)
	}
	for _, p := range pairs(len(subjects), o) {
		for _, m := range Measures {
			d := Between(r, p[0], p[1], m.Name)
			if !d.Total.Known() {
				d.Causes = []Cause{}
				r.Differences = append(r.Differences, d)
				continue
			}
			d.Causes = causes(books[p[0]], books[p[1]], m.Name, o.Depth)
			var sum int64
			for _, c := range d.Causes {
				sum += c.Bytes
			}
			if sum != d.Bytes() {
				return nil, &weigh.BrokenError{Text: fmt.Sprintf("causes of %s from %s to %s sum up to %d, not %d", m.Name, d.From, d.To, sum, d.Bytes())}
			}
			if m.Name == "live" {
				d.Inside = inside(subjects[p[0]].Facts, subjects[p[1]].Facts)
				if d.Bytes() == 0 {
					d.Alike = alike(subjects[p[0]], subjects[p[1]])
				}
			}
			r.Differences = append(r.Differences, d)
		}
	}
	r.Sharing = share(subjects)
	return r, nil
}

func column(s *Subject, o Options) Image {
	f := s.Facts
	img := f.Image
	i := Image{
		Name: s.Name, Target: s.Target, ID: img.ID(), Manifest: img.Manifest.Digest, Platform: platforms.Format(img.Platform()), Base: img.Base(),
		Layers: len(img.Layers), Sizes: f.Sizes, Waste: f.WasteByClass(), Packages: map[string]int{}, Problems: f.Problems, Warnings: f.Warnings, Dockerfile: s.Dockerfile,
	}
	for _, id := range f.Final {
		i.Packages[string(f.Packages[id].Type)]++
	}
	for _, h := range img.History {
		if h.Layer < 0 {
			i.EmptyLayers++
		}
	}
	if s.Build > 0 {
		sec := s.Build.Seconds()
		i.BuildSeconds, i.BuildCached = &sec, s.Cached
	}
	d := Match(s.Dockerfile, s.Lines, img)
	if o.Findings {
		i.Findings, i.Savings = advice.Of(advice.Built(f, d))
	}
	i.Stack = []LayerSum{}
	for k, l := range img.Layers {
		sum := LayerSum{DiffID: l.DiffID, Instruction: img.StepOf(k).Instruction(), Tar: l.Sums.Tar, Files: l.Sums.Files}
		if d != nil {
			sum.Line = d.Lines[k]
		}
		i.Stack = append(i.Stack, sum)
	}
	i.Toolchain = toolchainOf(f)
	i.Stages, i.AllStages = stageSums(s.Stages, f)
	return i
}

// pairs are the differences that are worked out: from the baseline to each other,
// and between neighbours, since people put next to one another what they want to
// tell apart.
func pairs(n int, o Options) [][2]int {
	var out [][2]int
	for i := range n {
		if i != o.Baseline {
			out = append(out, [2]int{o.Baseline, i})
		}
	}
	for i := range out {
		for j := i + 1; j < n-1; j++ {
			if o.Pairs || j == i+1 {
				out = append(out, [2]int{out[i][1], out[j][1]})
			}
		}
	}
	return out
}

// BaselineIndex is the position of the baseline in Images.
func (r *Result) BaselineIndex() int {
	for n, i := range r.Images {
		if i.Name == r.Baseline {
			return n
		}
	}
	return 0
}

// Image is the column of a name; an empty one if there is none.
func (r *Result) Image(name string) *Image {
	for n := range r.Images {
		if r.Images[n].Name == name {
			return &r.Images[n]
		}
	}
	return new(Image)
}

// Bytes is Total, and 0 where it is not known. All measures but transfer and
// docker-containerd are known.
func (d *Difference) Bytes() int64 { return d.Total.Or(0) }

// Ends are the indexes of the images that a difference is between.
func (d *Difference) Ends() (from, to int) { return d.a, d.b }

// Between is a difference without causes of two images of a result, by their positions.
func Between(r *Result, a, b int, measure string) Difference {
	d := Difference{From: r.Images[a].Name, To: r.Images[b].Name, Measure: measure, a: a, b: b}
	for _, m := range Measures {
		if m.Name == measure {
			d.Total = m.Value(&r.Images[b].Sizes).Minus(m.Value(&r.Images[a].Sizes))
		}
	}
	return d
}
