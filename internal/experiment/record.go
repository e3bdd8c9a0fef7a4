package experiment

import (
	"math"
	"slices"
	"time"

	"github.com/opencontainers/go-digest"
	"golang.org/x/perf/benchmath"

	"tare/internal/compare"
	"tare/internal/weigh"
)

// Schema names the form of Record as JSON: docs/reference/lab.schema.json.
const Schema = "tare.lab/v1"

// Record is an experiment that was carried out, or as much of it as was.
type Record struct {
	Schema string `json:"schema"`
	ID     string `json:"id"` // unique, and in the order of time
	Name   string `json:"name"`
	// File is the experiment file and FileDigest its digest.
	File       string        `json:"file"`
	FileDigest digest.Digest `json:"fileDigest"`
	Started    time.Time     `json:"started"`
	Finished   *time.Time    `json:"finished,omitempty"` // absent if it was interrupted
	Machine    Machine       `json:"machine"`
	Method     Method        `json:"method"`
	Baseline   string        `json:"baseline"`
	Variants   []Result      `json:"variants"`
	// Timed are the differences of what takes time: from the baseline to each other
	// variant, then between the others.
	Timed []TimedDifference `json:"timed"`
	// Calibration is how long a fixed piece of work took in each round, in seconds: how
	// fast the machine was.
	Calibration []float64 `json:"calibration,omitempty"`
	// Comparison of the variants that could be obtained; its images have their names.
	Comparison *compare.Result `json:"comparison,omitempty"`
	// Seconds says where the time of the experiment went.
	Seconds Spent `json:"seconds"`
}

// Edits is how many edits were measured, of the variant that has most.
func (r *Record) Edits() int {
	n := 0
	for i := range r.Variants {
		n = max(n, len(r.Variants[i].Edits))
	}
	return n
}

// EditName is the name of edit n, from 0, which all variants have that have so many; ""
// for none.
func (r *Record) EditName(n int) string {
	for i := range r.Variants {
		if list := r.Variants[i].Edits; n < len(list) {
			return list[n].Name
		}
	}
	return ""
}

// Machine is where an experiment was carried out.
type Machine struct {
	OS     string `json:"os"`
	Arch   string `json:"arch"`
	CPUs   int    `json:"cpus"`
	Model  string `json:"cpu"`    // as the kernel names it
	Memory int64  `json:"memory"` // bytes
	Kernel string `json:"kernel"`
	Engine string `json:"engine"`
	Tare   string `json:"tare"`
}

// Method is how it was measured.
type Method struct {
	Repeat     int      `json:"repeat"`
	Warmup     int      `json:"warmup"`
	Confidence float64  `json:"confidence"` // wanted of intervals, from 0 to 1
	Alpha      float64  `json:"alpha"`      // level below which a difference counts as one
	What       []string `json:"what"`
}

// Spent divides the wall time of an experiment, in seconds.
type Spent struct {
	Total  float64 `json:"total"`
	Builds float64 `json:"builds"` // pulls and builds
	Runs   float64 `json:"runs"`   // checks and timed starts
	Own    float64 `json:"own"`    // all else: weighing, comparing, writing
}

// Input is something that a variant was made from.
type Input struct {
	What   string        `json:"what"` // dockerfile, context, args, base, image
	Name   string        `json:"name"`
	Digest digest.Digest `json:"digest"`
}

// Result is what was found out about one variant.
type Result struct {
	Name     string        `json:"name"`
	Source   string        `json:"source"` // "image NAME" or the Dockerfile
	Platform string        `json:"platform,omitempty"`
	Manifest digest.Digest `json:"manifest,omitempty"`
	Inputs   []Input       `json:"inputs"`
	// Error says why it could not be obtained; Log is the end of the build's output.
	Error string `json:"error,omitempty"`
	Log   string `json:"log,omitempty"`
	// Check is absent if there was none.
	Check    *Checked      `json:"check,omitempty"`
	Measures []Measurement `json:"measures"`
	// Map divides its files by layer, package and directory; small parts are taken
	// together.
	Map *weigh.Node `json:"map,omitempty"`
	// Edits are what the simulated commits changed.
	Edits []Edited `json:"edits,omitempty"`
}

// Checked is the outcome of a check.
type Checked struct {
	Passed  bool    `json:"passed"`
	Reason  string  `json:"reason,omitempty"` // why it did not pass
	Exit    int     `json:"exit"`
	Seconds float64 `json:"seconds"`
	Output  string  `json:"output"` // its beginning
	// Unproven says why it is not known that the image's own program answered, though an
	// answer came that passes.
	Unproven string `json:"unproven,omitempty"`
}

// Says is what a reader must know of a check, to be put behind the variant's name; "" of
// one that passed without a doubt.
func (c *Checked) Says() string {
	switch {
	case c == nil:
		return ""
	case !c.Passed:
		return " did not pass its check: " + c.Reason
	case c.Unproven != "":
		return " passed its check, if its own program answered: " + c.Unproven
	}
	return ""
}

// Edited is what an edit does to a variant.
type Edited struct {
	Name string `json:"name"`
	// Skipped says why it does not apply to this variant.
	Skipped string `json:"skipped,omitempty"`
	// Layers and Repull are the number of layers, and the bytes, that a node which has
	// the image pulls again: layer blobs that are new, and manifest and config.
	Layers int   `json:"layers"`
	Repull int64 `json:"repull"`
}

