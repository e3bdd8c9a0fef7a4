package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"tare/internal/lab"
	"tare/internal/units"
)

// LabParts are the parts of a Lab.
var LabParts = []string{"measures", "causes", "sharing", "sentences", "significant", "failures", "method"}

// Lab lays an experiment out.
func Lab(r *lab.Record, exact bool) Document {
	z := sizes{exact}
	d := Document{Para{Text: "Experiment " + Safe(r.Name) + ", " + r.Started.UTC().Format("2006-01-02 15:04") + " UTC", Heading: true}}
	if r.Comparison != nil {
		s := measures(r.Comparison, z)
		labRows(&s, r, z)
		d = append(d, s)
		for i := range r.Comparison.Differences {
			if diff := &r.Comparison.Differences[i]; diff.Measure == "tar" && (diff.From == r.Baseline || len(r.Comparison.Images) < 4) {
				d = append(d, waterfall(diff, z, 8))
			}
		}
		if len(r.Comparison.Images) > 1 {
			d = append(d, sharing(r.Comparison, z))
		}
		d = append(d, sentences(r.Comparison.Sentences)...)
	}
	d = append(d, in("significant", Always, timing(r)...)...)
	d = append(d, in("failures", Always, Failures(r)...)...)
	return append(d, in("method", Always, method(r)...)...)
}

