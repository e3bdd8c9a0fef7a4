package report

import (
	"fmt"
	"math"
	"strings"

	"tare/internal/experiment"
	"tare/internal/explain"
	"tare/internal/units"
)

// LabParts are the parts of a Lab.
var LabParts = []string{"verdict", "failures", "table", "measures", "significant", "pairs", "causes", "sharing", "sentences", "method"}

// Lab lays an experiment out: the verdict, what failed, a row for each variant, which
// timed differences are real, and why neighbours differ. Everything else is there in full.
func Lab(r *experiment.Record, exact bool) Document {
	z := sizes{exact}
	d := Document{Para{Text: "Experiment " + Safe(r.Name) + ", " + r.Started.UTC().Format("2006-01-02 15:04") + " UTC", Heading: true}}
	if c := r.Comparison; c != nil {
		d = Document{Para{Text: Safe(r.Name + ": " + explain.Verdict(c, z.text)), Heading: true}}
	}
	if r.Finished == nil {
		d = append(d, Para{Text: "It was interrupted: some of this has fewer repetitions. tare lab --resume goes on."})
	}
	d = append(in("verdict", Always, d...), in("failures", Always, Failures(r)...)...)
	lines := screenLines - 8
	if r.Comparison != nil {
		d = append(d, variants(r, z), labMeasures(r, z))
		lines -= len(r.Comparison.Images) + 4
	}
	brief := in("significant", Brief, said(briefly(r))...)
	d = append(append(d, brief...), in("significant", Full, said(r.Timing())...)...)
	if c := r.Comparison; c != nil {
		said := telling(c, 2)
		d = append(d, pairs(c, z, "live", lines-2*len(said)-len(brief)-len(Failures(r)))...)
		d = append(d, causes(c, z, ComparisonOptions{Measure: "live", Top: 12})...)
		if len(c.Images) > 1 {
			d = append(d, sharing(c, z))
		}
		d = append(append(d, said...), sentences(c.Sentences)...)
	}
	d = append(d, in("method", Full, method(r)...)...)
	return append(d, more([]string{"measures", "significant", "causes", "sentences", "method"}))
}

// labMeasures are all measures of all variants.
func labMeasures(r *experiment.Record, z sizes) Sides {
	s := measures(r.Comparison, z)
	labRows(&s, r, z)
	return s
}

// labRows adds what an experiment measures beyond sizes.
func labRows(s *Sides, r *experiment.Record, z sizes) {
	names := r.Measured()
	add := func(label, help string, cell func(v *experiment.Result) Cell) {
		row := Measure{Label: label, Help: help}
		any := false
		for _, img := range r.Comparison.Images {
			c := Cell{}
			if v := r.Variant(img.Name); v != nil {
				c = cell(v)
			}
			any = any || c.Text != ""
			row.Cells = append(row.Cells, c)
		}
		if any {
			s.Rows = append(s.Rows, row)
		}
	}
	for _, name := range names {
		add(Safe(experiment.Title(name)), helpOf(name), func(v *experiment.Result) Cell { return timedCell(r, v, name, z.exact) })
	}
	base := r.Variant(r.Baseline)
	for n := range r.Edits() {
		add("re-pull after "+Safe(r.EditName(n)), "what a host pulls again", func(v *experiment.Result) Cell {
			if n >= len(v.Edits) {
				return Cell{}
			}
			e := v.Edits[n]
			if e.Skipped != "" {
				return none()
			}
			c := z.of(e.Repull)
			if base != nil && v.Name != base.Name && n < len(base.Edits) && base.Edits[n].Skipped == "" {
				c.Delta, c.Trend = units.Percent(e.Repull, base.Edits[n].Repull), lessIsBetter(float64(e.Repull), float64(base.Edits[n].Repull))
			}
			c.Text += " in " + units.Plural(e.Layers, "layer")
			return c
		})
	}
	add("check", "", checkCell)
}

// Failures are what went wrong with variants: what could not be built, checks that were
// not passed, edits that were left out.
func Failures(r *experiment.Record) Document {
	var d Document
	for i := range r.Variants {
		v := &r.Variants[i]
		if v.Error != "" {
			d = append(d, Item{Mark: No, Text: Safe(v.Name) + " could not be built or pulled: " + Safe(v.Error)})
			if v.Log != "" {
				d = append(d, Para{Verbatim: true, Dim: true, Text: lastLines(v.Log, 12)})
			}
		}
		if says := v.Check.Says(); says != "" {
			d = append(d, Item{Mark: map[bool]Mark{false: No}[v.Check.Passed], Text: Safe(v.Name) + Safe(says)})
		}
		for _, e := range v.Edits {
			if e.Skipped != "" && !strings.HasPrefix(e.Skipped, "it is not built") {
				d = append(d, Item{Text: "edit " + Safe(e.Name) + " was left out for " + Safe(v.Name) + ": " + Safe(e.Skipped)})
			}
		}
	}
	return d
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// method says how it was measured, and where.
func method(r *experiment.Record) Document {
	m := r.Machine
	text := fmt.Sprintf("Method: timed steps were repeated %s in turn after %s; medians, %.0f%% intervals of the median, two-sided Mann-Whitney U test at %g. Sizes are counted, pulls modelled (bytes over bandwidth).",
		units.Plural(r.Method.Repeat, "time"), units.Plural(r.Method.Warmup, "warm-up round"), 100*r.Method.Confidence, r.Method.Alpha)
	where := fmt.Sprintf("Machine: %s/%s, %s, %s of memory, %s, %s, tare %s.", m.OS, m.Arch, cpus(m), units.Bytes(m.Memory), Safe("kernel "+m.Kernel), Safe(m.Engine), Safe(m.Tare))
	took := fmt.Sprintf("It took %s: %s of pulls and builds, %s of runs, %s (%.1f%%) of tare's own.", seconds(r.Seconds.Total), seconds(r.Seconds.Builds), seconds(r.Seconds.Runs), seconds(r.Seconds.Own), 100*r.Seconds.Own/math.Max(r.Seconds.Total, 1e-9))
	d := Document{Para{Text: text, Dim: true}, Para{Text: where, Dim: true}, Para{Text: took, Dim: true}}
	return d
}

func cpus(m experiment.Machine) string {
	s := units.Plural(m.CPUs, "CPU")
	if m.Model != "" {
		s += " (" + Safe(m.Model) + ")"
	}
	return s
}