// Kinds of measurements.
const (
	Measured = "measured" // repeated, with an interval
	Exact    = "exact"    // counted: every repetition gives the same
	Modelled = "modelled" // worked out from others by a stated model
)

// Measurement is one measured value of a variant.
type Measurement struct {
	Name string `json:"name"` // docs/reference/measures.md says what it means
	Unit string `json:"unit"` // seconds or bytes
	Kind string `json:"kind"` // measured, exact or modelled
	// Value is the median of Samples, or the number itself.
	Value float64 `json:"value"`
	// Low and High are the bounds of the median's confidence interval; both absent
	// where there are too few samples for one.
	Low  *float64 `json:"low,omitempty"`
	High *float64 `json:"high,omitempty"`
	// Samples are all repetitions, in the order in which they were made.
	Samples []float64 `json:"samples,omitempty"`
}

// TimedDifference compares what was measured repeatedly of two variants.
type TimedDifference struct {
	From    string  `json:"from"`
	To      string  `json:"to"`
	Measure string  `json:"measure"`
	Ratio   float64 `json:"ratio"` // To's median to From's
	Delta   float64 `json:"delta"` // To's median minus From's, in the measure's unit
	Unit    string  `json:"unit,omitempty"`
	Runs    int     `json:"runs"` // of the variant with fewer
	// P is the probability of a difference as large as this if there were none
	// (two-sided Mann-Whitney U test).
	P           float64 `json:"p"`
	Significant bool    `json:"significant"` // P is below the method's alpha, and there are enough runs to test
}

// Measure finds a measurement by name.
func (r *Result) Measure(name string) *Measurement {
	for n := range r.Measures {
		if r.Measures[n].Name == name {
			return &r.Measures[n]
		}
	}
	return nil
}

// Variant finds a variant by name.
func (r *Record) Variant(name string) *Result {
	for n := range r.Variants {
		if r.Variants[n].Name == name {
			return &r.Variants[n]
		}
	}
	return nil
}

// Sample adds a repetition to a measurement.
func (r *Result) Sample(name, unit string, v float64) {
	m := r.Measure(name)
	if m == nil {
		r.Measures = append(r.Measures, Measurement{Name: name, Unit: unit, Kind: Measured})
		m = &r.Measures[len(r.Measures)-1]
	}
	m.Samples = append(m.Samples, v)
}

// Count is how many repetitions a measurement has.
func (r *Result) Count(name string) int {
	if m := r.Measure(name); m != nil {
		return len(m.Samples)
	}
	return 0
}

// Set records a value that is not repeated.
func (r *Result) Set(name, unit, kind string, v float64) {
	m := r.Measure(name)
	if m == nil {
		r.Measures = append(r.Measures, Measurement{Name: name})
		m = &r.Measures[len(r.Measures)-1]
	}
	m.Unit, m.Kind, m.Value, m.Samples = unit, kind, v, nil
}

// Summarize works out medians, intervals and differences. Nothing is assumed of the
// distributions: the median, the interval of order statistics, and the U test.
func (r *Record) Summarize() {
	for i := range r.Variants {
		for j := range r.Variants[i].Measures {
			r.Variants[i].Measures[j].summarize(r.Method.Confidence)
		}
	}
	r.Timed = []TimedDifference{}
	// The baseline against each other one first, then the others against each other.
	var list []*Result
	if b := r.Variant(r.Baseline); b != nil {
		list = append(list, b)
	}
	for i := range r.Variants {
		if r.Variants[i].Name != r.Baseline {
			list = append(list, &r.Variants[i])
		}
	}
	for n, from := range list {
		for _, to := range list[n+1:] {
			r.pair(from, to)
		}
	}
}

func (r *Record) pair(a, b *Result) {
	for j := range b.Measures {
		to := &b.Measures[j]
		from := a.Measure(to.Name)
		if from == nil || len(from.Samples) == 0 || len(to.Samples) == 0 {
			continue
		}
		d := TimedDifference{From: a.Name, To: b.Name, Measure: to.Name, Delta: to.Value - from.Value, Unit: to.Unit, Runs: min(len(from.Samples), len(to.Samples)), P: pValue(from.Samples, to.Samples)}
		if from.Value > 0 {
			d.Ratio = to.Value / from.Value
		}
		d.Significant = d.Runs >= enough && d.P < r.Method.Alpha
		r.Timed = append(r.Timed, d)
	}
}

func (m *Measurement) summarize(confidence float64) {
	if m.Kind != Measured || len(m.Samples) == 0 {
		return
	}
	s := benchmath.AssumeNothing.Summary(benchmath.NewSample(slices.Clone(m.Samples), &benchmath.DefaultThresholds), confidence)
	m.Value, m.Low, m.High = s.Center, nil, nil
	if !math.IsInf(s.Lo, 0) && !math.IsInf(s.Hi, 0) {
		m.Low, m.High = &s.Lo, &s.Hi
	}
}

// pValue is that of the two-sided Mann-Whitney U test; 1 where it cannot be worked
// out, such as for samples that are all the same.
func pValue(a, b []float64) float64 {
	c := benchmath.AssumeNothing.Compare(benchmath.NewSample(slices.Clone(a), &benchmath.DefaultThresholds), benchmath.NewSample(slices.Clone(b), &benchmath.DefaultThresholds))
	if math.IsNaN(c.P) || c.P < 0 || c.P > 1 {
		return 1
	}
	return c.P
}