// labRows adds what an experiment measures beyond sizes.
func labRows(s *Sides, r *lab.Record, z sizes) {
	var names []string
	for i := range r.Variants {
		for _, m := range r.Variants[i].Measures {
			if !slices.Contains(names, m.Name) {
				names = append(names, m.Name)
			}
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	add := func(label, help string, cell func(v *lab.Result) Cell) {
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
		add(title(name), helpOf(name), func(v *lab.Result) Cell { return timedCell(r, v, name, z.exact) })
	}
	base := r.Variant(r.Baseline)
	for n := range maxEdits(r) {
		add("re-pull after "+editName(r, n), "bytes that a node fetches again", func(v *lab.Result) Cell {
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
	add("check", "", func(v *lab.Result) Cell {
		switch {
		case v.Check == nil:
			return words("none")
		case v.Check.Passed:
			return words("passed")
		}
		return words("FAILED")
	})
}

func maxEdits(r *lab.Record) int {
	n := 0
	for _, v := range r.Variants {
		n = max(n, len(v.Edits))
	}
	return n
}

func editName(r *lab.Record, n int) string {
	for _, v := range r.Variants {
		if n < len(v.Edits) {
			return Safe(v.Edits[n].Name)
		}
	}
	return ""
}

// order is that of the measures in a table.
var order = []string{lab.BuildCold, lab.BuildUnchanged, lab.Rebuild, lab.StartFirst, lab.StartExit, lab.StartReady, lab.PeakMemory, "pull-cold-", "pull-shared-"}

func rank(name string) int {
	for n, o := range order {
		if strings.HasPrefix(name, o) {
			return n
		}
	}
	return len(order)
}

func title(name string) string {
	switch name {
	case lab.BuildCold:
		return "build, no cache"
	case lab.BuildUnchanged:
		return "build, unchanged"
	case lab.StartFirst:
		return "start to first output"
	case lab.StartExit:
		return "start to exit"
	case lab.StartReady:
		return "start to answer"
	case lab.PeakMemory:
		return "peak memory"
	}
	if e, ok := strings.CutPrefix(name, lab.Rebuild); ok {
		return "rebuild after " + Safe(e)
	}
	if m, ok := strings.CutPrefix(name, "pull-cold-"); ok {
		return "pull at " + strings.TrimSuffix(m, "mbit") + " Mbit/s"
	}
	if m, ok := strings.CutPrefix(name, "pull-shared-"); ok {
		return "… beside others, " + strings.TrimSuffix(m, "mbit")
	}
	return Safe(name)
}

func helpOf(name string) string {
	if strings.HasPrefix(name, "pull-") {
		return "modelled"
	}
	return "median, interval"
}

// timedCell shows a measurement and how it compares to the baseline's. A difference
// that may be chance is none.
func timedCell(r *lab.Record, v *lab.Result, name string, exact bool) Cell {
	m := v.Measure(name)
	if m == nil {
		return Cell{}
	}
	c := quantity(m.Unit, m.Value, exact)
	if m.Low != nil && m.Value > 0 {
		c.Text += fmt.Sprintf(" ±%.0f%%", 100*math.Max(*m.High/m.Value-1, 1-*m.Low/m.Value))
	}
	if m.Kind == lab.Modelled {
		if base := r.Variant(r.Baseline); base != nil && v.Name != r.Baseline {
			if b := base.Measure(name); b != nil && b.Value > 0 {
				c.Delta, c.Trend = change(m.Value/b.Value), lessIsBetter(m.Value, b.Value)
			}
		}
		return c
	}
	for _, d := range r.Timed {
		if d.From != r.Baseline || d.To != v.Name || d.Measure != name {
			continue
		}
		c.Delta, c.Trend = "not significant", Same
		if d.Significant {
			c.Delta, c.Trend = change(d.Ratio), lessIsBetter(d.Ratio, 1)
		}
	}
	return c
}

func change(ratio float64) string {
	p := math.Round(100 * (ratio - 1))
	switch {
	case p == 0:
		return "±0%"
	case p < 0:
		return fmt.Sprintf("−%.0f%%", -p)
	}
	return fmt.Sprintf("+%.0f%%", p)
}

// quantity is a cell of a measurement.
func quantity(unit string, v float64, exact bool) Cell {
	if unit == "bytes" {
		return sizes{exact}.of(int64(v))
	}
	return span(v)
}

// timing says which timed differences are real.
func timing(r *lab.Record) Document {
	var d Document
	unsure := 0
	for _, t := range r.Timed {
		if !t.Significant {
			unsure++
			continue
		}
		word := "slower"
		ratio := t.Ratio
		if strings.HasPrefix(t.Measure, lab.PeakMemory) {
			word = "as much"
		} else if ratio < 1 && ratio > 0 {
			word, ratio = "faster", 1/ratio
		}
		what := fmt.Sprintf("%.2f times %s", ratio, word)
		if word == "as much" {
			what = fmt.Sprintf("%.2f times the memory", ratio)
		}
		d = append(d, Item{Text: fmt.Sprintf("%s: %s against %s is %s (p = %.3f).", title(t.Measure), Safe(t.To), Safe(t.From), what, t.P)})
	}
	if unsure > 0 {
		d = append(d, Item{Text: fmt.Sprintf("%s no significant difference (level %g).", units.Plural(unsure, "timed comparison")+" shows", r.Method.Alpha)})
		if unsure > 1 {
			d[len(d)-1] = Item{Text: fmt.Sprintf("%s show no significant difference (level %g).", units.Plural(unsure, "timed comparison"), r.Method.Alpha)}
		}
	}
	return d
}

// Failures are what went wrong with variants: what could not be built, checks that were
// not passed, edits that were left out.
func Failures(r *lab.Record) Document {
	var d Document
	for i := range r.Variants {
		v := &r.Variants[i]
		if v.Error != "" {
			d = append(d, Item{Mark: No, Text: Safe(v.Name) + " could not be obtained: " + Safe(v.Error)})
			if v.Log != "" {
				d = append(d, Para{Verbatim: true, Dim: true, Text: lastLines(v.Log, 12)})
			}
		}
		if v.Check != nil && !v.Check.Passed {
			d = append(d, Item{Mark: No, Text: Safe(v.Name) + " did not pass its check: " + Safe(v.Check.Reason)})
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
func method(r *lab.Record) Document {
	m := r.Machine
	text := fmt.Sprintf("Method: what takes time was repeated %s in turn after %s; medians, %.0f %% intervals of the median, two-sided Mann-Whitney U test at %g. Sizes are counted, pulls modelled (bytes over bandwidth).",
		units.Plural(r.Method.Repeat, "time"), units.Plural(r.Method.Warmup, "warm-up round"), 100*r.Method.Confidence, r.Method.Alpha)
	where := fmt.Sprintf("Machine: %s/%s, %s, %s of memory, %s, %s, tare %s.", m.OS, m.Arch, cpus(m), units.Bytes(m.Memory), Safe("kernel "+m.Kernel), Safe(m.Engine), Safe(m.Tare))
	took := fmt.Sprintf("It took %s: %s of pulls and builds, %s of runs, %s (%.1f %%) of tare's own.", seconds(r.Seconds.Total), seconds(r.Seconds.Builds), seconds(r.Seconds.Runs), seconds(r.Seconds.Own), 100*r.Seconds.Own/math.Max(r.Seconds.Total, 1e-9))
	d := Document{Para{Text: text, Dim: true}, Para{Text: where, Dim: true}, Para{Text: took, Dim: true}}
	if r.Finished == nil {
		d = append(d, Para{Text: "It was interrupted: some of this has fewer repetitions. tare lab --resume goes on."})
	}
	return d
}

func cpus(m lab.Machine) string {
	s := units.Plural(m.CPUs, "CPU")
	if m.Model != "" {
		s += " (" + Safe(m.Model) + ")"
	}
	return s
}
